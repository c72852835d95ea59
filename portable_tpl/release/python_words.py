"""None, True, False or Python's quotes reach the prompt where JSON was meant.

What it asks
------------
Whether the JSON words ``true``, ``false`` and ``null``, and nested values, come out as Python writes them: in
the arguments of a call, and in the schemas of tools. And whether a tool's result that comes as text parts does.

Why it matters
--------------
The model is shown calls and schemas in a notation that its answers are never parsed in. Training on them teaches
it to write ``True`` where its caller reads JSON.

Example
-------
``{{ value }}`` for an argument that is ``true``, and ``{{ tool }}`` for a tool.

What to do
----------
``{{ value | tojson }}``, and ``{{ value if value is string else value | tojson }}`` where text goes without quotes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Example, Exchange, Observation, Subject, texts_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import FUNCTION, KEY, RESULT, VALUE, Turns, content, taking, turns_of
from portable_tpl.template.usage.shape import CALL

CODE = "REL115"

_WORDS = re.compile(r"\b(?:True|False|None)\b")
_QUOTES = re.compile(r"[\[{]'[\w-]+'[:,\]]")
# A notation in which the words are right: find_place(flag=True).
_PYTHONIC = re.compile(rf"{FUNCTION}\s*\(")

_LIST = "[{'type': 'text', 'text': "

_VALUES: dict[str, Json] = {
    "a boolean": True,
    "null": None,
    "a list": ["list-value-1", "list-value-2"],
    "a nested object": {"inner_key": "inner-value-1"},
}


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation for arguments, one for schemas, and one for results that come as parts."""
    turns = turns_of(subject, inquiry)
    if subject.shape.reads(CALL) and turns.calls and not turns.arguments_as_text:
        plain = _called(turns, VALUE)
        yield from _first(
            "an argument of a tool call", plain, [(name, _called(turns, _VALUES[name])) for name in _VALUES], inquiry
        )
    yield from _listed_parts(turns, inquiry)
    if turns.tools:
        plain = turns.conversation(turns.user(), prompt=True, tools=False)
        yield from _first(
            "a tool's schema", plain, [(name, turns.offering(taking(schema))) for name, schema in _SCHEMAS], inquiry
        )


def _listed_parts(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """A tool's result that comes as text parts, which clients send whatever a template takes of users."""
    if not turns.prints_calls:
        return
    conversation = turns.called(result={**turns.result(), "content": content(RESULT, "parts")})
    if _is_listed([inquiry.render(conversation)]):
        yield Observation(
            Severity.WARNING,
            "A tool's result that comes as parts is printed as Python writes a list, not as its text",
            (Exchange("a tool's result as text parts", conversation),),
            holds=_is_listed,
            printed=_LIST,
        )


def _is_listed(answers: Sequence[Rendering]) -> bool:
    return any(_LIST in text for text in texts_of(answers) or ())


_SCHEMAS: tuple[tuple[str, Json], ...] = (
    ("an object", {"type": "string"}),
    ("a boolean", {"type": "boolean", "default": True}),
    ("null", {"type": "string", "default": None}),
    ("a list", {"type": "string", "enum": ["list-value-1", "list-value-2"]}),
)


def _called(turns: Turns, value: Json) -> Conversation:
    return turns.called(turns.call(arguments={KEY: value})).with_changes(tools=None)


def _first(
    where: str, plain: Conversation, requests: Sequence[tuple[str, Conversation]], inquiry: Inquiry
) -> Iterator[Observation]:
    """The first value that comes out as Python writes it; the others have the same cause."""
    inquiry.render_all([plain, *(conversation for _, conversation in requests)])
    for name, conversation in requests:
        renderings = inquiry.render_all((conversation, plain))
        written = _written(renderings)
        if written:
            yield Observation(
                Severity.WARNING,
                f"{name[0].upper()}{name[1:]} in {where} is printed as Python writes it ({written}), not as JSON",
                (Exchange(f"{name} in {where}", conversation), Exchange("without it", plain)),
                holds=lambda answers: bool(_written(answers)),
                printed=written,
            )
            return


def _written(renderings: Sequence[Rendering]) -> str:
    """What Python wrote in the first prompt that the second does not hold."""
    texts = texts_of(renderings)
    if texts is None or _PYTHONIC.search(texts[0]):
        return ""
    for form in (_WORDS, _QUOTES):
        extra = Counter(form.findall(texts[0])) - Counter(form.findall(texts[1]))
        if extra:
            return str(next(iter(extra)))
    return ""


_TEMPLATE = """\
{%- for tool in tools or [] %}{{ '<tool>' ~ __ }}{% endfor %}
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function.name }}
        {%- for k, v in call.function.arguments | items %}{{ '<' + k + '>' ~ ?? }}{% endfor %}
    {%- endfor %}
    {{- '<|end|>' }}
{%- endfor %}
"""
_JSON = _TEMPLATE.replace("__", "tool | tojson")
_CALL = """\
{%- for m in messages %}
    {{- '' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- call.function.name + '(' }}
        {%- for k, v in call.function.arguments | items %}{{ k }}={{ v }}{% endfor %})
    {%- endfor %}
{%- endfor %}
"""

_PARTS = "(m.content if m.content is string else m.content | map(attribute='text') | join)"

VALID = (
    Example(_JSON.replace("??", "v | tojson")),
    Example(_JSON.replace("??", "v | tojson").replace("m.content", _PARTS)),
    Example(_JSON.replace("??", "(v if v is string else v | tojson)")),
    # A call as Python writes it: the words are those of that notation.
    Example(_CALL),
)
INVALID = (
    Example(_JSON.replace("??", "v")),
    Example(_JSON.replace("??", "v | tojson").replace("+ m.content", "~ m.content")),
    Example(_JSON.replace("??", "(v | string if v is boolean else v | tojson)")),
    Example(_TEMPLATE.replace("__", "tool").replace("??", "v | tojson")),
)
