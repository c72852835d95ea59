"""The engines of deployments without what the deployments do around them."""

from __future__ import annotations

from portable_tpl.errors import TargetUnavailable, UnknownTarget
from portable_tpl.runtimes._base import Limits, Runtime
from portable_tpl.runtimes.registry import open_runtime


class Twins:
    """Opens ``NAME-engine`` beside a target ``NAME`` when it is first asked for, where there is such a target."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._open: dict[str, Runtime | None] = {}

    def of(self, target: str) -> Runtime | None:
        """The engine alone, for a target that is more than its engine."""
        if target not in self._open:
            name, at, version = target.partition("@")
            try:
                self._open[target] = open_runtime(f"{name}-engine{at}{version}", self._limits)
            except (UnknownTarget, TargetUnavailable):
                self._open[target] = None
        return self._open[target]

    def close(self) -> None:
        """Stop the engines."""
        for runtime in self._open.values():
            if runtime is not None:
                runtime.close()
        self._open.clear()
