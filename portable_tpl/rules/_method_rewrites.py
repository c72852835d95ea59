"""What to write instead of a Python method."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from portable_tpl.findings import Fix, Safety
from portable_tpl.rules._base import Look
from portable_tpl.rules._calls import MethodCall, as_condition, compared_with, constant
from portable_tpl.rules._expressions import Level, any_broken, literal, operand, replace

Rewrite = Callable[[nodes.Call, MethodCall, Look], "Fix | None"]

_FILTERS = {"strip": "trim", "upper": "upper", "lower": "lower", "capitalize": "capitalize"}
# Keys that jinja2 takes for methods of the mapping where it has no such key.
_METHOD_NAMES = frozenset(dir(dict))


def rewrite(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """The fix for a call of a method, if there is one that says the same on the reference."""
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    make = _REWRITES.get(call.name)
    return None if make is None else make(node, call, look)


def _filter(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    name = _FILTERS[call.name]
    if node.args:
        if (
            call.name != "strip"
            or not isinstance(constant(node.args[0]), str)
            or any_broken(look, ["filter.trim.chars"])
        ):
            return None
        text = f"{operand(call.receiver, look)}|trim({look.parsed.source(node.args[0])})"
    elif any_broken(look, [f"filter.{name}"]):
        return None
    else:
        text = f"{operand(call.receiver, look)}|{name}"
    return replace(node, text, Level.FILTER, look, f"Use the filter {name}")


def _title(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    # jinja2's filter takes words apart elsewhere than Python's method does: they agree on plain words.
    texts = look.type(call.receiver).texts
    if node.args or texts is None or not all(text.isascii() and text.isalpha() for text in texts):
        return None
    if any_broken(look, ["filter.title"]):
        return None
    return replace(node, f"{operand(call.receiver, look)}|title", Level.FILTER, look, "Use the filter title")


def _replace(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if len(node.args) != 2 or any_broken(look, ["filter.replace"]):
        return None
    old, new = (look.parsed.source(argument) for argument in node.args)
    text = f"{operand(call.receiver, look)}|replace({old}, {new})"
    return replace(node, text, Level.FILTER, look, "Use the filter replace")


def _join(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if len(node.args) != 1 or any_broken(look, ["filter.join"]):
        return None
    text = f"{operand(node.args[0], look)}|join({look.parsed.source(call.receiver)})"
    return replace(node, text, Level.FILTER, look, "Use the filter join")


def _items(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.args or any_broken(look, ["filter.items"]):
        return None
    parent = look.parent(node)
    if not isinstance(parent, (nodes.For, nodes.Filter)):
        return None
    return replace(node, f"{operand(call.receiver, look)}|items", Level.FILTER, look, "Use the filter items")


def _keys(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    parent = look.parent(node)
    comparison = compared_with(node, look)
    sought = comparison is not None and comparison[0] in ("in", "notin") and isinstance(parent, nodes.Operand)
    listed = isinstance(parent, nodes.Filter) and parent.name in ("list", "join", "length", "sort", "first")
    if node.args or not (sought or listed or isinstance(parent, nodes.For)):
        return None
    level = Level.SUM if sought else Level.FILTER
    return replace(node, operand(call.receiver, look, level), level, look, "Use the mapping itself: it is its keys")


def _get(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if len(node.args) not in (1, 2) or call.types != ("dict",):
        return None
    mapping = operand(call.receiver, look, Level.ATOM)
    key = look.parsed.source(node.args[0])
    value = f"{mapping}[{key}]"
    default = look.parsed.source(node.args[1]) if len(node.args) == 2 else "none"
    name = constant(node.args[0])
    if not isinstance(name, str) or name in _METHOD_NAMES:
        other = default if len(node.args) < 2 else operand(node.args[1], look, Level.CONDITIONAL)
        text = f"{value} if {operand(node.args[0], look, Level.SUM)} in {mapping} else {other}"
        return replace(node, text, Level.CONDITIONAL, look, "Ask for the key, then take it")
    if len(node.args) == 1 and (as_condition(node, look) or _compared_with_text(node, look)):
        return replace(node, value, Level.ATOM, look, "Take the key: what is missing is undefined, and so false")
    if any_broken(look, ["filter.default"]):
        return None
    return replace(node, f"{value}|default({default})", Level.FILTER, look, "Take the key, with a default")


def _compared_with_text(node: nodes.Call, look: Look) -> bool:
    comparison = compared_with(node, look)
    return comparison is not None and comparison[0] in ("eq", "ne") and isinstance(constant(comparison[1]), str)


def _startswith(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    return _affix(node, call, look, lambda text, size: f"{text}[:{size}]")


def _endswith(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    return _affix(node, call, look, lambda text, size: f"{text}[-{size}:]")


def _affix(node: nodes.Call, call: MethodCall, look: Look, cut: Callable[[str, int], str]) -> Fix | None:
    if len(node.args) != 1:
        return None
    given = node.args[0].items if isinstance(node.args[0], nodes.Tuple) else [node.args[0]]
    values = [constant(item) for item in given]
    # Engines count text in characters, UTF-16 units or bytes: for ASCII these are the same.
    if not values or not all(isinstance(value, str) and value and value.isascii() for value in values):
        return None
    text = operand(call.receiver, look, Level.ATOM)
    parts = [f"{cut(text, len(str(value)))} == {literal(str(value))}" for value in values]
    level = Level.COMPARISON if len(parts) == 1 else Level.OR
    return replace(node, " or ".join(parts), level, look, "Compare a slice of the text")


def _find(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    comparison = compared_with(node, look)
    parent = look.parent(node)
    if comparison is None or not isinstance(parent, nodes.Compare) or len(node.args) != 1:
        return None
    question = (comparison[0], constant(comparison[1]))
    if question in (("gteq", 0), ("ne", -1), ("gt", -1)):
        word = "in"
    elif question in (("lt", 0), ("eq", -1)):
        word = "not in"
    else:
        return None
    text = f"{operand(node.args[0], look, Level.SUM)} {word} {operand(call.receiver, look, Level.SUM)}"
    return replace(parent, text, Level.COMPARISON, look, f"Ask with {word}")


def _format(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    pattern = constant(call.receiver)
    if not isinstance(pattern, str) or pattern.count("{}") != len(node.args):
        return None
    if pattern.replace("{}", "").count("{") or pattern.replace("{}", "").count("}"):
        return None
    return joined(node, pattern.split("{}"), node.args, look)


def joined(node: nodes.Expr, texts: list[str], values: list[nodes.Expr], look: Look) -> Fix | None:
    """The fix that puts ``texts[0] ~ values[0] ~ texts[1] ~ …`` in the place of a node."""
    if any(not set(look.brief(value)) <= {"plain", "empty", "int", "zero", "negative"} for value in values):
        return None
    parts: list[str] = []
    for index, text in enumerate(texts):
        if text:
            parts.append(literal(text))
        if index < len(values):
            parts.append(operand(values[index], look, Level.PRODUCT))
    if len(parts) < 2:
        return None
    return replace(node, " ~ ".join(parts), Level.CONCAT, look, "Join with ~", Safety.SAFE)


_REWRITES: dict[str, Rewrite] = {
    **dict.fromkeys(_FILTERS, _filter),
    "title": _title,
    "replace": _replace,
    "join": _join,
    "items": _items,
    "keys": _keys,
    "get": _get,
    "startswith": _startswith,
    "endswith": _endswith,
    "find": _find,
    "format": _format,
}
