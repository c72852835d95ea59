"""One HTML page that needs nothing else: no script, no font, no picture, and every text escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

import portable_tpl
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding, Fix, Safety
from portable_tpl.model.rendering import Mismatch, Rendered
from portable_tpl.model.report import Comparison, Report, TargetStatus, TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.reports._difference import first_difference, side_pieces
from portable_tpl.reports._page import CLOSING, OPENING
from portable_tpl.reports._source import SourceLine, fix_hunks, source_lines, whole_line
from portable_tpl.reports._summary import (
    VERDICTS,
    finding_behind,
    mismatches_of,
    open_findings,
    summarise,
    target_ids,
)
from portable_tpl.reports._visible import one_line, printable, unbroken
from portable_tpl.reports._words import (
    conversation_lines,
    coverage_phrase,
    error_phrase,
    how_often,
    rendering_phrase,
    skipped_phrase,
    summary_phrase,
    what_happens,
    why,
)

_OPEN_AT_FIRST = 3
_SAFETY_WORDS = {Safety.SAFE: "Fix", Safety.UNSAFE: "Unsafe fix", Safety.DISPLAY: "Suggestion"}


def render(report: Report) -> str:
    """The report as an HTML page."""
    compared = any(template.comparison is not None for template in report.templates)
    lines = [OPENING, "<h1>portable-tpl</h1>"]
    lines.append(f'<p class="summary">{_text(summary_phrase(summarise(report), compared=compared))}</p>')
    lines.extend(_runs(report))
    lines.extend(f'<p class="error">{_text(one_line(error))}</p>' for error in report.errors)
    if len(report.templates) > 1:
        lines.extend(_counts(report))
    lines.extend(_verdicts(report))
    telling = 0
    for number, template in enumerate(report.templates):
        sections = list(_sections(template))
        if sections:
            telling += 1
            lines.extend(_fold(template, number, sections, opened=telling <= _OPEN_AT_FIRST))
    lines.append(CLOSING)
    return "\n".join(lines) + "\n"


def _runs(report: Report) -> Iterator[str]:
    ran = [f"{target.id} ({_engine(target)})" for target in report.targets if target.status != "skipped"]
    facts = f"{report.command}, {report.tier} conversations, seed {report.seed}; targets: {', '.join(ran) or 'none'}"
    yield f'<p class="facts">portable-tpl {portable_tpl.__version__}, {_text(facts)}</p>'
    for target in report.targets:
        if target.status == "skipped":
            yield f'<p class="note">{_text(skipped_phrase(target))}</p>'


def _engine(target: TargetStatus) -> str:
    engine = f"{target.engine} {target.version or ''}".strip()
    return engine if target.status == "run" else f"{engine}, from the support table"


def _counts(report: Report) -> Iterator[str]:
    rows = [
        [_text(target), *(f'<td class="{verdict}">{counts[verdict] or ""}</td>' for verdict in VERDICTS)]
        for target, counts in summarise(report).verdicts.items()
    ]
    if rows:
        yield _table("Templates by verdict", ["target", *VERDICTS], rows)


def _verdicts(report: Report) -> Iterator[str]:
    targets = target_ids(report)
    rows = []
    for number, template in enumerate(report.templates):
        given = [template.verdicts.get(target) for target in targets]
        label = _text(unbroken(template.template.label))
        if any(_sections(template)):
            label = f'<a href="#t{number}">{label}</a>'
        rows.append([label, *(f'<td class="{verdict or "none"}">{verdict or ""}</td>' for verdict in given)])
    if targets:
        yield _table("Verdicts", ["template", *map(_text, targets)], rows)


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of markup: the first of each row is the content of its heading, the others are whole cells."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    thead = f"<thead><tr>{top}</tr></thead>\n" if head else ""
    body = "\n".join(f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>' for label, *cells in rows)
    return f"<table><caption>{caption}</caption>{thead}<tbody>{body}</tbody></table>"


def _fold(template: TemplateReport, number: int, sections: Sequence[str], *, opened: bool) -> Iterator[str]:
    verdicts = " ".join(
        f'<span class="{verdict}">{_text(target)} {verdict}</span>' for target, verdict in template.verdicts.items()
    )
    yield f'<details id="t{number}"{" open" if opened else ""}>'
    yield f"<summary><code>{_text(unbroken(template.template.label))}</code> {verdicts}</summary>"
    yield from sections
    yield "</details>"


def _sections(template: TemplateReport) -> Iterator[str]:
    if template.error is not None:
        yield f'<p class="error">{_text(error_phrase(template))}</p>'
    for finding in open_findings(template):
        yield "\n".join(_finding(template.template, finding))
    if template.comparison is None:
        return
    for target, mismatch in sorted(mismatches_of(template), key=lambda pair: not pair[1].decides):
        yield "\n".join(_mismatch(template, target, mismatch, template.comparison.targets[target].cases))
    if template.comparison.coverage.missed:
        yield "\n".join(_coverage(template.comparison))


def _finding(template: Template, finding: Finding) -> Iterator[str]:
    place = f"{finding.location.line}:{finding.location.column}"
    yield f'<section class="{finding.severity}"><h3>{place} <b>{_text(finding.code)}</b> {_text(finding.rule)}</h3>'
    yield f"<p>{_prose(printable(finding.message))}</p>"
    targets = ", ".join(finding.targets) or "no target in particular"
    tier = "" if finding.tier is Tier.EVERYDAY else f"; in {finding.tier} conversations only"
    facts = f"{finding.severity}; breaks {targets}; {finding.feature}{tier}"
    yield f'<p class="facts">{_text(facts)}</p>'
    yield _source(source_lines(template, finding.location))
    if finding.fix is not None:
        yield from _fix(template, finding.fix)
    yield "</section>"


def _source(lines: Sequence[SourceLine | None]) -> str:
    shown = []
    for line in lines:
        if line is None:
            shown.append('<span class="gap">⋮</span>')
            continue
        marked = f"<mark>{_text(line.marked)}</mark>" if line.marked else ""
        shown.append(f'<span class="no">{line.number}</span>{_text(line.before)}{marked}{_text(line.after)}')
    return "<pre>" + "\n".join(shown) + "</pre>"


def _fix(template: Template, fix: Fix) -> Iterator[str]:
    yield f"<p>{_SAFETY_WORDS[fix.safety]}: {_prose(one_line(fix.title))}</p>"
    lines: list[str] = []
    for hunk in fix_hunks(template, fix):
        lines.extend(f"<del>- {_text(line)}</del>" for line in hunk.before)
        lines.extend(f"<ins>+ {_text(line)}</ins>" for line in hunk.after)
    yield "<pre>" + "\n".join(lines) + "</pre>"


def _mismatch(report: TemplateReport, target: str, mismatch: Mismatch, cases: int) -> Iterator[str]:
    kind = "error" if mismatch.decides else "info"
    place = "" if mismatch.line is None else f"line {mismatch.line} "
    said = _text(f"{target} {what_happens(mismatch)}")
    yield f'<section class="{kind}"><h3>{place}<b>{_text(mismatch.code or mismatch.kind)}</b> {said}</h3>'
    beside = "" if mismatch.decides else "; decides no verdict"
    yield f'<p class="facts">{_text(how_often(mismatch, cases))}{beside}</p>'
    given = [[_text(label), _code_cell(_text(value))] for label, value in conversation_lines(mismatch.conversation)]
    yield _table("Conversation", [], given)
    yield _answers(target, mismatch)
    finding = finding_behind(report, target, mismatch)
    if finding is not None:
        yield _source(source_lines(report.template, finding.location))
    elif mismatch.line is not None:
        yield _source([whole_line(report.template, mismatch.line)])
    yield f"<p>Cause: {_text(one_line(why(mismatch)))}</p>"
    if finding is not None and finding.fix is not None:
        yield from _fix(report.template, finding.fix)
    yield f'<p>Reproduce:</p><pre class="command">{_text(mismatch.reproduce)}</pre></section>'


def _answers(target: str, mismatch: Mismatch) -> str:
    reference, answer = mismatch.reference, mismatch.target
    if isinstance(reference, Rendered) and isinstance(answer, Rendered):
        difference = first_difference(reference.text, answer.text, before=60, after=120)
        place = f"line {difference.line}, column {difference.column} of the prompt"
        caption = f"First difference: {place} (spaces shown as ·, newlines as ↵)"
        sides = [(side_pieces(difference.reference), "ins"), (side_pieces(difference.target), "del")]
        cells = [f"{_text(a)}<{tag}>{_text(b)}</{tag}>{_text(c)}" for (a, b, c), tag in sides]
    else:
        caption = "Answers"
        cells = [_text(rendering_phrase(reference)), _text(rendering_phrase(answer))]
    return _table(caption, [], [["transformers", _code_cell(cells[0])], [_text(target), _code_cell(cells[1])]])


def _code_cell(markup: str) -> str:
    return f"<td><code>{markup}</code></td>"


def _coverage(comparison: Comparison) -> Iterator[str]:
    yield f"<section><h3>Coverage</h3><p>{_text(coverage_phrase(comparison))}; missed:</p><ul>"
    for branch in comparison.coverage.missed:
        note = " (no conversation of this tier can reach it)" if branch.reachable is False else ""
        yield f"<li>line {branch.line}: <code>{_text(one_line(branch.condition))}</code>{note}</li>"
    yield "</ul></section>"


def _prose(text: str) -> str:
    """Escaped text, with what stands between backticks as code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"<code>{_text(part)}</code>" if index % 2 else _text(part) for index, part in enumerate(parts))


def _text(text: str) -> str:
    return html.escape(printable(text), quote=True)
