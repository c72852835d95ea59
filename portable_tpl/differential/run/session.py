"""Warm engines for many templates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import TracebackType

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.compare import Run
from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.report import Comparison
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE, Limits
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template import ParsedTemplate, compile_check, parse


class Session:
    """The reference, its tracer and some targets, started once and kept.

    Raises ``UnknownTarget`` or ``TargetUnavailable``; the engines already started are stopped then.
    """

    def __init__(self, targets: Sequence[str], limits: Limits | None = None) -> None:
        # Each engine is a process of its own, so that they can all get ready side by side.
        starting = [in_background(open_runtime, target, limits) for target in (REFERENCE, *targets)]
        tracer = in_background(Tracer, limits)
        # Half a second, while the engines start; two threads that import hypothesis at once meet it half loaded.
        import_module("portable_tpl.generation.drawing")
        self.bare_engines = BareEngines(limits)
        try:
            self.reference, *self.targets = [started() for started in starting]
            self.tracer = tracer()
        except BaseException:
            for started in (*starting, tracer):
                with suppress(Exception):
                    started().close()
            raise

    def compare(self, template: Template | ParsedTemplate, settings: CompareSettings | None = None) -> Comparison:
        """Compare one template; raises ``TemplateSyntaxError`` where it does not parse."""
        return self.run(template, settings).comparison

    def run(self, template: Template | ParsedTemplate, settings: CompareSettings | None = None) -> Run:
        """The run of one template, with all that was compared; raises as :meth:`compare`."""
        parsed = parse(template) if isinstance(template, Template) else template
        compile_check(parsed, unknown_names=True)
        return Run(
            parsed, self.targets, self.reference, settings or CompareSettings(), self.tracer, self.bare_engines
        )

    def close(self) -> None:
        """Stop all engines; may be called twice."""
        for runtime in (*self.targets, self.reference, self.tracer):
            runtime.close()
        self.bare_engines.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
