"""The sentences that every format for people shares."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import DEFAULT_CLOCK, Conversation, Json, Tier
from portable_tpl.model.findings import Safety
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered, Rendering
from portable_tpl.model.report import Comparison, Report, TargetStatus, TemplateReport, Verdict
from portable_tpl.reports.parts.difference import first_difference, side_pieces
from portable_tpl.reports.parts.items import Item
from portable_tpl.reports.parts.jsontext import json_line
from portable_tpl.reports.parts.summary import Summary, summarise
from portable_tpl.reports.parts.visible import clip, excerpt, one_line, printable, unbroken

VERDICT_PHRASES: Mapping[Verdict, str] = {
    "fails": "fails on",
    "differs": "differs on",
    "unknown": "unknown on",
    "portable": "portable to",
}
_MOST_MESSAGES = 12
_LONGEST_VALUE = 240
_LONGEST_MESSAGE = 200
_LONGEST_TEXT = 120

# What a fix is called: one that is made unasked, one for which `fix` has to be asked, and one that is only shown.
FIX_WORDS = {Safety.SAFE: "fix", Safety.UNSAFE: "unsafe fix", Safety.DISPLAY: "suggestion"}


def plural(count: int, noun: str, many: str | None = None) -> str:
    """A count with its noun: ``1 finding``, ``1,203 findings``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def verdict_groups(template: TemplateReport) -> list[tuple[Verdict, list[str]]]:
    """The targets of a template by verdict, the worst first."""
    groups = []
    for verdict in VERDICT_PHRASES:
        targets = [target for target, given in template.verdicts.items() if given == verdict]
        if targets:
            groups.append((verdict, targets))
    return groups


def what_happens(mismatch: Mismatch) -> str:
    """What the target does that the reference does not, as a verb phrase."""
    target, reference = mismatch.target, mismatch.reference
    if mismatch.kind == "output":
        return "prints other text"
    if mismatch.kind == "reference-error":
        did = "refuses" if isinstance(reference, Refused) else "cannot render"
        return f"renders what the reference {did}"
    if mismatch.kind == "crash":
        return "crashes"
    if mismatch.kind == "timeout":
        memory = isinstance(target, Failed) and target.kind == "memory"
        return "runs out of memory" if memory else "does not finish in time"
    if isinstance(target, Refused):
        return "refuses with another message" if isinstance(reference, Refused) else "refuses"
    if isinstance(target, Failed) and target.kind == "syntax":
        return "does not accept the template"
    return "fails"


def how_many(affected: int, cases: int) -> str:
    """How many of the conversations tried show something."""
    return f"{affected:,} of {plural(cases, 'conversation')}"


def how_often(mismatch: Mismatch, cases: int) -> str:
    """In how many of the conversations tried the mismatch showed."""
    tier = "" if mismatch.tier.rank <= Tier.EVERYDAY.rank else f", {mismatch.tier} ones only"
    return f"in {how_many(mismatch.cases, cases)}{tier}"


def tier_phrase(tier: Tier) -> str:
    """Which conversations show something, where those are not the usual ones."""
    return "" if tier.rank <= Tier.EVERYDAY.rank else f" ({tier} conversations)"


def why(mismatch: Mismatch) -> str:
    """The cause of a mismatch, as a phrase."""
    if mismatch.origin == "stack":
        named = mismatch.cause or "not identified"
        return f"{named} (the deployment changes what the template is given; not for the template to cure)"
    return "not identified" if mismatch.cause is None else feature_phrase(mismatch.cause)


def feature_phrase(feature: str) -> str:
    """A feature in words, with the id in brackets by which ``explain`` finds its page; of an unknown one the id."""
    from portable_tpl.support.feature_titles import feature_title  # not before a cause is to be named

    title = feature_title(feature)
    return feature if title is None else f"{title} [{feature}]"


def rendering_phrase(rendering: Rendering) -> str:
    """What a runtime gave: the beginning of its text, or what happened instead."""
    if isinstance(rendering, Rendered):
        return f"renders {excerpt(rendering.text, _LONGEST_TEXT)}" if rendering.text else "renders nothing at all"
    if isinstance(rendering, Refused):
        return f"refuses: {short(rendering.message)}"
    place = "" if rendering.line is None else f" at line {rendering.line}"
    verbs = {"crash": "crashes", "timeout": "does not finish", "memory": "runs out of memory"}
    return f"{verbs.get(rendering.kind, 'fails')}{place}: {short(rendering.message)}"


def short(message: str) -> str:
    """The first line with words of an engine's message, on one line; engines add a page of source after it."""
    lines = [line for line in message.splitlines() if line.strip()]
    return one_line(clip(lines[0], _LONGEST_MESSAGE)) if lines else "(no message)"


def mismatch_message(target: str, mismatch: Mismatch, cases: int) -> str:
    """A mismatch in a few sentences: what, how often, both answers, cause and the command that shows it."""
    parts = [f"{target} {what_happens(mismatch)} {how_often(mismatch, cases)}."]
    if isinstance(mismatch.reference, Rendered) and isinstance(mismatch.target, Rendered):
        difference = first_difference(mismatch.reference.text, mismatch.target.text)
        expected, actual = ("".join(side_pieces(side)) for side in (difference.reference, difference.target))
        parts.append(f"Expected: {expected}\nFound: {actual}")
    else:
        parts.append(f"The reference {rendering_phrase(mismatch.reference)}")
        parts.append(f"{target} {rendering_phrase(mismatch.target)}")
    parts.append(f"Cause: {why(mismatch)}")
    parts.append(f"Reproduce: {mismatch.reproduce}")
    return "\n".join(parts)


