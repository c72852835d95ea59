"""``strip``, ``lstrip`` and ``rstrip``.

``trim`` takes characters from both ends. With another character put at one end for the while, it takes them from the
other end only: ``((s ~ '.')|trim)[:-1]`` is ``s.lstrip()`` for every text. Where a target gives ``trim`` no
characters, a macro takes one character away.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, operand, pipe, quoted, replace
from portable_tpl.rewriting.helper_macros import (
    WITHOUT_END,
    WITHOUT_START,
    call_macro,
    can_call_macros,
    named_macro,
)
from portable_tpl.support.spelling import constant

_GUARDS = ".:;|"


def _strip(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    characters = _characters(node)
    if characters is None or node.kwargs:
        return None
    if call.name == "strip":
        return _both(node, call, look, characters)
    one_sided = _one_sided(call, look, characters)
    if one_sided is not None:
        return replace(node, one_sided, Level.ATOM, look, "Use the filter trim, with a guard at one end")
    return _by_macro(node, call, look, characters)


def _characters(node: nodes.Call) -> str | None:
    """The characters to take away, empty for white space; ``None`` where they are not known."""
    if not node.args:
        return ""
    value = constant(node.args[0])
    if value is None:
        return ""
    return value if isinstance(value, str) and value and len(node.args) == 1 else None


def _both(node: nodes.Call, call: MethodCall, look: Look, characters: str) -> Fix | None:
    if not supported(look, "filter.trim.chars@plain" if characters else "filter.trim@plain"):
        return _by_two_macros(node, call, look, characters)
    text = f"{operand(call.receiver, look, Level.FILTER)}{pipe(look)}{_trim(node, look, characters)}"
    return replace(node, text, Level.FILTER, look, "Use the filter trim")


def _by_two_macros(node: nodes.Call, call: MethodCall, look: Look, characters: str) -> Fix | None:
    if len(characters) != 1 or not can_call_macros(look, WITHOUT_START):
        return _all_space(node, call, look, characters)
    mark = quoted(characters, look)
    start, definition = named_macro(look, WITHOUT_START)
    inner = f"{start}({operand(call.receiver, look, Level.CONDITIONAL)}, {mark})"
    return call_macro(look, node, WITHOUT_END, [inner, mark], definition)


def _all_space(node: nodes.Call, call: MethodCall, look: Look, characters: str) -> Fix | None:
    """What people write instead: all white space goes, not only some."""
    if not characters.isspace():
        return None
    title = "Strip all white space"
    if supported(look, f"method.str.{call.name}"):
        text = f"{operand(call.receiver, look, Level.ATOM)}.{call.name}()"
        return replace(node, text, Level.ATOM, look, title, Safety.UNSAFE)
    if call.name != "strip" or not supported(look, "filter.trim@plain"):
        return None
    text = f"{operand(call.receiver, look, Level.FILTER)}{pipe(look)}trim"
    return replace(node, text, Level.FILTER, look, title, Safety.UNSAFE)


def _trim(node: nodes.Call, look: Look, characters: str) -> str:
    return f"trim({operand(node.args[0], look, Level.CONDITIONAL)})" if characters else "trim"


def _one_sided(call: MethodCall, look: Look, characters: str) -> str | None:
    trim = "filter.trim.chars@plain" if characters else "filter.trim@plain"
    edge = "slice.but-last@plain" if call.name == "lstrip" else "slice.from@plain"
    if not supported(look, trim, edge, "slice.filter", "concat@plain"):
        return None
    guard = quoted(next(character for character in _GUARDS if character not in characters), look)
    text = operand(call.receiver, look, Level.FILTER)
    name = f"trim({quoted(characters, look)})" if characters else "trim"
    if call.name == "lstrip":
        return f"(({text} ~ {guard}){pipe(look)}{name})[:-1]"
    return f"(({guard} ~ {text}){pipe(look)}{name})[1:]"


def _by_macro(node: nodes.Call, call: MethodCall, look: Look, characters: str) -> Fix | None:
    macro = WITHOUT_START if call.name == "lstrip" else WITHOUT_END
    if len(characters) != 1 or not can_call_macros(look, macro):
        return _all_space(node, call, look, characters)
    return call_macro(look, node, macro, [operand(call.receiver, look, Level.CONDITIONAL), quoted(characters, look)])


REWRITES = {"strip": _strip, "lstrip": _strip, "rstrip": _strip}
