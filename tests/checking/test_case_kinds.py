"""Conditions, guards, dotted numbers, bare arguments, repeated text, chains: ``check`` says what the engines say."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, same
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import parse
from tests.targets.opening import expect

_TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
_CONVERSATIONS = (
    Conversation([{"role": "user", "content": "Hi"}], add_generation_prompt=True),
    Conversation([{"role": "system", "content": "s"}, {"role": "user", "content": "x"}], tools=[_TOOL]),
    Conversation([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]),
)
_TEMPLATES = (
    # The value of a condition matters only where it goes on.
    "{% if tools and messages %}T{% endif %}",
    "{% if not (tools or false) %}T{% endif %}",
    "{{ 'T' if tools is defined and tools else 'F' }}",
    "{{ tools and 'x' }}",
    "{{ add_generation_prompt or 'x' }}",
    "{% set on = tools and true %}{% if on %}T{% endif %}",
    "{% set on = tools or [] %}{% for t in on %}x{% endfor %}",
    "{% if (tools is not none) == true %}T{% endif %}",
    # Guards.
    "{% if messages[0].name is defined and messages[0].name %}{{ messages[0].name }}{% endif %}",
    "{% if tools is string or tools is sequence %}T{% endif %}",
    "{% if tools is none or tools is sequence %}T{% endif %}",
    "{% if messages is sequence and messages is not string %}T{% endif %}",
    # Numbers after dots.
    "{{ messages.0.content }}",
    "{{ messages.0['content'] }}",
    "{% if messages.0.role == 'system' %}T{% endif %}",
    "{{ [[1, 2], [3]].0.1 }}",
    "{{ (['a', 'b']).1 }}",
    # Arguments without brackets.
    "{% if messages|length is divisibleby 2 %}T{% endif %}",
    "{% if messages[0].role is in ['user'] %}T{% endif %}",
    "{% if messages[0].role is eq 'user' %}T{% endif %}",
    "{% if messages|length is not gt 1 %}T{% endif %}",
    # Text times a number, and chains.
    "{{ '-' * 3 }}",
    "{{ messages[0].role * 2 }}",
    "{% if 0 < messages|length < 3 %}T{% endif %}",
    "{{ 1 < 2 < 3 }}",
    "{% if messages[0].role == 'user' != 'x' %}T{% endif %}",
    # Loops, namespaces and mappings in conditions.
    "{% for m in messages %}{% if loop.first or loop.last %}{{ loop.index0 }}{% endif %}{% endfor %}",
    "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else 'none' }},{% endfor %}",
    "{% set ns = namespace(on=none) %}{% if ns.on %}T{% else %}F{% endif %}",
    "{% set ns = namespace(on=false) %}{% if ns.on or tools %}T{% else %}F{% endif %}",
    "{% for k, v in {'b': 1, 'a': 2}|dictsort %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in {'B': 1, 'a': 2}|dictsort %}{{ k }}={{ v }};{% endfor %}",
)


@pytest.mark.parametrize("target", ["minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine", "minja-engine"])
def test_check_says_what_engines_do(target: str) -> None:
    expect(target)
    wrong = []
    with open_runtime(REFERENCE) as reference, open_runtime(target) as engine:
        for text in _TEMPLATES:
            parsed = parse(Template(text))
            answers = list(engine.render_all(parsed.template, _CONVERSATIONS))
            breaks = any(
                not isinstance(right, Failed) and not same(right, answer)
                for right, answer in zip(reference.render_all(parsed.template, _CONVERSATIONS), answers, strict=True)
            )
            said = sorted({finding.feature for finding in lint(parsed, (target,))})
            if breaks != bool(said):
                wrong.append(f"{said} {text}: {answers}")
    assert not wrong, "\n".join(wrong)
