"""Engines that come as Python packages: the version of this environment, or another one from the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from types import MappingProxyType

from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Launch, python_worker
from portable_tpl.targets.processes._base import Availability

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class PythonEngine:
    """One engine: its package, and the module under ``workers`` that runs it.

    ``command`` puts it into this environment. ``needs`` are modules that the worker imports besides. ``environment``,
    ``start_seconds`` and ``idle_megabytes`` are those of :class:`Launch`.
    """

    package: installs.Package
    worker: str
    command: str
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)
    start_seconds: float = 60.0
    idle_megabytes: int = 0

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self.package.engine

    def launch(self, version: str | None) -> Launch:
        """How the worker is started for a version, or for that of this environment."""
        cached = version is not None and version != self.package.here()
        folder = str(installs.engine_folder(self.package, version)) if cached and version else None
        launch = python_worker(self.worker, folder)
        environment = {**launch.environment, **self.environment}
        return replace(
            launch,
            environment=environment,
            start_seconds=self.start_seconds,
            idle_megabytes=self.idle_megabytes,
        )

    def available(self, version: str | None) -> Availability:
        """Whether a version can run here."""
        here, name = self.package.here(), self.package.engine
        missing = [module for module in self.needs if find_spec(module) is None]
        if version is None and here is None:
            missing.insert(0, self.package.name)
        if missing:
            return Availability(False, reason=f"not installed: {', '.join(missing)}", remedy=self.command)
        if version in (None, here):
            return Availability(True, version=here)
        assert version is not None
        if not installs.is_installed(self.package, version):
            remedy = installs.remedy(name, version)
            return Availability(False, reason=f"{name} {version} is not installed", remedy=remedy)
        return Availability(True, version=version)
