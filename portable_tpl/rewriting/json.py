"""JSON text as the reference writes it, from a ``tojson`` that escapes markup.

Where a target writes ``<`` as ``\\u003c``, a chain of ``replace`` takes that back. A backslash that belongs to the
data is two in JSON text; a tab, which JSON text never holds, stands for such a pair for the while, so that
``\\\\u003c`` in the data is not taken for an escape. On text without these escapes the chain changes nothing.
"""

from __future__ import annotations

import json
from functools import lru_cache

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.severity import severity_of
from portable_tpl.checking.support import escapes_output, supported
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix, Severity
from portable_tpl.rewriting.calls import called_macro
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.rewriting.helper_macros import JSON, JSON_INDENTED, UNDO, call_macro, can_call_macros
from portable_tpl.support.spelling import constant

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}
# Texts on which a chain shows what it does: markup, escapes that are data, tabs, and backslashes before markup.
_SAMPLES = ("a<b>c&d'e", "\\u003c", "\\", "\\\\<", "\\\t<", "\t", "\\u0027'", '"\'"', "\\\\u0026&", "é<", "")


def plain_json(node: nodes.Filter, look: Look) -> Fix | None:
    """What to write instead of a ``tojson`` that escapes markup."""
    if node.node is None or node.args or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    arguments: dict[str, nodes.Expr] = {str(keyword.key): keyword.value for keyword in node.kwargs}
    if arguments.keys() - {"indent"} or escapes_output(look):
        return None
    indent = arguments.get("indent")
    if indent is not None and type(constant(indent)) is not int:
        return None  # an indent of tabs would be in the way of the chain
    value = operand(node.node, look, Level.CONDITIONAL)
    macro = JSON if indent is None else JSON_INDENTED
    if _is_error(look) and can_call_macros(look, macro):
        return call_macro(look, node, macro, [value, *([] if indent is None else [look.parsed.source(indent)])])
    if not supported(look, "filter.replace@plain"):
        return None
    text = look.parsed.source(node) + UNDO.replace("|", pipe(look, node))
    return replace(node, text, Level.FILTER, look, "Take the escapes of markup back")


def _is_error(look: Look) -> bool:
    """Whether some target's escapes are an error, which a macro is for: most hosts of minijinja have none."""
    hits = look.families.get("filter.tojson", {}).get("html", ())
    return any(
        severity_of(Tier(support.tier), target, "filter.tojson@html") is Severity.ERROR
        for target, support in hits
        if support.tier is not None
    )


def is_undone(node: nodes.Filter, look: Look) -> bool:
    """Whether what is done with the result of ``tojson`` takes the escapes of markup back, and does nothing else.

    That is a chain of filters right behind it, or in a macro that prints its argument through such a chain.
    """
    steps = _steps(node, look)
    if not steps:
        steps = _steps_of_macro(node, look)
    return len(steps) >= len(_ESCAPES) and _undoes(tuple(steps))


def _steps(node: nodes.Expr, look: Look) -> list[tuple[str, str]]:
    """The texts that filters behind an expression replace, in order."""
    steps: list[tuple[str, str]] = []
    parent = look.parent(node)
    while (
        isinstance(parent, nodes.Filter) and parent.name == "replace" and len(parent.args) == 2 and not parent.kwargs
    ):
        old, new = (constant(argument) for argument in parent.args)
        if not isinstance(old, str) or not isinstance(new, str):
            break
        steps.append((old, new))
        parent = look.parent(parent)
    return steps


def _steps_of_macro(node: nodes.Filter, look: Look) -> list[tuple[str, str]]:
    call = look.parent(node)
    macro = called_macro(call, look) if isinstance(call, nodes.Call) and node in call.args else None
    if macro is None or not isinstance(call, nodes.Call):
        return []
    position = next(index for index, argument in enumerate(call.args) if argument is node)
    if position >= len(macro.args):
        return []
    name = macro.args[position].name
    uses = [each for each in macro.find_all(nodes.Name) if each.name == name and each.ctx == "load"]
    return _steps(uses[0], look) if len(uses) == 1 else []


@lru_cache(maxsize=256)
def _undoes(steps: tuple[tuple[str, str], ...]) -> bool:
    for sample in _SAMPLES:
        wanted = json.dumps([sample], ensure_ascii=False)
        escaped = wanted
        for character, escape in _ESCAPES.items():
            escaped = escaped.replace(character, escape)
        for text in (wanted, escaped):
            for old, new in steps:
                text = text.replace(old, new)
            if text != wanted:
                return False
    return True
