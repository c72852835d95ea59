"""Findings and mismatches as blocks of lines for a terminal, or any place with a fixed-width font."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding, Fix, Safety, Severity
from portable_tpl.model.rendering import Mismatch, Rendered
from portable_tpl.model.report import Comparison, TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.reports._difference import Difference, first_difference, side_pieces
from portable_tpl.reports._source import SourceLine, fix_hunks, source_lines, whole_line
from portable_tpl.reports._summary import finding_behind
from portable_tpl.reports._visible import clip, one_line, pad, unbroken, width
from portable_tpl.reports._words import (
    conversation_lines,
    coverage_phrase,
    how_often,
    rendering_phrase,
    what_happens,
    why,
)

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_TONES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_SEVERITY_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_MOST_MISSED = 12
_LONGEST_TEXT = 120


class Paint:
    """Puts ANSI colours around text, or leaves it alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, tone: str) -> str:
        """The text in a tone."""
        return f"\x1b[{_SGR[tone]}m{text}\x1b[0m" if self.on and text else text


def finding_line(template: Template, finding: Finding, paint: Paint) -> str:
    """One line about a finding: ``path:line:column code [targets] severity: message``."""
    place = f"{unbroken(template.label)}:{finding.location.line}:{finding.location.column}"
    tone = _TONES[finding.severity]
    targets = f" [{', '.join(finding.targets)}]" if finding.targets else ""
    tier = "" if finding.tier is Tier.EVERYDAY else f" ({finding.tier} conversations)"
    word = paint(_SEVERITY_WORDS[finding.severity], tone)
    return f"{paint(place, 'bold')} {paint(finding.code, tone)}{targets} {word}: {one_line(finding.message)}{tier}"


def finding_block(template: Template, finding: Finding, paint: Paint) -> Iterator[str]:
    """A finding in full: its line, the source with a caret under the span, and the fix."""
    yield finding_line(template, finding, paint)
    yield from _excerpt(source_lines(template, finding.location), paint, _TONES[finding.severity])
    if finding.fix is not None:
        yield from _fix(template, finding.fix, paint)


def _excerpt(lines: list[SourceLine | None], paint: Paint, tone: str) -> Iterator[str]:
    gutter = max(len(str(line.number)) for line in lines if line is not None)
    for line in lines:
        if line is None:
            yield f"  {' ' * gutter} {paint('…', 'dim')}"
            continue
        number = paint(f"{line.number:>{gutter}} |", "dim")
        yield f"  {number} {line.before}{line.marked}{line.after}".rstrip()
        carets = width(line.marked) or (1 if len(lines) == 1 else 0)
        if tone and carets:
            bar = paint(f"{'':>{gutter}} |", "dim")
            yield f"  {bar} {' ' * width(line.before)}{paint('^' * carets, tone)}"


def _fix(template: Template, fix: Fix, paint: Paint) -> Iterator[str]:
    how = {Safety.SAFE: "fix", Safety.UNSAFE: "unsafe fix", Safety.DISPLAY: "suggestion"}[fix.safety]
    yield f"  {paint(how, 'green')}: {one_line(fix.title)}"
    for hunk in fix_hunks(template, fix):
        for line in hunk.before:
            yield paint(f"    - {line}", "red")
        for line in hunk.after:
            yield paint(f"    + {line}", "green")


def mismatch_line(report: TemplateReport, target: str, mismatch: Mismatch, cases: int, paint: Paint) -> str:
    """One line about a mismatch, in the shape of a finding's line."""
    place = unbroken(report.template.label)
    if mismatch.line is not None:
        finding = finding_behind(report, target, mismatch)
        start = finding.location if finding else None
        place += f":{start.line}:{start.column}" if start else f":{mismatch.line}"
    tone = "red" if mismatch.decides else "cyan"
    code = paint(mismatch.code or mismatch.kind, tone)
    cause = f"; cause: {one_line(mismatch.cause)}" if mismatch.cause else "; cause not identified"
    said = f"{what_happens(mismatch)} {how_often(mismatch, cases)}{cause}"
    return f"{paint(place, 'bold')} {code} [{target}] {said}"


def mismatch_block(
    report: TemplateReport, target: str, mismatch: Mismatch, cases: int, paint: Paint
) -> Iterator[str]:
    """A mismatch in full: conversation, both answers, the template's line, cause, fix and how to see it again."""
    template = report.template
    yield mismatch_line(report, target, mismatch, cases, paint)
    yield f"  {paint('conversation', 'dim')}"
    lines = conversation_lines(mismatch.conversation)
    column = max(width(label) for label, _ in lines)
    for label, value in lines:
        yield f"    {paint(pad(label, column), 'blue')}  {value}"
    yield from _answers(target, mismatch, paint)
    finding = finding_behind(report, target, mismatch)
    if mismatch.line is not None:
        if finding is not None:
            yield from _excerpt(source_lines(template, finding.location), paint, "red")
        else:
            yield from _excerpt([whole_line(template, mismatch.line)], paint, "")
    yield f"  {paint('cause', 'dim')}      {one_line(why(mismatch))}"
    if finding is not None and finding.fix is not None:
        yield from _fix(template, finding.fix, paint)
    yield f"  {paint('reproduce', 'dim')}  {unbroken(mismatch.reproduce)}"


def _answers(target: str, mismatch: Mismatch, paint: Paint) -> Iterator[str]:
    reference = "transformers" if target != "transformers" else "reference"
    column = max(len(reference), width(target))
    if isinstance(mismatch.reference, Rendered) and isinstance(mismatch.target, Rendered):
        difference = first_difference(mismatch.reference.text, mismatch.target.text)
        yield from _two_texts(difference, pad(reference, column), pad(target, column), paint)
        return
    for name, rendering in ((reference, mismatch.reference), (target, mismatch.target)):
        yield f"  {pad(name, column)}  {rendering_phrase(rendering)}"


def _two_texts(difference: Difference, reference: str, target: str, paint: Paint) -> Iterator[str]:
    place = f"line {difference.line}, column {difference.column} of the prompt"
    yield f"  {paint(f'first difference: {place} (spaces shown as ·, newlines as ↵)', 'dim')}"
    for name, side, tone in ((reference, difference.reference, "green"), (target, difference.target, "red")):
        before, changed, after = side_pieces(side)
        yield f"  {name}  {before}{paint(changed, tone)}{after}"
    before, _, _ = side_pieces(difference.reference)
    yield f"  {'':>{width(reference)}}  {' ' * width(before)}{paint('^', 'red')}"


def coverage_block(comparison: Comparison, paint: Paint) -> Iterator[str]:
    """How many branches were reached, and which were not."""
    coverage = comparison.coverage
    tail = "; missed:" if coverage.missed else ""
    yield f"  {paint('coverage', 'dim')}  {coverage_phrase(comparison)}{tail}"
    for branch in coverage.missed[:_MOST_MISSED]:
        note = "  (no conversation of this tier can reach it)" if branch.reachable is False else ""
        yield f"    line {branch.line}: {clip(one_line(branch.condition), _LONGEST_TEXT)}{note}"
    if len(coverage.missed) > _MOST_MISSED:
        yield f"    … and {len(coverage.missed) - _MOST_MISSED} more"
