"""Methods for which a filter of the same name or meaning does the same on every text."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported, widest
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace

_SAME = ("upper", "lower", "capitalize")


def _same_name(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``s.upper()``: the method is there for texts only, and the filter calls it."""
    if node.args or node.kwargs or not supported(look, f"filter.{call.name}@plain"):
        return None
    return _filter(node, call, look, call.name)


def _title(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``s.title()``: the filter leaves the letter behind an apostrophe or a digit alone."""
    if node.args or node.kwargs or not supported(look, "filter.title@plain"):
        return None
    texts = widest(look, call.receiver).texts
    same = texts is not None and all(_words_only(text) for text in texts)
    return _filter(node, call, look, "title", Safety.SAFE if same else Safety.UNSAFE)


def _words_only(text: str) -> bool:
    return text.isascii() and all(character.isalpha() or character == " " for character in text)


def _replace(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.kwargs or len(node.args) not in (2, 3):
        return None
    if not supported(look, "filter.replace@plain", *(("filter.replace.count",) if len(node.args) == 3 else ())):
        return None
    arguments = ", ".join(operand(argument, look, Level.CONDITIONAL) for argument in node.args)
    return _filter(node, call, look, f"replace({arguments})")


def _join(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``sep.join(values)``: the method takes texts only, of which the filter makes the same."""
    if node.kwargs or len(node.args) != 1 or not supported(look, "filter.join@list"):
        return None
    values = operand(node.args[0], look, Level.FILTER)
    text = f"{values}{pipe(look)}join({operand(call.receiver, look, Level.CONDITIONAL)})"
    return replace(node, text, Level.FILTER, look, "Use the filter join")


def _copy(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """A copy: templates cannot change a value, so that the value itself is as good."""
    if node.args or node.kwargs:
        return None
    return replace(node, operand(call.receiver, look, Level.ATOM), Level.ATOM, look, "Use the value itself")


def _filter(node: nodes.Call, call: MethodCall, look: Look, name: str, safety: Safety = Safety.SAFE) -> Fix:
    text = f"{operand(call.receiver, look, Level.FILTER)}{pipe(look)}{name}"
    return replace(node, text, Level.FILTER, look, f"Use the filter {name.partition('(')[0]}", safety)


REWRITES = {**dict.fromkeys(_SAME, _same_name), "title": _title, "replace": _replace, "join": _join, "copy": _copy}
