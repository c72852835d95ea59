"""Filters on values that an engine does not take there.

What it does
------------
Finds filters on kinds of values for which a target fails or gives something else: ``trim`` on a list or ``none``,
``length`` of an undefined value, ``last`` of text.

Why it breaks
-------------
jinja2's filters take nearly everything, by turning it into text or a list first. Engines with stricter types stop.

Example
-------
``{{ message.content|trim }}`` where the content can be ``none``.

Fix safety
----------
Safe where only an undefined value breaks: it is given the default that jinja2's filter takes it for. Safe for a list
or a mapping that becomes text: a macro writes it as Python does. Otherwise ask for the kind first (``is string``)."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_harmless, spare_rare
from portable_tpl.checking.kinds import TEXT_KINDS, Kinds, kinds_of
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.calls import as_condition, compared_with
from portable_tpl.rewriting.expressions import Level, operand, pipe, quoted, replace
from portable_tpl.rewriting.lists import or_nothing
from portable_tpl.rewriting.python_text import as_python, is_part_of_macro
from portable_tpl.rewriting.spelling import spelled
from portable_tpl.rewriting.template_text import by_filter
from portable_tpl.rewriting.test_rewrites import text_first
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL303"
_ORDERING = ("sort", "dictsort", "unique")
_PICKS = ("first", "last", "min", "max")
_PARTS = (nodes.Getattr, nodes.Getitem)
# Text that is not plain, for filters of which other rules speak.
_ODD_TEXT = frozenset({"unicode", "unicode-spaced"})
_ELSEWHERE = {
    "length": _ODD_TEXT,
    "count": _ODD_TEXT,
    "trim": frozenset({"unicode-spaced"}),
    "upper": TEXT_KINDS,
    "lower": TEXT_KINDS,
    "title": TEXT_KINDS,
    "capitalize": TEXT_KINDS,
}


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.node is None or node.name == "tojson":
        return
    if node.name == "string" and _is_capitalized_word(node, look):
        return
    kinds = _kinds_asked(node, node.node, look)
    if is_part_of_macro(node, look):
        return
    spare = spare_rare(look.type(node.node))
    look.use_by_kind(f"filter.{family(node, look)}", kinds, node, lambda: _with_default(node, look), spare=spare)
    if node.name in _ORDERING and not node.args and not node.kwargs and _holds_text(node.node, look):
        # Few requests have names that another order of capital letters puts elsewhere.
        look.least = Tier.EVERYDAY if node.name == "dictsort" and not _is_literal(node.node, look) else Tier.ORDINARY
        look.use(FeatureId.of("filter", node.name, "mixed-case"), node)
        look.least = Tier.ORDINARY
    if node.name == "join":
        shape = look.type(node.node).shape
        if shape is not None and shape.items is not None and not _by_attribute(node):
            look.use_by_kind("filter.join.element", kinds_of(shape.element), node)
    elif node.name == "format":
        for argument in node.args:
            look.use_by_kind("filter.format", look.kinds(argument), node)


def _kinds_asked(node: nodes.Filter, value: nodes.Expr, look: Look) -> Kinds:
    """The kinds that a filter is given, without those of which other rules speak, or that do not matter."""
    kinds = look.kinds(value)
    left_out = _ELSEWHERE.get(node.name, _NONE)
    if node.name in ("int", "float") and (node.args or node.kwargs):
        left_out = TEXT_KINDS  # what no number is read from has a default
    elif node.name == "int" and isinstance(value, nodes.Div) and _counted(value, look):
        left_out = _FLOAT  # the rule about division speaks of it
    elif is_harmless(node.name, look.type(value)):
        left_out = TEXT_KINDS
    if left_out:
        kinds = tuple(kind for kind in kinds if kind not in left_out)
    if node.name in _PICKS and (guarded(node, look) or _taken_apart(node, look)):
        kinds = tuple(kind for kind in kinds if not kind.startswith("empty"))
    return kinds


_NONE, _FLOAT = frozenset[str](), frozenset({"float"})


def _is_capitalized_word(node: nodes.Filter, look: Look) -> bool:
    """Whether the word of a boolean is capitalized, which makes one word of ``true`` and ``True``."""
    parent = look.parent(node)
    capitalized = isinstance(parent, nodes.Filter) and parent.name == "capitalize"
    return capitalized and node.node is not None and look.type(node.node).only(k.BOOL)


def _counted(node: nodes.Div, look: Look) -> bool:
    """Whether a quotient cannot be negative."""
    return not (look.type(node.left).bits | look.type(node.right).bits) & k.NEGATIVE


def _by_attribute(node: nodes.Filter) -> bool:
    """Whether not the elements are joined, but what is under a name in each."""
    return len(node.args) > 1 or any(keyword.key == "attribute" for keyword in node.kwargs)


def _is_literal(node: nodes.Expr, look: Look) -> bool:
    """Whether the template itself names all keys of a mapping."""
    shape = look.type(node).shape
    return shape is not None and bool(shape.fields) and not shape.rest.bits & k.ALL_KINDS & ~k.UNDEFINED


def _holds_text(node: nodes.Expr, look: Look) -> bool:
    """Whether what is put in order may be text in upper and in lower case."""
    type_ = look.type(node)
    if type_.shape is None:
        return False
    fields = type_.shape.fields
    if type_.only(k.DICT) and fields and not type_.shape.rest.bits & k.ALL_KINDS & ~k.UNDEFINED:
        return any(key != key.lower() for key in fields)
    texts = type_.shape.element if not type_.bits & k.DICT else None
    if texts is None or texts.bits & k.TEXT_STR == 0:
        return texts is None
    return texts.texts is None or any(text != text.lower() for text in texts.texts)


_NO_TEXT = "''"
# Filters that let some pieces through: of text its characters, which have no attributes; of ``none`` nothing.
_SIFTING = ("select", "reject", "selectattr", "rejectattr")
_DEFAULTS = {
    **dict.fromkeys(
        ("trim", "upper", "lower", "title", "capitalize", "replace", "indent", "string", "escape", "e"), _NO_TEXT
    ),
    **dict.fromkeys(("length", "count", "list", "join", "first", "last", "reverse", "sort", "unique", "map"), "[]"),
    **dict.fromkeys(_SIFTING, "[]"),
    **dict.fromkeys(("items", "dictsort"), "{}"),
}


def _with_default(node: nodes.Filter, look: Look) -> Fix | None:
    """Python's text for lists, a default for what may be undefined, no pieces for what has none."""
    default = _DEFAULTS.get(node.name)
    if node.node is None or default is None or look.breaks("filter.default"):
        return None
    broken = look.families.get(f"filter.{family(node, look)}", {})
    if node.name in ("upper", "lower") and any(
        kind in broken for kind in look.kinds(node.node) if kind != "undefined"
    ):
        asked = _text_first(node, node.node, look)
        if asked is not None:
            return asked
    if default == _NO_TEXT:
        by_macro = as_python(node.node, node if node.name == "string" else node.node, f"filter.{node.name}", look)
        if by_macro is not None:
            return by_macro
    if node.name in _SIFTING and supported(look, "or.value"):
        return or_nothing(node.node, broken, look, ("undefined", "none", "empty"))
    if "undefined" not in broken or "undefined" not in look.kinds(node.node):
        return None
    span = look.parsed.span(node.node)
    unsure = look.families.get("filter.default", {})
    if any(kind in unsure for kind in look.kinds(node.node)):
        # What is empty is the same to these filters as what is not there; not so for text.
        text = f"({operand(node.node, look, Level.AND)} or {default})"
        if default == _NO_TEXT and repeatable(node.node) and supported(look, "test.defined.value", "condexpr"):
            value = operand(node.node, look, Level.OR)
            text = f"({value} if {operand(node.node, look)} is defined else {quoted('', look)})"
        elif default == _NO_TEXT or not supported(look, "or.value"):
            return None
    else:
        written = quoted("", look) if default == _NO_TEXT else default
        text = f"{operand(node.node, look)}{pipe(look, node)}default({written})"
    # The edit is as wide as the finding, so that a finding that gets narrower counts as one.
    whole, source = look.parsed.span(node), look.parsed.text
    text = f"{source[whole.start : span.start]}{text}{source[span.end : whole.end]}"
    return Fix("Give a default", Safety.SAFE, (Edit(whole.start, whole.end, text),))


