"""Names that exist nowhere: filters, tests, functions, macros and other templates that neither the reference nor the
template has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from jinja2 import nodes

from portable_tpl.template.names.scopes import Scopes, resolve_names
from portable_tpl.template.syntax.conditions import conditions_on, implies, is_given
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.parsing import ParsedTemplate

NameKind: TypeAlias = Literal["filter", "test", "function", "macro", "template"]

# Statements that load another template. The reference sets no loader up, so that each of them fails.
_LOADING: Mapping[type[nodes.Node], str] = MappingProxyType(
    {
        nodes.Extends: "extends",
        nodes.FromImport: "from",
        nodes.Import: "import",
        nodes.Include: "include",
    }
)

# Filters that take the name of a filter or a test as an argument, and which one that is.
_NAMED_TEST = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


# Statements whose body jinja2 compiles in a frame of its own (its `Frame.inner`).
_FRAMES = (
    nodes.AssignBlock,
    nodes.Block,
    nodes.CallBlock,
    nodes.FilterBlock,
    nodes.For,
    nodes.Macro,
    nodes.Scope,
    nodes.With,
)


@dataclass(frozen=True)
class UnknownName:
    """A use of a name that nothing gives a meaning.

    ``node`` is the ``Filter``, ``Test`` or ``Call``, or the ``Const`` that names the filter of a ``map``. A ``macro``
    is one that the template does define, but not where the call could see it, or not before it. A ``template`` is a
    statement that loads another one; its ``name`` is that of the statement.
    """

    kind: NameKind
    name: str
    node: nodes.Node


def unknown_names(parsed: ParsedTemplate, provided: Collection[str] = ()) -> tuple[UnknownName, ...]:
    """All uses of filters, tests, functions, macros and other templates that exist nowhere, in the template's order.

    ``provided`` are names that a deployment brings. A use that a condition guards is none: a call where the name ``is
    defined``, a filter where ``'its name' is filter``, if the reference compiles it so. Nothing is rendered.
    """
    known = _known()
    scopes: Scopes | None = None
    macros = {node.name for node in parsed.nodes if isinstance(node, nodes.Macro)}
    unknown = []
    for node in parsed.nodes:
        for kind, name, place in _uses(node):
            if name in provided or name in known[kind]:
                continue
            if kind == "function":
                scopes = scopes or resolve_names(parsed.tree)
                # A value from elsewhere (a variable, a macro that only one branch defines) may well be callable.
                if scopes.reads[node.node].bindings:  # type: ignore[attr-defined]
                    continue
            # A filter that `map` is given by name is looked up when it is used, one that is written at once.
            hard = place is node and kind != "function" and not _is_soft(parsed, node)
            if hard or not _guarded(parsed, node, kind, name):
                unknown.append(UnknownName("macro" if kind == "function" and name in macros else kind, name, place))
    return tuple(unknown)


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    environment = reference_environment()
    return {
        "filter": frozenset(environment.filters),
        "test": frozenset(environment.tests),
        "function": frozenset(environment.globals),
        "template": frozenset(),
    }


def _uses(node: nodes.Node) -> Iterator[tuple[NameKind, str, nodes.Node]]:
    if isinstance(node, nodes.Filter):
        yield "filter", node.name, node
        place = _NAMED_TEST.get(node.name, 0 if node.name == "map" else None)
        if place is not None and len(node.args) > place:
            name = node.args[place]
            if isinstance(name, nodes.Const) and isinstance(name.value, str):
                yield "filter" if node.name == "map" else "test", name.value, name
    elif isinstance(node, nodes.Test):
        yield "test", node.name, node
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        yield "function", node.node.name, node
    elif type(node) in _LOADING:
        yield "template", _LOADING[type(node)], node


def _is_soft(parsed: ParsedTemplate, node: nodes.Node) -> bool:
    """Whether jinja2 lets a filter or test that it does not know pass until it is used.

    Its compiler does so inside of ``if``, and forgets it where a body with names of its own begins.
    """
    child, parent = node, parsed.parent(node)
    while parent is not None:
        if isinstance(parent, (nodes.If, nodes.CondExpr)):
            return True
        if isinstance(parent, _FRAMES) and not any(child is each for each in _outside(parent)):
            return False
        child, parent = parent, parsed.parent(parent)
    return False


def _outside(node: nodes.Node) -> list[nodes.Node]:
    """The parts of a statement that are evaluated before its body's names exist."""
    if isinstance(node, nodes.For):
        return [node.iter]
    if isinstance(node, nodes.CallBlock):
        return [node.call]
    return list(node.values) if isinstance(node, nodes.With) else []


def _guarded(parsed: ParsedTemplate, node: nodes.Node, kind: NameKind, name: str) -> bool:
    if kind == "function":
        return is_given(parsed.parent, node, name)

    def proves(test: nodes.Node, wanted: bool) -> bool:
        asks = isinstance(test, nodes.Test) and test.name == kind and isinstance(test.node, nodes.Const)
        return asks and wanted and test.node.value == name  # type: ignore[attr-defined]

    return any(implies(condition, proves) for condition in conditions_on(parsed.parent, node))
