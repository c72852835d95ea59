"""The reference in its worker: jinja2, set up as transformers sets it up.

With the option ``spans`` a render's "text" is a JSON object ``{"text": …, "spans": [[start, end], …]}``, the spans
those that ``{% generation %}`` blocks printed, from which transformers makes its assistant masks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jinja2

from portable_tpl.targets.steps.reference import TRANSFORMERS
from portable_tpl.targets.workers._serve import Failure, Refusal, Wrapped, expect_small, serve
from portable_tpl.template.syntax.environment import (
    RefusalError,
    reference_environment,
    render_with_generation,
)
from portable_tpl.template.syntax.failures import describe, template_line


@dataclass(frozen=True)
class PreparedCase:
    """A context, and the time that the template is told."""

    context: Mapping[str, Any]
    clock: datetime


@dataclass(frozen=True)
class Spanned:
    """A template of which the spans of generation blocks are asked for, too."""

    template: jinja2.Template

    def render(self, context: Mapping[str, Any]) -> str:
        """The prompt and the spans, as JSON."""
        text, spans = render_with_generation(self.template, context)
        expect_small(text)
        return Wrapped(json.dumps({"text": text, "spans": spans}))


class Jinja2Engine:
    """The reference's engine; ``environment`` is the one that all its templates share."""

    name = "transformers"
    version = TRANSFORMERS

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1)
        self.environment = reference_environment(lambda: self._now)

    def load(self, template: str, options: dict[str, Any]) -> jinja2.Template | Spanned:
        """Compile a template; see :class:`portable_tpl.targets.workers._serve.Engine`."""
        try:
            compiled = self.compile(template, options)
            return Spanned(compiled) if options.get("spans") else compiled
        except jinja2.TemplateSyntaxError as error:
            raise Failure("syntax", describe(error), error.lineno) from None
        except MemoryError:
            raise Failure("memory", "out of memory while the template was compiled") from None
        except Exception as error:
            raise Failure("syntax", describe(error)) from None

    def compile(self, template: str, options: dict[str, Any]) -> jinja2.Template:
        """The template as Python code; raises whatever jinja2 raises."""
        return self.environment.from_string(template)

    def prepare(self, context: dict[str, Any], clock: str) -> PreparedCase:
        """Keep a context as it is."""
        return PreparedCase(context, datetime.fromisoformat(clock).replace(tzinfo=None))

    def release(self, case: PreparedCase) -> None:
        """Nothing is held for a case."""

    def render(self, loaded: jinja2.Template | Spanned, case: PreparedCase) -> str:
        """The prompt."""
        self._now = case.clock
        try:
            return loaded.render(case.context)
        except RefusalError as refusal:
            raise Refusal(str(refusal)) from None
        except MemoryError:
            raise Failure("memory", "out of memory") from None
        except Exception as error:
            raise Failure("error", describe(error), template_line(error)) from None


if __name__ == "__main__":
    serve(Jinja2Engine())
