"""Nothing that a real template computes is left out of the inferred types, in any tier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.types.types import infer
from portable_tpl.template.usage.shape import TemplateShape, shape_of
from tests.template.observing import Observer

# Every so many templates of the corpus, and so many generated conversations for each: the whole corpus with many more
# conversations is `python -m tests.sweeps.types`.
STEPS = {Tier.ORDINARY: 20, Tier.EVERYDAY: 40, Tier.EXTENDED: 30, Tier.HOSTILE: 60}
GENERATED = 6


def conversations(shape: TemplateShape, tier: Tier, generated: int) -> Iterator[Conversation]:
    """The hand-written conversations of a tier, and some generated ones."""
    yield from handwritten(shape, tier)
    for number in range(generated):
        yield conversation(SeededChoices(f"types {number}", tier), shape)


def left_out(template: Template, tier: Tier, generated: int) -> tuple[int, list[str]]:
    """How many values were seen, and which of them the types leave out."""
    parsed = parse(template)
    observer = Observer(parsed, infer(parsed, tier))
    observer.watch(conversations(shape_of(parsed.tree), tier, generated))
    found = [
        f"{template.label}:{template.position(parsed.span(bad.node).start)[0]}: {parsed.source(bad.node)[:80]!r}: "
        f"{bad.value!r:.80} is not in {bad.type} ({bad.why})"
        for bad in observer.unsound.values()
    ]
    return observer.seen, found


@pytest.mark.parametrize("tier", Tier)
def test_real_templates(tier: Tier, corpus_templates: list[Template]) -> None:
    seen, found = 0, []
    for template in corpus_templates[:: STEPS[tier]]:
        values, bad = left_out(template, tier, GENERATED)
        seen += values
        found += bad
    assert seen > 10_000
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("tier", Tier)
def test_idioms(tier: Tier) -> None:
    for text in IDIOMS:
        seen, found = left_out(Template(text), tier, 30)
        assert seen > 0
        assert not found, "\n".join(found)


IDIOMS = (
    "{% set ns = namespace(last=-1, text='') %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}"
    "{% set ns.text = ns.text ~ m.content %}{% endif %}{% endfor %}{{ ns.last }}{{ ns.text }}{{ ns.missing }}",
    "{% for m in messages %}{% if loop.previtem is defined and loop.previtem.role != m.role %}{{ loop.previtem.role }}"
    "{% endif %}{{ loop.nextitem }}{{ messages[loop.index0 - 1].role }}{% endfor %}",
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set rest = messages[1:] %}{% else %}"
    "{% set rest = messages %}{% endif %}{{ system }}{% for m in rest %}{{ m.role }}{{ m.content }}{% endfor %}",
    "{% macro show(content, images=false) %}{% if content is string %}{{ content }}{% else %}{% for part in content %}"
    "{% if part.type == 'image' or 'image' in part %}{{ part.image }}{% elif part.type == 'text' %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}{% endmacro %}{% for m in messages %}{{ show(m.content, true)|trim }}{% endfor %}",
    "{% for m in messages %}{% for call in m.tool_calls or [] %}{% if call.function %}{% set call = call.function %}{% endif %}"
    "{{ call.name }}{% for k, v in call.arguments|items %}{{ k }}{{ v if v is string else v|tojson }}{% endfor %}{% endfor %}{% endfor %}",
    "{% macro walk(schema, depth) %}{% for name, inner in schema.properties|dictsort %}{{ name }}{{ inner.type }}"
    "{% if inner.enum is defined %}{{ inner.enum|join(', ') }}{% endif %}{% if inner.type == 'object' %}{{ walk(inner, depth + 1) }}"
    "{% elif inner.type == 'array' %}{{ inner['items'].type }}{% endif %}{% if name in schema.required %}*{% endif %}{% endfor %}"
    "{% endmacro %}{% if tools %}{% for t in tools %}{{ walk(t.function.parameters, 0) }}{% endfor %}{% endif %}",
    "{% for m in messages %}{% set text = m.content %}{% if '</think>' in text %}{% set text = text.split('</think>')[-1].lstrip('\\n') %}"
    "{% endif %}{{ text }}{{ text.find('x') }}{{ text[:1] }}{{ text[0] }}{% endfor %}",
    "{% set roles = {'user': 'U', 'assistant': 'A'} %}{% for m in messages %}{{ roles[m.role] }}{{ roles.get(m.role, 'x') }}{% endfor %}",
    "{% for m in messages|rejectattr('role', 'equalto', 'system')|list %}{{ m.role }}{{ (m|length) % 2 }}{% endfor %}"
    "{{ messages|map(attribute='role')|join(',') }}{{ (messages|last).role }}{{ messages|selectattr('content')|list|length }}",
    "{% set found = [] %}{% for m in messages %}{% set found = found + [m.role] %}{{ found }}{% endfor %}{{ found }}"
    "{{ mode|default('x') }}{{ flag is defined and flag }}{% if effort is not none and effort %}{{ effort|upper }}{% endif %}",
)
