"""One HTML page that needs nothing else: the matrix first, then each template's causes, its text and its coverage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import portable_tpl
from portable_tpl.model.report import Report, TargetStatus, TemplateReport
from portable_tpl.reports.parts.items import blocks_of
from portable_tpl.reports.parts.markup import block_section, text, whole_template
from portable_tpl.reports.parts.matrix import SIGNS, label_of, legend, state_of, tells
from portable_tpl.reports.parts.page import CLOSING, OPENING
from portable_tpl.reports.parts.summary import target_ids
from portable_tpl.reports.parts.visible import one_line
from portable_tpl.reports.parts.words import error_phrase, missed_phrase, skipped_phrase, summary_phrase

_OPEN_AT_FIRST = 3
_WORST_FIRST = {state: str(rank) for rank, state in enumerate(("fails", "differs", "rare", "unknown", "portable"))}


def render(report: Report) -> str:
    """The report as an HTML page."""
    lines = [OPENING, "<h1>portable-tpl</h1>"]
    lines.append(f'<p class="summary">{text(summary_phrase(report))}</p>')
    lines.extend(_runs(report))
    lines.extend(f'<p class="error">{text(one_line(error))}</p>' for error in report.errors)
    lines.extend(_matrix(report))
    telling = 0
    for number, template in enumerate(report.entries):
        if tells(template):
            telling += 1
            lines.extend(_template(template, number, opened=telling <= _OPEN_AT_FIRST))
    lines.append(CLOSING)
    return "\n".join(lines) + "\n"


def _runs(report: Report) -> Iterator[str]:
    ran = [f"{target.id} ({_engine(target)})" for target in report.targets if target.status != "skipped"]
    facts = f"{report.command}, {report.tier} conversations, seed {report.seed}; targets: {', '.join(ran) or 'none'}"
    yield f'<p class="facts">portable-tpl {portable_tpl.__version__}, {text(facts)}</p>'
    for target in report.targets:
        if target.status == "skipped":
            yield f'<p class="note">{text(skipped_phrase(target))}</p>'


def _engine(target: TargetStatus) -> str:
    engine = f"{target.engine} {target.version or ''}".strip()
    return engine if target.status == "run" else f"{engine}, from the support table"


def _matrix(report: Report) -> Iterator[str]:
    targets = target_ids(report)
    if not targets or not report.templates:
        return
    yield "<h2>Templates and targets</h2>"
    yield f'<p class="facts">{text(legend(report.templates, targets))}</p>'
    several = len(report.templates) > 1
    if several:
        options = "".join(f'<option value="{state}">{text(words)}</option>' for state, (_, words, _) in SIGNS.items())
        yield '<p class="tools"><input id="words" type="search" placeholder="filter by name" aria-label="name">'
        yield f'<select id="state" aria-label="state"><option value="">any state</option>{options}</select></p>'
    heads = ["template", *targets]
    button = '<button type="button">{}</button>' if several else "{}"
    cells = "".join(f'<th scope="col">{button.format(text(head))}</th>' for head in heads)
    yield f'<div class="scroll"><table class="matrix"><thead><tr>{cells}</tr></thead><tbody>'
    for number, template in enumerate(report.templates):
        label = text(label_of(template))
        label = f'<a href="#t{number}">{label}</a>' if tells(template) else label
        yield f'<tr><th scope="row">{label}</th>{"".join(_cells(template, targets))}</tr>'
    yield "</tbody></table></div>"


def _cells(template: TemplateReport, targets: Sequence[str]) -> Iterator[str]:
    for target in targets:
        state = state_of(template, target)
        sign, words, _ = SIGNS[state]
        rank = _WORST_FIRST[state]
        yield f'<td class="state {state}" data-state="{state}" data-rank="{rank}" title="{text(words)}">{sign}</td>'


def _template(template: TemplateReport, number: int, *, opened: bool) -> Iterator[str]:
    states = " ".join(
        f'<span class="{state_of(template, target)}">{SIGNS[state_of(template, target)][0]} {text(target)}</span>'
        for target in template.verdicts
    )
    yield f'<details id="t{number}"{" open" if opened else ""}>'
    yield f"<summary><code>{text(label_of(template))}</code> {states}</summary>"
    if template.error is not None:
        yield f'<p class="error">{text(error_phrase(template))}</p>'
    for index, block in enumerate(blocks_of(template)):
        yield "\n".join(block_section(template, block, f"t{number}-{index}"))
    if template.comparison is not None:
        yield f'<p class="facts">{text(missed_phrase(template.comparison, None))}</p>'
    yield from whole_template(template)
    yield "</details>"
