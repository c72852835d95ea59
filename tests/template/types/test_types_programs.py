"""Inference over templates that nobody wrote: scopes, macros and loops in every combination, and any syntax at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from jinja2 import TemplateError, nodes

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.types import infer
from tests.template.grammar import templates
from tests.template.observing import Observer
from tests.template.programs import observed, programs

_SLOW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(programs(macros=True))
def test_each_read_sees_each_value(text: str) -> None:
    parsed = parse(Template(text))
    types = infer(parsed)
    reads = [node for node in parsed.nodes if isinstance(node, nodes.Output)]
    numbered = {}
    for output in reads:
        for before, child in zip(output.nodes, output.nodes[1:], strict=False):
            if isinstance(before, nodes.TemplateData) and (found := re.search(r"<(\d+)=$", before.data)):
                numbered[int(found[1])] = child
    for number, values in observed(text).items():
        type_ = types.of(numbered[number])
        assert types.reachable(numbered[number])
        assert type_.may(k.STR)
        assert type_.texts is None or values <= type_.texts


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("tier", Tier)
@_SLOW
@given(text=templates())
@example(text="{% if a is defined(**a) %}{% endif %}{{ a|upper(*a) }}{% if a is string(k=b) %}{% endif %}")
def test_any_syntax_is_inferred(tier: Tier, text: str) -> None:
    try:
        parsed = parse(Template(text))
    except TemplateSyntaxError:
        return
    types = infer(parsed, tier)
    try:
        observer = Observer(parsed, types)
    except (TemplateError, SyntaxError, AssertionError):
        return  # what jinja2 finds only when it compiles; it asserts that it knows the names in a block's filter
    observer.watch([Conversation([{"role": "user", "content": "Hi"}])])
    assert not observer.unsound
