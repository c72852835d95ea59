"""Rewrites of Python methods, by name: which module knows what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import escapes_output
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting import edges as _rewrites_edges
from portable_tpl.rewriting import filters as _rewrites_filters
from portable_tpl.rewriting import mapping as _rewrites_mapping
from portable_tpl.rewriting import prefix as _rewrites_prefix
from portable_tpl.rewriting import search as _rewrites_search
from portable_tpl.rewriting import split as _rewrites_split
from portable_tpl.rewriting import template_text as _rewrites_template_text
from portable_tpl.rewriting.calls import MethodCall

Rewrite = Callable[[nodes.Call, MethodCall, Look], "Fix | None"]

_REWRITES: Mapping[str, Rewrite] = MappingProxyType(
    {
        **_rewrites_edges.REWRITES,
        **_rewrites_filters.REWRITES,
        **_rewrites_mapping.REWRITES,
        **_rewrites_prefix.REWRITES,
        **_rewrites_search.REWRITES,
        **_rewrites_split.REWRITES,
        **_rewrites_template_text.REWRITES,
    }
)


def rewrite(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """What to write instead of a call of a method; ``None`` where nothing portable does the same."""
    if node.dyn_args is not None or node.dyn_kwargs is not None or escapes_output(look):
        return None
    make = _REWRITES.get(call.name)
    return None if make is None else make(node, call, look)
