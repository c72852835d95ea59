"""Whether some code may read a name before it sets it: a look at the text's order, which is soon taken.

It decides nothing: where it says no, the template's names need not be resolved.
"""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

from portable_tpl.template.syntax.conditions import raises
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.syntax.walking import names


def reads_early(body: Iterable[nodes.Node], wanted: Iterable[str], parsed: ParsedTemplate) -> bool:
    """Whether the statements may read one of the names that they, up to there, have not set themselves."""
    return _unset_after(body, frozenset(wanted), parsed) is None


def _unset_after(body: Iterable[nodes.Node], unset: frozenset[str], parsed: ParsedTemplate) -> frozenset[str] | None:
    """Which of the names that are not set before some statements may not be set after them; ``None``: one is read."""
    for statement in body:
        if not unset:
            break
        if raises(statement) or isinstance(statement, (nodes.Continue, nodes.Break)):
            return None if _reads(statement, unset, parsed) else frozenset()
        after = _after(statement, unset, parsed)
        if after is None:
            return None
        unset = after
    return unset


def _after(statement: nodes.Node, unset: frozenset[str], parsed: ParsedTemplate) -> frozenset[str] | None:
    """The same, for one statement."""
    if isinstance(statement, nodes.If):
        return _after_branches(statement, unset, parsed)
    if isinstance(statement, nodes.For):
        return None if _read_in_loop(statement, unset, parsed) else unset
    if isinstance(statement, nodes.Assign):
        return None if _reads(statement.node, unset, parsed) else unset - _stored(statement.target)
    if _reads(statement, unset, parsed):
        return None
    return unset - _stored(statement.target) if isinstance(statement, nodes.AssignBlock) else unset


def _after_branches(node: nodes.If, unset: frozenset[str], parsed: ParsedTemplate) -> frozenset[str] | None:
    unset_after: frozenset[str] = frozenset()
    for branch in (node, *node.elif_):
        after = None if _reads(branch.test, unset, parsed) else _unset_after(branch.body, unset, parsed)
        if after is None:
            return None
        unset_after |= after
    after = _unset_after(node.else_, unset, parsed)
    return None if after is None else unset_after | after


def _read_in_loop(node: nodes.For, unset: frozenset[str], parsed: ParsedTemplate) -> bool:
    inner = unset - _stored(node.target) - {"loop"}
    return (
        _reads(node.iter, unset, parsed)
        or (node.test is not None and _reads(node.test, inner, parsed))
        or _unset_after(node.body, inner, parsed) is None
        or _unset_after(node.else_, unset, parsed) is None
    )


def _stored(target: nodes.Node) -> set[str]:
    """The names that an assignment sets; the namespace of ``set ns.x`` is none."""
    return {each.name for each in names((target,)) if isinstance(each, nodes.Name)}


def _reads(root: nodes.Node, wanted: frozenset[str], parsed: ParsedTemplate) -> bool:
    return bool(wanted) and parsed.reads(root, wanted)
