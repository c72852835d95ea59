"""Rewrites of Python methods, by name: which module knows what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jinja2 import nodes

from portable_tpl.findings import Fix
from portable_tpl.rules import (
    _rewrites_edges,
    _rewrites_filters,
    _rewrites_mapping,
    _rewrites_prefix,
    _rewrites_search,
    _rewrites_split,
    _rewrites_template_text,
)
from portable_tpl.rules._base import Look
from portable_tpl.rules._calls import MethodCall
from portable_tpl.rules._support import escapes_output

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
