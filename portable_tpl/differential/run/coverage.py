"""Which branches, and which state across turns, a run reached, which it missed, and which no tier of it can reach."""

from __future__ import annotations

from itertools import takewhile

from jinja2 import nodes

from portable_tpl.differential.run.explored import Explored
from portable_tpl.model.rendering import Failed
from portable_tpl.model.report import Coverage, MissedBranch, MissedPair
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch

_WORDS = {
    "else": "not ({})",
    "inline-else": "not ({})",
    "loop": "{} has an item",
    "empty-loop": "{} is empty",
    "macro": "macro {} is called",
}
_LONGEST = 120  # characters of a condition in a line of the report


def coverage_of(parsed: ParsedTemplate, run: Explored) -> Coverage:
    """The coverage of a run, on the reference.

    ``branches`` leaves out those that cannot be reached in the tier: the template's types rule them out, or only
    conversations of a stranger tier were seen to reach them. They are listed as missed and not reachable.
    """
    listed = []
    beyond = 0
    for branch in run.missed:
        stopped_at = stopping_line(parsed, run, branch)
        out = stopped_at is None and (branch.number in run.impossible or branch.number in run.stranger)
        beyond += out
        listed.append(MissedBranch(branch.line, describe(parsed, branch), False if out else None, stopped_at))
    pairs = run.feasible_turns
    missed = tuple(MissedPair(goal.state.name, goal.definition.lineno, goal.use.lineno) for goal in run.missed_turns)
    branches = len(run.branches)
    return Coverage(
        branches - beyond, branches - len(run.missed), tuple(listed), len(pairs), len(pairs) - len(missed), missed
    )


def stopping_line(parsed: ParsedTemplate, run: Explored, branch: Branch) -> int | None:
    """The line of a statement before a branch in which the reference failed whenever it came there."""
    failing = {trace.rendering.line for trace in run.traces if isinstance(trace.rendering, Failed)} - {None}
    child: nodes.Node = branch.node
    parent = parsed.parent(child)
    while failing and parent is not None:
        for before in _before(parent, child):
            first, last = (parsed.template.position(offset)[0] for offset in parsed.span(before))
            lines = sorted(line for line in failing if line is not None and first <= line <= last)
            if lines and not _passed(run, parent):
                return lines[0]
        child, parent = parent, parsed.parent(parent)
    return None


def _before(parent: nodes.Node, child: nodes.Node) -> list[nodes.Node]:
    """The statements of a body that come before one of them."""
    for _, value in parent.iter_fields():
        if isinstance(value, list) and any(each is child for each in value):
            return list(takewhile(lambda each: each is not child, value))
    return []


def _passed(run: Explored, holder: nodes.Node) -> bool:
    """Whether a conversation that went into a statement came to a prompt or a refusal."""
    inside = {branch.number for branch in run.branches if branch.node is holder and branch.wanted}
    return any(
        not isinstance(trace.rendering, Failed) and (not inside or trace.branches & inside) for trace in run.traces
    )


def describe(parsed: ParsedTemplate, branch: Branch) -> str:
    """The branch in the template's own words."""
    source = in_one_line(parsed.source(branch.test)) if branch.test else str(getattr(branch.node, "name", ""))
    if branch.kind in ("right-side", "shortcut"):
        pattern = "{}" if branch.wanted else "not ({})"
    else:
        pattern = _WORDS.get(branch.kind, "{}")
    return cut(pattern.format(source), _LONGEST)
