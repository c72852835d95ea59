"""Calls of macros that an engine does not take.

What it does
------------
Finds macros that are called with too few or too many arguments, by names that leave some out or are in another order
than the definition's, with ``*list`` or ``**mapping``, or that read ``varargs``, ``kwargs``, their own name or
arguments.

Why it breaks
-------------
A missing argument is undefined in jinja2 and an error in llama.cpp; surplus ones are an error in minijinja. Where a
call names an argument and leaves out one before it, llama.cpp forgets the default of that one.

Example
-------
``{% macro m(a, b) %}…{% endmacro %}{{ m(1) }}`` is portable as ``{% macro m(a, b=none) %}``.

Fix safety
----------
Safe for arguments given by name: they are given in the definition's order, with the defaults that were left out,
where these read no variables. No other fix is offered: a default of ``none`` is defined, a missing argument is not.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.calls import called_macro
from portable_tpl.rewriting.expressions import Level, replace
from portable_tpl.support.spelling import follows_call
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL506"
IMITATED = True


def _call(node: nodes.Call, look: Look) -> None:
    if isinstance(node.node, nodes.Filter):
        look.use("filter.called", node)
    if node.dyn_args is not None:
        look.use("macro.spread" if called_macro(node, look) else "call.spread", node)
    if node.dyn_kwargs is not None:
        look.use("macro.spread-mapping", node)
    macro = called_macro(node, look)
    if macro is None:
        return
    given = {keyword.key for keyword in node.kwargs}
    names = [argument.name for argument in macro.args]
    if given:
        look.use("macro.keyword", node)
        _order(node, names, look)
    if node.dyn_args is None and node.dyn_kwargs is None:
        needed = names[len(node.args) : len(names) - len(macro.defaults)]
        if any(name not in given for name in needed):
            look.use("macro.missing", node)
    if len(node.args) > len(names):
        look.use("macro.surplus", node)
    if given - set(names) - {"caller"}:
        look.use("macro.kwargs", node)


def _order(node: nodes.Call, names: list[str], look: Look) -> None:
    """Keywords that do not simply go on where the positional arguments end."""
    places = [names.index(keyword.key) for keyword in node.kwargs if keyword.key in names]
    first = len(node.args)
    if sorted(places) != list(range(first, first + len(places))):
        look.use("macro.keyword-skips", node)
    elif places != sorted(places):
        look.use("macro.keyword-order", node)


def _attribute(node: nodes.Getattr, look: Look) -> None:
    if follows_call(node, look.parsed):
        look.use("call.method" if isinstance(look.parent(node), nodes.Call) else "call.attr", node)
    if node.attr in ("name", "arguments") and look.type(node.node).bits & k.MACRO:
        look.use(FeatureId.of("macro", node.attr), node)


def _item(node: nodes.Getitem, look: Look) -> None:
    if follows_call(node, look.parsed):
        look.use("call.item", node)


def _definition(node: nodes.Macro, look: Look) -> None:
    look.use("statement.macro", node)
    if node.defaults:
        look.use("macro.default", node)
    names = {argument.name for argument in node.args}
    for default in node.defaults:
        if any(name.name in names for name in default.find_all(nodes.Name)) or (
            isinstance(default, nodes.Name) and default.name in names
        ):
            look.use("macro.default-argument", node)


def _by_place(node: nodes.Node, look: Look) -> Fix | None:
    """The call with all its arguments in the definition's order."""
    if not isinstance(node, nodes.Call):
        return None
    macro = called_macro(node, look)
    if macro is None or not node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    names = [argument.name for argument in macro.args]
    given = {keyword.key: keyword.value for keyword in node.kwargs}
    left = names[len(node.args) :]
    if not given.keys() <= set(left):
        return None
    defaults = dict(zip(names[len(names) - len(macro.defaults) :], macro.defaults, strict=True))
    values: list[nodes.Expr] = list(node.args)
    for name in left[: max(map(left.index, given)) + 1]:
        value = given.get(name, defaults.get(name))
        if value is None or (name not in given and _reads_names(value)):
            return None
        values.append(value)
    text = f"{look.parsed.source(node.node)}({', '.join(map(look.parsed.source, values))})"
    return replace(node, text, Level.ATOM, look, "Give the arguments in the order of the macro's definition")


def _reads_names(default: nodes.Expr) -> bool:
    """Whether a default may mean something else where the macro is called."""
    return isinstance(default, nodes.Name) or default.find(nodes.Name) is not None


FIX = _by_place
VISITS = {nodes.Call: _call, nodes.Getattr: _attribute, nodes.Getitem: _item, nodes.Macro: _definition}
VALID = (
    Example("{% macro m(a, b='x') %}{{ a }}{% endmacro %}{{ m(1) }}", targets=("llama.cpp-engine", "minijinja")),
    Example(
        "{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{% call m(1) %}x{% endcall %}",
        targets=("llama.cpp-engine",),
    ),
)
INVALID = (
    Example(
        "{% macro m(a, b=[], c='y') %}{{ a }}{{ b|length }}{{ c }}{% endmacro %}{{ m(1, c='z') }}",
        targets=("llama.cpp-engine",),
        fixed="{% macro m(a, b=[], c='y') %}{{ a }}{{ b|length }}{{ c }}{% endmacro %}{{ m(1, [], 'z') }}",
    ),
    Example(
        "{% macro m(a, b=none, c=1) %}{{ c }}{% endmacro %}{{ m(c=-2, a=bos_token if tools else 'z') }}",
        targets=("llama.cpp-engine",),
        fixed="{% macro m(a, b=none, c=1) %}{{ c }}{% endmacro %}{{ m(bos_token if tools else 'z', none, -2) }}",
    ),
    Example(
        "{% macro m(a, b='x', c='y') %}{{ c + caller() }}{% endmacro %}{% call m(1, c='z') %}{% endcall %}",
        targets=("llama.cpp-engine",),
        fixed="{% macro m(a, b='x', c='y') %}{{ c + caller() }}{% endmacro %}{% call m(1, 'x', 'z') %}{% endcall %}",
    ),
    Example("{% macro m(a, b) %}{{ a }}{% endmacro %}{{ m(1) }}", targets=("llama.cpp-engine",)),
    Example("{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}{{ m(1, 2) }}", targets=("minijinja",)),
)
