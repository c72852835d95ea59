"""Tool schemas of an ordinary shape are dropped or fail.

What it asks
------------
Whether parameters in the shapes that MCP servers, pydantic and zod write reach the prompt: ``$ref``, ``anyOf``, a
list of types, ``enum`` without a type, nested objects, and a tool without parameters; and whether the prompt says
which parameters are required. Then, of a template that reads
``.items`` of something, whether the ``items`` of an array are printed: with the dot it is the mapping's method.

Why it matters
--------------
A tool whose schema the template cannot print fails the whole request; one whose shape is dropped looks to the model
like a parameter that takes anything.

Example
-------
``{{ param.type | upper }}`` prints nothing for a parameter that has ``anyOf`` or ``$ref`` in place of ``type``.

What to do
----------
Print the schema with ``tojson``, or fall back on it where there is no ``type``. Read ``param['items']``, not
``param.items``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.words import listed
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._inquiry import Inquiry, reason_of
from portable_tpl.release._turns import KEY, Turns, taking, turns_of

CODE = "REL113"

_PLACE = {"type": "object", "properties": {"inner_key": {"type": "string"}}}


class _Shape(NamedTuple):
    """A shape of a parameter; beside it the same parameter with what makes the shape left out."""

    name: str
    schema: Json
    bare: Json
    definitions: bool = False


_TEXT = _Shape("a plain type", {"type": "string"}, {})
_SHAPES = (
    _Shape("$ref", {"$ref": "#/$defs/Place"}, {}, definitions=True),
    _Shape("anyOf", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, {}),
    _Shape("a list of types", {"type": ["integer", "null"]}, {}),
    _Shape("enum without a type", {"enum": ["enum-value-1", "enum-value-2"]}, {}),
    _Shape("a nested object", _PLACE, {"type": "object"}),
)
_ARRAY = _Shape(
    "an array", {"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "boolean"}}
)
_NO_PARAMETERS: tuple[tuple[str, Json], ...] = (
    ("a tool without parameters", None),
    ("a tool whose parameters have no properties", {"type": "object", "properties": {}}),
)


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation for shapes that fail alike, and one for those that are dropped where a plain type is not."""
    turns = turns_of(subject, inquiry)
    if not turns.tools:
        raise NotAsked("the template reads no tools")
    typed = _dropped(inquiry.render_all(_pair(turns, _TEXT)))
    inquiry.render_all([each for shape in _SHAPES for each in _pair(turns, shape)])
    shaped = [(shape, _pair(turns, shape)) for shape in _SHAPES]
    requests = [(f"a parameter with {shape.name}", pair[0]) for shape, pair in shaped]
    requests += [(name, turns.offering(parameters)) for name, parameters in _NO_PARAMETERS]
    yield from _failing(requests, inquiry.render(_pair(turns, _TEXT)[0]), inquiry)
    dropped = [(shape, pair) for shape, pair in shaped if typed is False and _dropped(inquiry.render_all(pair))]
    if dropped:
        shape, (with_shape, bare) = dropped[0]
        names = listed([each.name for each, _ in dropped], "or")
        yield Observation(
            Severity.WARNING,
            f"A parameter with {names} is printed as if it took anything",
            (Exchange(f"a parameter with {shape.name}", with_shape), Exchange("the same without it", bare)),
            holds=_dropped,
            printed=KEY,
        )
    if typed is False:
        yield from _unmarked(turns, inquiry)
    yield from _shadowed(subject, turns, inquiry)


