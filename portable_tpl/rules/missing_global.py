"""Functions that an engine does not have.

What it does
------------
Finds calls of ``dict``, ``cycler``, ``joiner``, ``lipsum`` and forms of ``range`` and ``namespace`` that a
target does not take.

Why it breaks
-------------
Which functions a template can call is for the engine and the deployment to say; one that is missing is an error
when it is reached.

Example
-------
``{{ dict(a=1) }}`` is ``{{ {'a': 1} }}``.

Fix safety
----------
Safe for ``dict`` with names only, which becomes a literal.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.expressions import Level, literal, replace
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL801"
_KNOWN = frozenset({"range", "dict", "namespace", "raise_exception", "strftime_now", "lipsum", "cycler", "joiner"})


def _call(node: nodes.Call, look: Look) -> None:
    callee = node.node
    if isinstance(callee, nodes.Getattr) and callee.attr == "fromkeys":
        look.use("method.dict.fromkeys", node)
    if not isinstance(callee, nodes.Name) or callee.name not in _KNOWN:
        return
    bits = look.type(callee).bits
    if bits and not bits & k.FUNCTION:
        return

    def fix() -> Fix | None:
        return _literal(node, look) if callee.name == "dict" else None

    look.use(f"global.{callee.name}", node, fix)
    for variant in _variants(callee.name, node, look):
        look.use(f"global.{callee.name}.{variant}", node, fix)


def _literal(node: nodes.Call, look: Look) -> Fix | None:
    if node.args or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    pairs = (f"{literal(keyword.key)}: {look.parsed.source(keyword.value)}" for keyword in node.kwargs)
    return replace(node, "{" + ", ".join(pairs) + "}", Level.ATOM, look, "Write a literal")


def _variants(name: str, node: nodes.Call, look: Look) -> Iterator[str]:
    if name == "range":
        if len(node.args) > 2:
            step = constant(node.args[2])
            yield "down" if isinstance(step, int) and step < 0 else "step"
        elif len(node.args) > 1:
            yield "start"
        elif node.args and look.type(node.args[0]).bits & k.NEGATIVE:
            yield "negative"
    elif name in ("dict", "namespace"):
        if node.dyn_kwargs is not None:
            yield "spread"
        if node.args and look.type(node.args[0]).bits & (k.LIST | k.TUPLE):
            yield "pairs"
        elif node.args:
            yield "merge" if node.kwargs and name == "dict" else "mapping"
        elif not node.kwargs:
            yield "empty"
        if name == "namespace" and any(isinstance(keyword.value, nodes.CondExpr) for keyword in node.kwargs):
            yield "condexpr"
    elif name == "raise_exception" and node.args and look.type(node.args[0]).bits & ~(k.STR | k.ALL_FACTS):
        yield "other"


VISITS = {nodes.Call: _call}
VALID = (Example("{% for i in range(3) %}{{ i }}{% endfor %}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{{ dict(a=1).a }}", targets=("hf-jinja",), fixed="{{ {'a': 1}.a }}"),)