def item_message(item: Item) -> str:
    """All that one annotation or result says: the finding, its proof, its fix."""
    parts = []
    finding = item.finding
    if finding is not None:
        targets = f" [{', '.join(finding.targets)}]" if finding.targets else ""
        parts.append(f"{printable(finding.message)}{targets}{tier_phrase(finding.tier)}")
        if finding.evidence == "unseen" and finding.affected is not None:
            parts.append(f"Not seen in {plural(finding.affected.cases, 'conversation')}.")
    parts.extend(printable(mismatch_message(*proof)) for proof in item.proofs)
    if finding is not None and finding.witness is not None and not item.proofs:
        parts.extend(
            f"{one_line(each.label)}: {rendering_phrase(each.rendering)}" for each in finding.witness.exhibits
        )
        parts.extend(f"Reproduce: {unbroken(command)}" for command in finding.witness.reproduce)
    if finding is not None and finding.fix is not None:
        parts.append(f"{FIX_WORDS[finding.fix.safety].capitalize()}: {one_line(finding.fix.summary)}")
    return "\n".join(parts)


def item_title(item: Item) -> str:
    """A name for an item: its code and rule, or what happens where."""
    if item.finding is not None:
        return f"{item.code} {item.finding.rule}"
    return f"{item.code} on {', '.join(item.targets)}"


def conversation_lines(conversation: Conversation) -> list[tuple[str, str]]:
    """A conversation as pairs of a label and JSON text on one line: messages by role, then what else was given."""
    lines = [_message(message) for message in conversation.messages[:_MOST_MESSAGES]]
    left_out = len(conversation.messages) - _MOST_MESSAGES
    if left_out > 0:
        lines.append(("…", plural(left_out, "more message")))
    if not lines:
        lines.append(("messages", "[]"))
    for key in ("tools", "documents", "add_generation_prompt", "special_tokens"):
        value = getattr(conversation, key)
        if value is not None:
            lines.append((key, _value(value)))
    lines.extend((one_line(name), _value(value)) for name, value in conversation.variables.items())
    if conversation.clock != DEFAULT_CLOCK:
        lines.append(("clock", one_line(conversation.clock)))
    return lines


def _message(message: Mapping[str, Json]) -> tuple[str, str]:
    role = message.get("role")
    if not isinstance(role, str) or not role or one_line(role) != role or "content" not in message:
        return "message", _value(message)
    parts = [_value(message["content"])]
    parts.extend(
        f"{one_line(key)}={_value(value)}" for key, value in message.items() if key not in ("role", "content")
    )
    return role, " ".join(parts)


def _value(value: Json) -> str:
    return clip(json_line(value), _LONGEST_VALUE)


def coverage_phrase(comparison: Comparison) -> str:
    """How many branches how many conversations reached."""
    coverage = comparison.coverage
    reached = f"{coverage.reached} of {plural(coverage.branches, 'branch', 'branches')}"
    cut = " before the time or the memory for it ran out" if comparison.cut else ""
    turns = plural(coverage.pairs, "definition-use pair")
    pairs = f" {coverage.covered_pairs} of {turns} across turns and" if coverage.pairs else ""
    return f"{plural(comparison.cases, 'conversation')} reached{pairs} {reached}{cut}"


def missed_phrase(comparison: Comparison, most: int | None) -> str:
    """The coverage with at most ``most`` of the branches that were missed; ``None``: with all, reachable or not."""
    missed = comparison.coverage.missed
    open_ones = [branch for branch in missed if branch.reachable is not False]
    shown = open_ones if most is None else open_ones[:most]
    phrase = coverage_phrase(comparison)
    if len(missed) > len(open_ones):
        phrase += f" ({len(missed) - len(open_ones)} more no conversation of this tier can reach)"
    named = [
        f"line {branch.line}: {clip(one_line(branch.condition), _LONGEST_TEXT)}"
        + ("" if branch.stopped_at is None else f" (the reference fails at line {branch.stopped_at})")
        for branch in shown
    ]
    if len(open_ones) > len(shown):
        named.append(f"{len(open_ones) - len(shown)} more")
    return phrase + (f"; missed: {'; '.join(named)}" if named else "")


def error_phrase(template: TemplateReport) -> str:
    """Why nothing can be said of a template, with its place."""
    error = one_line(template.error or "")
    label = unbroken(template.template.label)
    return error if error.startswith((label, unbroken(template.template.path or label))) else f"{label}: {error}"


def skipped_phrase(target: TargetStatus) -> str:
    """That a target did not run, and why."""
    return f"{target.id} was skipped: {one_line(target.reason or 'no reason given')}"


def _findings_phrase(summary: Summary) -> str:
    """The number of findings, and of each severity among them."""
    total = sum(summary.findings.values())
    if not total:
        return "no findings"
    parts = [plural(count, str(severity)) for severity, count in summary.findings.items() if count]
    return f"{plural(total, 'finding')} ({', '.join(parts)})"


def summary_phrase(report: Report) -> str:
    """The one line that ends a report."""
    summary = summarise(report)
    parts = [_findings_phrase(summary)]
    if any(template.comparison is not None for template in report.templates):
        parts.append(plural(summary.mismatches, "mismatch", "mismatches"))
        if summary.beside:
            parts.append(f"{summary.beside:,} more that decide no verdict")
    if summary.suppressed:
        parts.append(f"{summary.suppressed:,} suppressed")
    if summary.failed:
        parts.append(f"{plural(summary.failed, 'template')} not usable")
    return f"{plural(summary.templates, 'template')}: {', '.join(parts)}"