def _unmarked(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """The list of required parameters, of a template that prints what each parameter takes."""
    required = turns.offering(taking(_TEXT.schema))
    optional = turns.offering({**taking(_TEXT.schema), "required": []})
    if _dropped(inquiry.render_all((required, optional))):
        yield Observation(
            Severity.NOTE,
            "Which parameters of a tool are required is not printed",
            (Exchange("a required parameter", required), Exchange("the same, not required", optional)),
            holds=_dropped,
            printed=KEY,
        )


def _shadowed(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """What an array holds, where the template reads it as an attribute: it gets the method of the mapping."""
    called = {id(node.node) for node in subject.parsed.nodes if isinstance(node, nodes.Call)}
    reads = [
        node
        for node in subject.parsed.nodes
        if isinstance(node, nodes.Getattr) and node.attr == "items" and id(node) not in called
    ]
    pair = _pair(turns, _ARRAY)
    if reads and _dropped(inquiry.render_all(pair)):
        yield Observation(
            Severity.WARNING,
            "What an array holds is not printed: .items is the mapping's method, and its key is ['items']",
            (Exchange("an array of integers", pair[0]), Exchange("an array of booleans", pair[1])),
            holds=_dropped,
            span=subject.parsed.span(reads[0]),
        )


def _failing(
    requests: Sequence[tuple[str, Conversation]], plain: Rendering, inquiry: Inquiry
) -> Iterator[Observation]:
    """One observation for each error with which the reference answers; ``plain`` is its answer to a plain type."""
    failures: dict[Rendering, list[tuple[str, Conversation]]] = {}
    for (name, conversation), rendering in zip(
        requests, inquiry.render_all([each for _, each in requests]), strict=True
    ):
        if isinstance(rendering, Failed):
            failures.setdefault(rendering, []).append((name, conversation))
    for rendering, failing in failures.items():
        names = ["any tool"] if rendering == plain else [name for name, _ in failing]
        yield Observation(
            Severity.ERROR,
            f"The prompt with {listed(names, 'or')} {reason_of(rendering)}",
            (Exchange(*failing[0]),),
            holds=lambda renderings: isinstance(renderings[0], Failed),
        )


def _dropped(renderings: Sequence[Rendering]) -> bool:
    """Whether the shape makes no difference, though the parameter itself is printed."""
    texts = texts_of(renderings)
    return texts is not None and texts[0] == texts[1] and KEY in texts[0]


def _pair(turns: Turns, shape: _Shape) -> tuple[Conversation, Conversation]:
    shaped, bare = (
        turns.offering(
            {
                **taking({**schema, "description": "parameter-text-1"}),
                **({"$defs": {"Place": _PLACE}} if shape.definitions else {}),
            }
        )
        for schema in (shape.schema, shape.bare)
    )
    return shaped, bare


_TEMPLATE = """\
{%- for tool in tools or [] %}
    {{- '<tool>' + tool.function.name }}
    {%- for name, spec in (tool.function.parameters or {}).get('properties', {}) | items %}
        {{- ' ' + name + ('' if name in tool.function.parameters.required else '?') + ': ' ~ (__) }}
    {%- endfor %}
{%- endfor %}
{%- for m in messages %}{{ m.content }}{% endfor %}
"""

_ITEMS = "spec | tojson if spec.type != 'array' else 'array of ' ~ SPEC.type"

VALID = (
    Example(_TEMPLATE.replace("__", _ITEMS.replace("SPEC", "spec['items']"))),
    Example("{%- for tool in tools or [] %}{{ tool | tojson }}{% endfor %}{{ messages[-1].content }}\n"),
    Example(_TEMPLATE.replace("__", "spec | tojson")),
    # Names alone: no type is promised to the model.
    Example(_TEMPLATE.replace("~ (__)", "+ spec.description")),
)
INVALID = (
    Example(_TEMPLATE.replace("__", _ITEMS.replace("SPEC", "spec.items"))),
    Example(_TEMPLATE.replace("__", "spec.type | upper")),
    Example(
        _TEMPLATE.replace(" in tool.function.parameters.required", "").replace("__", "spec | tojson"), Severity.NOTE
    ),
    Example(_TEMPLATE.replace("__", "spec.type | tojson"), Severity.ERROR),
    Example(
        _TEMPLATE.replace(
            "(tool.function.parameters or {}).get('properties', {})", "tool.function.parameters.properties"
        ).replace("__", "spec | tojson"),
        Severity.ERROR,
    ),
)
