"""Which branches, and which state across turns, a run reached, which it missed, and which no tier of it can reach."""

from __future__ import annotations

from portable_tpl.differential.run.search import Explored
from portable_tpl.model.report import Coverage, MissedBranch, MissedPair
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch

_WORDS = {
    "else": "not ({})",
    "inline-else": "not ({})",
    "loop": "{} has an item",
    "empty-loop": "{} is empty",
    "macro": "macro {} is called",
}
_LONGEST = 120


def coverage_of(parsed: ParsedTemplate, run: Explored) -> Coverage:
    """The coverage of a run, on the reference.

    ``branches`` leaves out those that cannot be reached in the tier: the template's types rule them out, or only
    conversations of a stranger tier were seen to reach them. They are listed as missed and not reachable.
    """
    listed = []
    beyond = 0
    for branch in run.missed:
        out = branch.number in run.impossible or branch.number in run.stranger
        beyond += out
        listed.append(MissedBranch(branch.line, describe(parsed, branch), False if out else None))
    pairs = run.feasible_turns
    missed = tuple(MissedPair(goal.state.name, goal.definition.lineno, goal.use.lineno) for goal in run.missed_turns)
    branches = len(run.branches)
    return Coverage(
        branches - beyond, branches - len(run.missed), tuple(listed), len(pairs), len(pairs) - len(missed), missed
    )


def describe(parsed: ParsedTemplate, branch: Branch) -> str:
    """The branch in the template's own words."""
    if branch.test is None:
        source = str(getattr(branch.node, "name", ""))
    else:
        source = " ".join(parsed.source(branch.test).split())
    if branch.kind in ("right-side", "shortcut"):
        pattern = "{}" if branch.wanted else "not ({})"
    else:
        pattern = _WORDS.get(branch.kind, "{}")
    text = pattern.format(source)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
