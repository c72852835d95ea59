"""Find what the reference parses but cannot compile, without compiling what is plainly in order.

jinja2 refuses some templates only when it writes Python code for them, and Python refuses some of that code. To
compile takes longer than to parse, so a template is first looked over for anything that could make either of them
refuse; nearly all have nothing of the kind.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError as JinjaSyntaxError

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.words import in_one_line
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.parsing import TOO_DEEP, ParsedTemplate
from portable_tpl.template.syntax.walking import names

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

# Python stops at 20 nested loops, 100 steps of indentation and 200 brackets, and jinja2 at 1,000 calls; a level of
# the tree costs up to two steps, three brackets and five calls.
_DEEP = 40
_MANY_LOOPS = 15
_MANY_BRANCHES = 50
_LONG_NUMBER = 10**4000  # Python writes no number of more than 4,300 digits


def compile_check(parsed: ParsedTemplate, unknown_names: bool = False) -> None:
    """Refuse what the reference parses but cannot compile: an unknown filter, two blocks of one name.

    Raises :class:`TemplateSyntaxError`. A filter that only a branch uses which is not taken is no
    reason to refuse, here as there. With ``unknown_names``, no filter or test is refused for its name: what audits a
    template reports these by :func:`portable_tpl.template.names.unknown.unknown_names` and goes on.
    """
    if doubtful(parsed):
        _compile(parsed, _tolerant_environment() if unknown_names else _environment())


def _compile(parsed: ParsedTemplate, environment: ImmutableSandboxedEnvironment) -> None:
    where = parsed.template.label
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own, about the code that jinja2 writes
            environment.compile(parsed.tree)
    except JinjaSyntaxError as error:
        raise TemplateSyntaxError(in_one_line(error.message or ""), error.lineno, where) from error
    except RecursionError as error:
        raise TemplateSyntaxError(TOO_DEEP, None, where) from error
    except SyntaxError as error:
        # Python refuses the code that jinja2 wrote: 21 nested loops, two arguments of one name, a stray break.
        raise TemplateSyntaxError(in_one_line(error.msg), None, where) from error
    except (AssertionError, ValueError, MemoryError) as error:
        # jinja2's compiler has holes: a filter's arguments in `{% set x | default(y) %}` trip an assertion.
        raise TemplateSyntaxError(in_one_line(str(error)), None, where) from error


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = reference_environment()
    # Folding constants would let `{{ 9 ** 9 ** 9 }}` run for hours, and it changes the tree.
    environment.optimized = False
    return environment


@lru_cache(maxsize=1)
def _tolerant_environment() -> ImmutableSandboxedEnvironment:
    environment = reference_environment()
    environment.optimized = False
    environment.filters, environment.tests = _AnyName(environment.filters), _AnyName(environment.tests)
    return environment


class _AnyName(dict[str, Any]):
    """Filters or tests of which jinja2's compiler finds one by every name."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, str)


def doubtful(parsed: ParsedTemplate) -> bool:
    """Whether anything in a template could keep it from being compiled; most of what could does not."""
    depths: dict[nodes.Node | None, int] = {None: 0}
    parents, doubts = parsed.parents, _DOUBTS
    for node in parsed.nodes:
        depth = depths[node] = depths[parents.get(node)] + 1
        doubt = doubts.get(node.__class__)
        if depth > _DEEP or (doubt is not None and doubt(node, parsed)):
            return True
    return False


def _always(_node: nodes.Node, _parsed: ParsedTemplate) -> bool:
    return True


def _unknown_filter(node: nodes.Filter, parsed: ParsedTemplate) -> bool:
    return node.name not in _environment().filters or _odd_keywords(node, parsed)


def _unknown_test(node: nodes.Test, parsed: ParsedTemplate) -> bool:
    return node.name not in _environment().tests or _odd_keywords(node, parsed)


def _odd_keywords(node: nodes.Call | nodes.Filter | nodes.Test, _parsed: ParsedTemplate) -> bool:
    """Keywords given twice, also by jinja2 itself (``caller``, ``_loop_vars``), or not Python's to take."""
    keys = [str(keyword.key) for keyword in node.kwargs]
    return any(key[0] == "_" or key == "caller" or not key.isascii() for key in keys) or len(set(keys)) < len(keys)


def _odd_arguments(node: nodes.Macro | nodes.CallBlock, _parsed: ParsedTemplate) -> bool:
    arguments = [argument.name for argument in node.args]
    return any(name == "caller" or not name.isascii() for name in arguments) or len(set(arguments)) < len(arguments)


def _filtered_with_names(node: nodes.AssignBlock, _parsed: ParsedTemplate) -> bool:
    return node.filter is not None and any(True for _ in names((node.filter,)))


def _loop_assigned(node: nodes.Name, _parsed: ParsedTemplate) -> bool:
    return node.name == "loop" and node.ctx == "store"


def _many_loops(node: nodes.For, parsed: ParsedTemplate) -> bool:
    count, outer = 0, parsed.parent(node)
    while outer is not None:
        count += isinstance(outer, nodes.For)
        outer = parsed.parent(outer)
    return count > _MANY_LOOPS


def _many_branches(node: nodes.If, _parsed: ParsedTemplate) -> bool:
    return len(node.elif_) > _MANY_BRANCHES


def _long_number(node: nodes.Const, _parsed: ParsedTemplate) -> bool:
    return type(node.value) is int and node.value > _LONG_NUMBER


def _slice_in_tuple(node: nodes.Slice, parsed: ParsedTemplate) -> bool:
    return not isinstance(parsed.parent(node), nodes.Getitem)


def _outside_loop(node: nodes.Stmt, parsed: ParsedTemplate) -> bool:
    """Whether a ``break`` stands in no loop's body of its own function."""
    inner: nodes.Node = node
    outer = parsed.parent(node)
    while outer is not None and not isinstance(outer, (nodes.Macro, nodes.CallBlock)):
        if isinstance(outer, nodes.For) and not any(item is inner for item in outer.else_):
            return False
        inner, outer = outer, parsed.parent(outer)
    return True


_Doubt: TypeAlias = "Callable[[Any, ParsedTemplate], bool]"
_DOUBTS: dict[type[nodes.Node], _Doubt] = {
    nodes.Block: _always,
    nodes.Extends: _always,
    nodes.Include: _always,
    nodes.Import: _always,
    nodes.FromImport: _always,
    nodes.Filter: _unknown_filter,
    nodes.Test: _unknown_test,
    nodes.Call: _odd_keywords,
    nodes.Macro: _odd_arguments,
    nodes.CallBlock: _odd_arguments,
    nodes.AssignBlock: _filtered_with_names,
    nodes.Name: _loop_assigned,
    nodes.For: _many_loops,
    nodes.If: _many_branches,
    nodes.Const: _long_number,
    nodes.Slice: _slice_in_tuple,
    nodes.Break: _outside_loop,
    nodes.Continue: _outside_loop,
}
