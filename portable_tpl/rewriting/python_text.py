"""Lists, mappings, booleans and ``none`` as the text that Python makes of them, by a macro.

Engines write a list as JSON, or one element after another, and no filter does what ``str`` does. The macro goes
through what is inside. On the reference it prints what it is put in the place of, for every value of JSON: the quotes
of a text are chosen as Python chooses them, and between them stands what Python itself has written there.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Hits, Look, known_once
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.expressions import Level, operand
from portable_tpl.rewriting.helper_macros import HelperMacro, call_macro, can_call_macros
from portable_tpl.template.types.lattice import kinds as k

# The joiners of emoji and of some scripts stand for themselves: not all engines read their escapes.
_JOINERS = "|replace('\u200c', '\\\\u200c')|replace('\u200d', '\\\\u200d')"
_ESCAPES = r"""|replace('\n', '\\n')|replace('\t', '\\t')|replace('\\"', '"')|replace("\\'", "'")""" + _JOINERS
PYTHON_STR = HelperMacro(
    "python_str",
    "value, inside=false",
    (
        "{#- what Python's str() gives -#}{%- if value is string and inside %}"
        """{% set mark = '"' if "'" in value and '"' not in value else "'" %}{{ mark }}"""
        r"{% for part in value.split('\\') %}{{ ('' if loop.first else '\\\\') ~ ([part]|string)[2:-2]"
        + _ESCAPES
        + r"|replace(mark, '\\' ~ mark) }}{% endfor %}{{ mark }}"
        "{% elif value is string or value is undefined %}{{ value }}",
        "{%- elif value is mapping %}{{ '{' }}{% for key, each in value|items %}{{ ('' if loop.first else ', ')"
        " ~ python_str(key, true) ~ ': ' ~ python_str(each, true) }}{% endfor %}{{ '}' }}"
        "{% elif value is sequence %}[{% for each in value %}{{ ('' if loop.first else ', ')"
        " ~ python_str(each, true) }}{% endfor %}]{% else %}"
        "{{ value|string|capitalize if value is boolean else 'None' if value is none else value }}{% endif -%}",
    ),
    (
        "statement.macro",
        "macro.text",
        "macro.default",
        "macro.recursive",
        "method.str.split",
        "concat@plain",
        "in@plain,plain",
        "filter.items@dict",
        "filter.replace@plain",
        "filter.capitalize@word",
        "slice.both@plain",
        "condexpr",
        "condexpr.nested",
        "test.string.value",
        "test.mapping.value",
        "test.undefined.value",
        "test.boolean.value",
        "test.none.value",
    ),
)
_CONTAINERS = frozenset({"list", "empty-list", "dict", "empty-dict"})
_MADE_TEXT = ("concat", "filter.string")
# What the macro goes through, or prints.
_JSON = k.STR | k.BOOL | k.NONE | k.INT | k.FLOAT | k.LIST | k.DICT | k.UNDEFINED


def as_python(value: nodes.Expr, place: nodes.Expr, family: str, look: Look) -> Fix | None:
    """The fix that prints a value by the macro, in its own place or in that of a filter that makes text of it.

    ``family`` is the construct that makes text of it. Only for lists and mappings that some target writes otherwise
    in ordinary requests, and for ``none`` that may be something else: a boolean alone is not worth a macro.
    """
    kinds = look.kinds(value)
    wrong = {kind for kind in kinds if _is_wrong(look.families.get(family, {}).get(kind, ()))}
    mixed = "none" in wrong and look.type(value).bits & k.ALL_KINDS & ~(k.STR | k.NONE | k.UNDEFINED)
    if wrong.isdisjoint(_CONTAINERS) and not (mixed and family in _MADE_TEXT):
        return None
    return _by_macro(value, place, look)


def inside_as_python(value: nodes.Expr, place: nodes.Expr, look: Look) -> Fix | None:
    """The same fix for a list or a mapping of which only what is inside is written otherwise."""
    wrong = look.families.get("print.list", {})
    return _by_macro(value, place, look) if any(map(_is_wrong, wrong.values())) else None


def is_part_of_macro(node: nodes.Node, look: Look) -> bool:
    """Whether an expression stands in the macro itself, where what engines write otherwise is put right."""
    return id(node) in _parts_of_macro(look)


@known_once
def _parts_of_macro(look: Look) -> frozenset[int]:
    """The nodes of the macro, by their ids."""
    parts: list[nodes.Node] = []
    for node in look.parsed.nodes:
        if node.__class__ is nodes.Macro and _is_the_macro(node, look):
            parts += look.parsed.beneath(node)
    return frozenset(map(id, parts))


def _is_the_macro(node: nodes.Macro, look: Look) -> bool:
    definition = PYTHON_STR.definition(node.name).strip()
    return look.parsed.text.startswith(definition, look.parsed.span(node).start)


def _is_wrong(hits: Hits) -> bool:
    return any(support.tier == Tier.ORDINARY.value for _, support in hits)


def _by_macro(value: nodes.Expr, place: nodes.Expr, look: Look) -> Fix | None:
    type_ = look.type(value)
    deep = 0 if type_.shape is None else type_.shape.deep
    if not type_.bits & k.OTHER and (type_.bits | deep) & k.ALL_KINDS & ~_JSON:
        return None  # Python writes tuples and the like in other ways
    if not can_call_macros(look, PYTHON_STR):
        return None
    return call_macro(look, place, PYTHON_STR, [operand(value, look, Level.CONDITIONAL)])
