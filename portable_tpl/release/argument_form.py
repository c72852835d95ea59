"""Tool arguments print differently as a mapping and as JSON text.

What it asks
------------
Whether a call whose arguments are a mapping, as transformers' users write them, prints what it prints with the same
arguments as JSON text, as OpenAI's interface gives them; or else refuses one of the two.

Why it matters
--------------
Which form arrives depends on the server, not on the author. Text that goes through ``tojson`` is encoded twice, with
a backslash before each quote; text that is looped over fails or prints nothing. The model then sees calls in its
history that are unlike those that it was trained to write.

Example
-------
``{{ call.function.arguments | tojson }}`` prints ``"{\\"city\\": \\"Paris\\"}"`` for JSON text.

What to do
----------
Print text as it is: ``{{ arguments if arguments is string else arguments | tojson }}``. A template that needs the
mapping refuses text with ``raise_exception``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject
from portable_tpl.release._inquiry import Inquiry, reason_of
from portable_tpl.release._turns import KEY, VALUE, turns_of
from portable_tpl.template.usage.shape import CALL

CODE = "REL106"

_ARGUMENTS = {KEY: VALUE, "count_of": 2}
_TEXT = json.dumps(_ARGUMENTS)


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """At most one observation."""
    if not subject.shape.reads(CALL):
        raise NotAsked("the template reads no tool calls")
    turns = turns_of(subject, inquiry)
    turns.expect_calls()
    mapping, text = (turns.called(turns.call(arguments=form)) for form in (_ARGUMENTS, _TEXT))
    renderings = inquiry.render_all((mapping, text))
    fault = _fault(renderings)
    if fault is None:
        return
    severity, message = fault
    yield Observation(
        severity,
        message,
        (Exchange("arguments as a mapping", mapping), Exchange("the same arguments as JSON text", text)),
        holds=lambda answers: _fault(answers) is not None,
        # A mapping is what ordinary conversations hold; an error is about that form alone.
        tier=Tier.ORDINARY if severity is Severity.ERROR else Tier.EVERYDAY,
        compared=True,
    )


def _fault(renderings: Sequence[Rendering]) -> tuple[Severity, str] | None:
    mapping, text = renderings[:2]
    if isinstance(mapping, Refused) or isinstance(text, Refused):
        return None
    if isinstance(mapping, Failed) and isinstance(text, Failed):
        return None  # whatever fails there, it is not the form of the arguments
    if isinstance(mapping, Failed):
        return Severity.ERROR, f"A tool call whose arguments are a mapping {reason_of(mapping)}"
    if isinstance(text, Failed):
        return Severity.WARNING, f"A tool call whose arguments are JSON text {reason_of(text)}, by accident"
    assert isinstance(mapping, Rendered)
    assert isinstance(text, Rendered)
    return _difference(mapping.text, text.text)


def _difference(mapping: str, text: str) -> tuple[Severity, str] | None:
    if "".join(mapping.split()) == "".join(text.split()):
        return None  # only the white space of JSON differs
    if VALUE in text and VALUE not in mapping:
        return Severity.ERROR, "Arguments as a mapping are not in the prompt, as JSON text they are"
    if VALUE in mapping and VALUE not in text:
        return Severity.WARNING, "Arguments as JSON text are not in the prompt, as a mapping they are"
    if json.dumps(_TEXT) in text:
        return Severity.WARNING, "Arguments as JSON text are encoded twice"
    if "{" + _TEXT in text or "{{" in text.replace("{{", "", mapping.count("{{")):
        return Severity.WARNING, "Arguments as JSON text have their braces twice"
    if f"'{KEY}': '{VALUE}'" in mapping:
        return Severity.ERROR, "Arguments as a mapping are printed as Python writes them, as JSON text they are not"
    return Severity.WARNING, "Arguments print differently as a mapping and as JSON text"


_TEMPLATE = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {%- set args = call.function.arguments %}
        {{- '<call>' + call.function.name + ' ' }}
        __
    {%- endfor %}
    {{- '<|end|>' }}
{%- endfor %}
"""
_EACH = "{%- for k, v in args | items %}{{ k }}={{ v }};{% endfor %}"

VALID = (
    Example(_TEMPLATE.replace("__", "{{- args if args is string else args | tojson }}")),
    Example(
        _TEMPLATE.replace(
            "__", "{%- if args is string %}{{ raise_exception('a mapping, please') }}{% endif %}" + _EACH
        )
    ),
    # Only the white space of JSON differs.
    Example(_TEMPLATE.replace("__", "{{- args if args is string else args | tojson(separators=(',', ':')) }}")),
)
INVALID = (
    Example(_TEMPLATE.replace("__", "{{- args | tojson }}")),
    Example(_TEMPLATE.replace("__", "{{- '{' + args + '}' if args is string else args | tojson }}")),
    Example(_TEMPLATE.replace("__", _EACH)),
    Example(_TEMPLATE.replace("__", "{{- '' + args }}"), Severity.ERROR),
    Example(_TEMPLATE.replace("__", "{{- args }}"), Severity.ERROR),
)
