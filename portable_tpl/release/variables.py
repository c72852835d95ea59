"""The variables that the caller may give, their defaults, and the values they are compared with.

What it asks
------------
Which names the template reads beside messages, tools, documents and the generation flag; what it does without them,
and which values it knows.

Why it matters
--------------
A misspelt variable is silently ignored: the caller believes that thinking is off, and it is on. Nobody can know the
names but from the template (a note; the card has the list).

Example
-------
``{{ reasoning_effort | default('high') }}``.

What to do
----------
List them in the model card: ``card`` prints them. ``render --var`` says where a name is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from portable_tpl.model.findings import Severity
from portable_tpl.release._base import Example, Observation, Subject
from portable_tpl.template.usage.variables import Variable, variables

CODE = "REL110"


def examine_static(subject: Subject, _provided: frozenset[str]) -> Iterator[Observation]:
    """One note a variable."""
    for variable in variables(subject.parsed, subject.shape):
        yield Observation(Severity.NOTE, _words(variable), span=subject.parsed.span(variable.node))


def _words(variable: Variable) -> str:
    kind = "a switch" if variable.flag else "a variable"
    parts = [f"{variable.name} is {kind} of the template"]
    if variable.defaults:
        parts.append(f"without it {' or '.join(map(_literal, variable.defaults))} is taken")
    if variable.values:
        parts.append(f"it is compared with {', '.join(map(_literal, variable.values))}")
    return "; ".join(parts)


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


_LOOP = "{%- for m in messages %}{{ '<|im_start|>' + m.role + m.content }}{% endfor %}\n"

VALID = (
    Example(_LOOP),
    Example("{{ bos_token }}" + _LOOP + "{%- if add_generation_prompt %}{{ eos_token }}{% endif %}"),
    Example("{%- set note = 'be kind' %}{{ note }}" + _LOOP),
)
INVALID = (
    Example("{%- if enable_thinking %}{{ '<think>' }}{% endif %}" + _LOOP, Severity.NOTE),
    Example("{{ reasoning_effort | default('high') }}" + _LOOP, Severity.NOTE),
    Example("{%- set effort = effort or 'low' %}{{ effort }}" + _LOOP, Severity.NOTE),
)
