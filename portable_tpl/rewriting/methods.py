"""Rewrites of Python methods, by name: which module knows what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import escapes_output
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting import edges, filters, mapping, search, split, template_text
from portable_tpl.rewriting.calls import MethodCall

Rewrite = Callable[[nodes.Call, MethodCall, Look], "Fix | None"]

_REWRITES: Mapping[str, Rewrite] = MappingProxyType(
    {
        name: rewrite
        for module in (edges, filters, mapping, search, split, template_text)
        for name, rewrite in module.REWRITES.items()
    }
)


def rewrite(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """What to write instead of a call of a method; ``None`` where nothing portable does the same."""
    if node.dyn_args is not None or node.dyn_kwargs is not None or escapes_output(look):
        return None
    make = _REWRITES.get(call.name)
    return None if make is None else make(node, call, look)
