"""The rules, found by being there: each module of :mod:`portable_tpl.rules` is one; and the release checks' names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import nodes

from portable_tpl.checking.base import Broken, Look, Rule, Use, Visit
from portable_tpl.model.findings import Fix
from portable_tpl.model.plugs import coded_plugs

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate
    from portable_tpl.template.types.types import Types


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """All rules by code."""
    return coded_plugs("portable_tpl.rules", Rule, visits="VISITS", fix="FIX", imitated="IMITATED")


def release_names() -> Mapping[str, str]:
    """The names of the release checks by code."""
    from portable_tpl.release._registry import checks

    return {code: check.name for code, check in checks().items()}


@lru_cache(maxsize=2)
def dispatch(imitated: bool = False) -> Mapping[type[nodes.Node], tuple[tuple[str, Visit], ...]]:
    """Which functions of which rules look at a kind of node; ``imitated``: of those about what engines imitate."""
    table: dict[type[nodes.Node], list[tuple[str, Visit]]] = {}
    for rule in rules().values():
        if imitated and not rule.imitated:
            continue
        for kind, visit in rule.visits.items():
            table.setdefault(kind, []).append((rule.code, visit))
    return {kind: tuple(visits) for kind, visits in table.items()}


def looked(parsed: ParsedTemplate, types: Types, broken: Broken, imitated: bool = False) -> Look:
    """What the rules, or those about what engines ``imitated``, have seen of a template."""
    look = Look(parsed, types, broken)
    visits = dispatch(imitated)
    for node in parsed.nodes:
        kind = node.__class__
        if kind in visits:
            for look.rule, visit in visits[kind]:
                visit(node, look)
    return look


def fix_of(use: Use, look: Look) -> Fix | None:
    """The fix of one use: its own, or that of its rule."""
    fix = None if use.fix is None else use.fix()
    rule = rules()[use.rule]
    return fix if fix is not None or rule.fix is None else rule.fix(use.node, look)
