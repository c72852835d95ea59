"""Warm engines for many templates."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from portable_tpl.differential.compare import compare
from portable_tpl.differential.settings import CompareSettings
from portable_tpl.differential.tracer import Tracer
from portable_tpl.differential.twins import Twins
from portable_tpl.report import Comparison
from portable_tpl.runtimes._base import REFERENCE, Limits, Runtime
from portable_tpl.runtimes.registry import open_runtime
from portable_tpl.source import Template
from portable_tpl.template.parsing import ParsedTemplate


class Session:
    """The reference, its tracer and some targets, started once and kept.

    Raises ``UnknownTarget`` or ``TargetUnavailable``; the engines already started are stopped then.
    """

    def __init__(self, targets: Sequence[str], limits: Limits | None = None) -> None:
        self._open: list[Runtime] = []
        self.twins = Twins(limits)
        try:
            self.reference = self._opened(open_runtime(REFERENCE, limits))
            self.tracer = Tracer(limits)
            self._open.append(self.tracer)
            self.targets = [self._opened(open_runtime(target, limits)) for target in targets]
        except BaseException:
            self.close()
            raise

    def _opened(self, runtime: Runtime) -> Runtime:
        self._open.append(runtime)
        return runtime

    def compare(self, template: Template | ParsedTemplate, settings: CompareSettings | None = None) -> Comparison:
        """Compare one template; raises ``TemplateSyntaxError`` where it does not parse."""
        return compare(template, self.targets, self.reference, settings, self.tracer, self.twins)

    def close(self) -> None:
        """Stop all engines; may be called twice."""
        for runtime in self._open:
            runtime.close()
        self._open = []
        self.twins.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