def _text_first(node: nodes.Filter, value: nodes.Expr, look: Look) -> Fix | None:
    """``x is string and x|upper == 'ON'``: what is no text prints as a word, a number, or in brackets."""
    row = look.parent(node)
    if not isinstance(row, nodes.Compare) or row.expr is not node or len(row.ops) != 1:
        return None
    operator, word = row.ops[0].op, constant(row.ops[0].expr)
    if not isinstance(word, str) or not word[:1].isalpha() or word.lower() in _WORDS or operator not in ("eq", "ne"):
        return None
    return text_first(row, value, look, denied=operator == "ne")


_WORDS = frozenset({"none", "true", "false", "nan", "inf", "infinity"})


def _if_defined(node: nodes.Filter, look: Look) -> Fix | None:
    """``default`` as a condition, for an engine whose filter does not take every value."""
    if node.node is None or len(node.args) != 1 or node.kwargs or not repeatable(node.node):
        return None
    if not supported(look, "test.defined.value", "condexpr"):
        return None
    value, default = operand(node.node, look, Level.OR), operand(node.args[0], look, Level.CONDITIONAL)
    text = f"{value} if {operand(node.node, look)} is defined else {default}"
    return replace(node, text, Level.CONDITIONAL, look, "Ask whether it is defined")


