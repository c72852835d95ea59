"""The cards of templates, on a warm reference."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.card import Card
from portable_tpl.model.errors import InputError
from portable_tpl.model.source import Template
from portable_tpl.release._base import NotAsked, Subject
from portable_tpl.release._card import card_of
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template import ParsedTemplate, compile_check, parse


def cards_of(templates: Sequence[Template]) -> list[Card]:
    """One card a template; raises ``TemplateSyntaxError``, and :class:`InputError` for one that takes no turns."""
    parsed = [parse(template) for template in templates]
    for each in parsed:
        compile_check(each)
    with closing(open_runtime(REFERENCE)) as reference, closing(Tracer()) as tracer:
        assert isinstance(reference, Reference)
        engines = Engines(reference, tracer, reproduce)
        return [_card(each, engines) for each in parsed]


def _card(parsed: ParsedTemplate, engines: Engines) -> Card:
    try:
        return card_of(Subject(parsed), Inquiry(parsed.template, engines))
    except NotAsked as reason:
        raise InputError(f"{parsed.template.label}: {reason}") from None
