"""What an investigation is about: one template on one target, and the programs that can be asked about the two."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate


@dataclass(frozen=True)
class Subject:
    """One template on one target; ``tracer`` is the reference, which can also say how it came to its answer."""

    parsed: ParsedTemplate
    target: Runtime
    tracer: Tracer
    bare_engines: BareEngines | None = None

    @property
    def template(self) -> Template:
        """The template as it was given."""
        return self.parsed.template

    @property
    def engine(self) -> Runtime | None:
        """The target's engine without the deployment around it; started when it is first asked for."""
        return None if self.bare_engines is None else self.bare_engines.of(self.target.id)

    def expected(self, conversation: Conversation, template: Template | None = None) -> Rendering:
        """The reference's rendering, of another template where one is given."""
        return self.tracer.trace(template or self.template, [conversation], "text")[0].rendering
