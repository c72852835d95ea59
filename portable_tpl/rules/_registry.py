"""The one place where rules are registered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from portable_tpl.findings import Fix
from portable_tpl.rules._base import Broken, Look, Rule, Use, Visit

if TYPE_CHECKING:
    from portable_tpl.template.parsing import ParsedTemplate
    from portable_tpl.template.types import Types

# Every rule module of this folder (a test compares), in the order of their codes.
MODULES = (
    "unused_ignore",
    "invalid_ignore",
    "python_method",
    "method_argument",
    "method_result",
    "method_as_attribute",
    "python_literal",
    "percent_format",
    "missing_operator",
    "loose_equality",
    "order_comparison",
    "containment",
    "addition",
    "arithmetic",
    "text_slice",
    "literal_syntax",
    "condition_value",
    "missing_filter",
    "filter_argument",
    "filter_input",
    "tojson_argument",
    "tojson_escaping",
    "tojson_then_escape",
    "tojson_number",
    "missing_test",
    "test_argument",
    "test_meaning",
    "test_in_filter",
    "missing_statement",
    "loop_control_output",
    "loop_source",
    "loop_unpacking",
    "loop_variable",
    "macro_call",
    "block_scope",
    "macro_scope",
    "print_none",
    "print_boolean",
    "print_list",
    "print_mapping",
    "print_other",
    "joined_value",
    "missing_attribute",
    "source_line_ends",
    "white_space_mark",
    "layout",
    "missing_global",
    "date_format",
    "name_in_context",
    "text_length",
    "text_case",
    "text_trim",
)


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """All rules by code."""
    found: dict[str, Rule] = {}
    for module in MODULES:
        rule = _load(module)
        if rule.code in found:
            raise ValueError(f"two rules have the code {rule.code}")
        found[rule.code] = rule
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def dispatch() -> Mapping[type[nodes.Node], tuple[tuple[str, Visit], ...]]:
    """Which functions of which rules look at a kind of node."""
    table: dict[type[nodes.Node], list[tuple[str, Visit]]] = {}
    for rule in rules().values():
        for kind, visit in rule.visits.items():
            table.setdefault(kind, []).append((rule.code, visit))
    return {kind: tuple(visits) for kind, visits in table.items()}


def looked(parsed: ParsedTemplate, types: Types, broken: Broken) -> Look:
    """What the rules have seen of a template."""
    look = Look(parsed, types, broken)
    visits = dispatch()
    for node in parsed.nodes:
        found = visits.get(node.__class__)
        if found is not None:
            for code, visit in found:
                look.rule = code
                visit(node, look)
    return look


def fix_of(use: Use, look: Look) -> Fix | None:
    """The fix of one use: its own, or that of its rule."""
    made = None if use.fix is None else use.fix()
    rule = rules()[use.rule]
    return made if made is not None or rule.fix is None else rule.fix(use.node, look)


def find_rule(name: str) -> Rule | None:
    """The rule with a code or name, in any case of letters."""
    wanted = name.strip().lower()
    for rule in rules().values():
        if wanted in (rule.code.lower(), rule.name):
            return rule
    return None


def _load(module: str) -> Rule:
    found: Any = import_module(f"portable_tpl.rules.{module}")
    docs = found.__doc__ or ""
    return Rule(
        code=found.CODE,
        name=module.replace("_", "-"),
        title=docs.partition("\n")[0].rstrip("."),
        docs=docs,
        visits=found.VISITS,
        valid=tuple(found.VALID),
        invalid=tuple(found.INVALID),
        fix=getattr(found, "FIX", None),
    )