def _by_index(node: nodes.Filter, look: Look) -> Fix | None:
    """``values[0]``, which is undefined where there is nothing, as the filter is in the reference."""
    if node.node is None or node.args or node.kwargs or not supported(look, "item.int@empty-list"):
        return None
    bits = widest(look, node.node).bits & k.ALL_KINDS
    if bits & ~(k.LIST | k.TUPLE | k.ITERATOR):
        return None
    listed = (
        f"({operand(node.node, look)}{pipe(look, node)}list)"
        if bits & k.ITERATOR
        else operand(node.node, look, Level.ATOM)
    )
    return replace(node, f"{listed}[0]", Level.ATOM, look, "Use a subscript")


def _rewritten(node: nodes.Filter, look: Look) -> Fix | None:
    """``|string`` of what can be ``none`` or a boolean, with the words named; ``default`` as a condition."""
    if node.__class__ is nodes.Filter and node.name in ("default", "d"):
        return _if_defined(node, look)
    if node.__class__ is nodes.Filter and node.name == "first":
        return _by_index(node, look)
    if node.__class__ is nodes.Filter and node.name == "format":
        return by_filter(node, look)
    if node.__class__ is not nodes.Filter or node.name != "string" or node.node is None:
        return None
    return spelled(node.node, look)


def family(node: nodes.Filter, look: Look) -> str:
    """The filter, or the way it is used where that makes a difference to what it may be given."""
    name = node.name
    if name in ("default", "d") and len(node.args) > 1 and constant(node.args[1]) is True:
        return "default.boolean"
    if name in ("length", "count") and emptiness(node, look):
        return "length.as-test"
    if name == "reverse" and isinstance(look.parent(node), nodes.Output) and node.node is not None:
        return "reverse.text" if look.type(node.node).bits & k.STR else "reverse"
    return name


def emptiness(node: nodes.Expr, look: Look) -> bool:
    """Whether a length serves only to tell nothing from something."""
    if as_condition(node, look):
        return True
    comparison = compared_with(node, look)
    if comparison is None:
        return False
    operator, other = comparison
    left = isinstance(look.parent(node), nodes.Compare)
    bound = constant(other)
    if bound == 0:
        return True
    return bound == 1 and operator in (("gteq", "lt") if left else ("lteq", "gt"))


def _taken_apart(node: nodes.Filter, look: Look) -> bool:
    """Whether the reference fails too where there is nothing to pick: a part is taken of what was picked."""
    parent = look.parent(node)
    if isinstance(parent, _PARTS):
        return True
    if not isinstance(parent, nodes.Assign) or not isinstance(parent.target, nodes.Name):
        return False
    name = parent.target.name
    reads = [n for n in look.parsed.nodes if n.__class__ is nodes.Name and n.name == name and n.ctx == "load"]
    return bool(reads) and all(isinstance(look.parent(read), _PARTS) for read in reads)


def guarded(node: nodes.Filter, look: Look) -> bool:
    """Whether the filter stands where a condition has asked for the very same values, and so for at least one."""
    child: nodes.Node = node
    parent = look.parent(node)
    while parent is not None:
        if isinstance(parent, nodes.CondExpr) and child is parent.expr1 and _asks(parent.test, node.node):
            return True
        if (
            isinstance(parent, nodes.If)
            and any(child is item for item in parent.body)
            and _asks(parent.test, node.node)
        ):
            return True
        if isinstance(parent, nodes.And) and child is parent.right and _asks(parent.left, node.node):
            return True
        child, parent = parent, look.parent(parent)
    return False


def _asks(test: nodes.Node, values: nodes.Node | None) -> bool:
    if isinstance(test, nodes.And):
        return _asks(test.left, values) or _asks(test.right, values)
    if isinstance(test, nodes.Compare):
        test = test.expr
    if isinstance(test, nodes.Filter) and test.name in ("length", "count") and test.node is not None:
        test = test.node
    return test == values


FIX = _rewritten
VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].content|trim }}{{ messages|length }}", targets=("minijinja", "hf-jinja")),)
INVALID = (
    Example(
        "{% if add_generation_prompt|upper == 'STRICT' %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if add_generation_prompt is string and add_generation_prompt|upper == 'STRICT' %}x{% endif %}",
    ),
    Example(
        "{{ messages[0].nope|length }}",
        targets=("minijinja@3.0.5",),
        fixed="{{ messages[0].nope|default([])|length }}",
    ),
    Example(
        "{{ messages|selectattr('role', 'eq', 'x')|map(attribute='content')|first }}",
        targets=("hf-jinja",),
        fixed="{{ (messages|selectattr('role', 'eq', 'x')|map(attribute='content')|list)[0] }}",
    ),
)
