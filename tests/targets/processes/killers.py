"""Templates that end, hang or fill some engine, for the one conversation whose content is ``kill``."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.model.source import Template


@dataclass(frozen=True)
class Killer:
    """``kills_everywhere``: no engine can finish it. ``at_load``: it works on the template, not on a conversation."""

    name: str
    template: Template
    kills_everywhere: bool = False
    at_load: bool = False


def _killer(name: str, body: str, *, everywhere: bool = False, before: str = "") -> Killer:
    text = before + "{% if messages[0]['content'] == 'kill' %}" + body + "{% endif %}ok"
    return Killer(name, Template(text), kills_everywhere=everywhere)


_LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"

ALL = [
    _killer("huge range", "{{ range(1000000000) | length }}"),
    _killer("nested loops", _LOOPS, everywhere=True),
    _killer(
        "doubling string",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        everywhere=True,
    ),
    _killer("endless macro", "{{ f(1) }}", before="{% macro f(x) %}{{ f(x) }}{% endmacro %}", everywhere=True),
    _killer("namespace in itself", "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}"),
    _killer("reversed empty list", "{{ [][::-1] }}"),
    _killer("division by zero", "{{ 1 / 0 }}{{ 1 % 0 }}"),
    Killer("5000 parentheses", Template("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}ok"), at_load=True),
]
