"""The report for a terminal: the matrix of templates and targets, then one block a cause, one screen a template.

The more templates have something to say, the less is said about each: its causes in full as far as a screen holds
them, then a line for each cause, then the matrix alone. ``verbose`` leaves nothing out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from portable_tpl.model.findings import Finding, Safety, Severity
from portable_tpl.model.report import Report, TemplateReport
from portable_tpl.reports.parts.blocks import Paint, Parts, Writer
from portable_tpl.reports.parts.items import Block, blocks_of, items_of
from portable_tpl.reports.parts.matrix import label_of, legend, matrix, tells
from portable_tpl.reports.parts.summary import VERDICTS, open_findings, rule_counts, summarise, target_ids
from portable_tpl.reports.parts.visible import aligned, encodable, one_line, unbroken
from portable_tpl.reports.parts.words import error_phrase, plural, skipped_phrase, summary_phrase

COLUMNS = 80
# Lines that the blocks of one template may take before the rest becomes a line each: with the matrix and the last
# lines a terminal of 40 lines holds them.
_SCREEN = 28
_TAIL = 5  # lines after the blocks that such a screen has room for; more are the blocks' loss
_MOST_IN_FULL = 10  # templates; of more each gets a line a cause
_MOST_IN_LINES = 50  # templates; of more each gets a row of the matrix


def render(
    report: Report,
    *,
    color: bool = False,
    quiet: bool = False,
    statistics: bool = False,
    verbose: bool = False,
    columns: int = COLUMNS,
) -> str:
    """The report as text for people, ending in a newline where it is not empty.

    ``color`` adds ANSI colours. ``quiet`` leaves one line for each finding, mismatch and error, and nothing else.
    ``statistics`` counts findings by rule instead of showing them. ``verbose`` shows every block in full, with the
    commands that reproduce it. ``columns`` is the width of the terminal.
    """
    writer = Writer(Paint(color), columns, verbose)
    if quiet:
        lines = list(problem_lines(report, writer))
    else:
        if report.command == "diff":
            from portable_tpl.reports.parts.differences import difference_lines  # of which `check` has no need

            return encodable("".join(f"{line}\n" for line in difference_lines(report, writer)))
        body = list(_statistics(report) if statistics else _details(report, writer))
        parts = [*_matrix(report, writer), *body, *_ending(report, writer)]
        lines = [line for line, before in zip(parts, ["", *parts], strict=False) if line or before]
    return encodable("\n".join(lines) + "\n") if lines else ""


def problem_lines(report: Report, writer: Writer) -> Iterator[str]:
    """One line a finding, a mismatch that no finding explains, and an error: for editors and the hurried."""
    for template in report.templates:
        if template.error is not None:
            yield f"{writer.paint('error', 'red')}: {error_phrase(template)}"
        for item in items_of(template):
            if not item.beside:
                yield writer.item_line(template.template, item)
    yield from _containers(report)
    for error in report.errors:
        yield f"{writer.paint('error', 'red')}: {one_line(error)}"


def _containers(report: Report) -> Iterator[str]:
    """What is wrong between the files of a container, a line each."""
    for container in report.containers:
        for finding in container.findings:
            if not finding.suppressed:
                path = unbroken(container.path)
                yield f"{path}: {finding.severity}: {finding.code} {one_line(finding.message)}"


def _matrix(report: Report, writer: Writer) -> Iterator[str]:
    targets = target_ids(report)
    shown = [template for template in report.templates if template.error is None]
    if len(shown) > _MOST_IN_LINES and not writer.verbose:
        shown = [template for template in shown if set(template.verdicts.values()) != {"portable"}]
    if shown and targets:
        for label, cells in matrix(shown, targets, writer.columns):
            yield label + "".join(writer.paint(cell, tone) for cell, tone in cells)
        yield writer.paint(legend(shown, targets), "dim")
        yield ""


def _details(report: Report, writer: Writer) -> Iterator[str]:
    telling = [template for template in report.entries if tells(template)]
    for template in telling:
        if template.error is not None:
            yield f"{writer.paint('error', 'red')}: {error_phrase(template)}"
        elif len(telling) > _MOST_IN_LINES and not writer.verbose:
            continue
        else:
            if len(report.entries) > 1 or report.containers:
                yield ""
                yield writer.paint(label_of(template), "bold")
            if template.template.container is not None:
                file, line = template.template.container
                place = f"lines count in the template, a value on line {line} of {unbroken(os.path.basename(file))}"
                yield from (writer.paint(each, "dim") for each in writer.wrapped(place, ""))
            room = _SCREEN if len(telling) <= _MOST_IN_FULL else 0
            yield from _blocks(template, writer, room)
    yield ""


def _blocks(template: TemplateReport, writer: Writer, room: int) -> Iterator[str]:
    blocks = blocks_of(template)
    deciding = [block for block in blocks if not block.first.beside]
    beside = [block for block in blocks if block.first.beside and not block.first.proofs[0].mismatch.known]
    tail = list(_tail(template, beside, writer))
    room -= max(0, len(tail) - _TAIL)
    notes: list[str] = []
    if not writer.verbose and 0 < room < len(deciding):
        mild = [block for block in deciding if block.first.severity is Severity.NOTE]
        if len(mild) > 1:
            notes = list(_notes(mild, writer))
            deciding = [block for block in deciding if block.first.severity is not Severity.NOTE]
    forms = [_forms(template, block, writer, proved=room > 0) for block in deciding]
    for lines in _as_room_allows(forms, writer, room - len(notes)):
        yield from lines
    yield from notes
    yield ""
    yield from tail


def _notes(blocks: Sequence[Block], writer: Writer) -> Iterator[str]:
    """The notes of a template that has so much to say that they cannot have a line each: their codes and places."""
    places: dict[str, list[str]] = {}
    for block in blocks:
        places.setdefault(block.first.code, []).extend(block.places)
    named = (
        code + (f" ({at[0]}{f' and {len(at) - 1} more' if len(at) > 1 else ''})" if at else "")
        for code, at in places.items()
    )
    yield from writer.wrapped(f"{plural(len(blocks), 'note')}: {', '.join(named)}", "")


def _tail(template: TemplateReport, beside: Sequence[Block], writer: Writer) -> Iterator[str]:
    """What follows the causes: what decides no verdict, and what was reached."""
    if beside and writer.verbose:
        yield "Beside the verdict (a deployment's doing, a stranger tier, or the reference's own accident):"
        for block in beside:
            yield from writer.block(template.template, block)
    elif beside:
        yield from _beside(beside, writer)
    if template.comparison is not None:
        yield from writer.coverage(template.comparison)


def _forms(template: TemplateReport, block: Block, writer: Writer, proved: bool) -> list[list[str]]:
    """A block as a line, with its place, with its proof, and with its fix; a note is worth a line.

    An error has its conversation in each form, the line too where it is to be ``proved`` and there is room.
    """
    line = [writer.short(block)]
    if block.first.severity is Severity.NOTE and not writer.verbose:
        return [line]
    proof = list(writer.shortest(block)) if proved else []
    parts = (Parts(fix=False, proof=False), Parts(fix=False), Parts())
    return [line, [*line, *proof], *([*writer.block(template.template, block, each), ""] for each in parts)]


def _as_room_allows(forms: Sequence[Sequence[list[str]]], writer: Writer, room: int) -> list[list[str]]:
    """One form of each block: the longest that the room holds, all getting their places before one gets its proof."""
    if writer.verbose:
        return [each[-1] for each in forms]
    chosen = [each[0] for each in forms]
    room -= sum(map(len, chosen))
    for level in range(1, max(map(len, forms), default=0)):
        for index, each in enumerate(forms):
            if level < len(each) and len(each[level]) - len(chosen[index]) <= room:
                room -= len(each[level]) - len(chosen[index])
                chosen[index] = each[level]
    return chosen


def _beside(blocks: Sequence[Block], writer: Writer) -> Iterator[str]:
    stack = [block for block in blocks if block.first.proofs[0].mismatch.origin == "stack"]
    others = [block for block in blocks if block.first.proofs[0].mismatch.origin != "stack"]
    if stack:
        yield from writer.wrapped(f"beside the verdict, not for the template to cure: {_causes(stack)}", "")
    if others:
        where = "where the reference fails too, or in a stranger tier"
        yield from writer.wrapped(f"beside the verdict, {where}: {_causes(others)}", "")


def _causes(blocks: Sequence[Block]) -> str:
    named = (
        f"{one_line(block.first.proofs[0].mismatch.cause or 'not identified')} ({', '.join(block.first.targets)})"
        for block in blocks
    )
    return ", ".join(dict.fromkeys(named))


def _statistics(report: Report) -> Iterator[str]:
    rows = [("findings", "code", "rule", "fixable", "templates")]
    for count in rule_counts(report):
        fixable = str(count.fixable) if count.fixable else "-"
        rows.append((str(count.findings), count.code, count.rule, fixable, str(count.templates)))
    if len(rows) > 1:
        yield from aligned(rows, right=(0, 3, 4))
        yield ""


def _ending(report: Report, writer: Writer) -> Iterator[str]:
    verdicts = summarise(report).verdicts if len(report.templates) > _MOST_IN_FULL else {}
    if verdicts:
        rows = [("target", *VERDICTS)]
        for target, counts in verdicts.items():
            rows.append((target, *(str(counts[verdict]) if counts[verdict] else "-" for verdict in VERDICTS)))
        yield from aligned(rows, right=(1, 2, 3, 4))
        yield ""
    for target_status in report.targets:
        if target_status.status == "skipped":
            yield from writer.wrapped(f"note: {skipped_phrase(target_status)}", "")
        elif target_status.status == "static" and target_status.reason:
            yield from writer.wrapped(f"note: {target_status.id}: {one_line(target_status.reason)}", "")
    for error in report.errors:
        yield f"{writer.paint('error', 'red')}: {one_line(error)}"
    yield from (writer.paint(line, "bold") for line in writer.wrapped(summary_phrase(report), ""))
    hints = []
    repairs = _repairs(report)
    if repairs and report.command != "fix":
        hints.append(repairs)
    if any(tells(template) for template in report.entries) and not writer.verbose:
        hints.append("--verbose shows all, with commands that reproduce; `portable-tpl explain CODE` has the page")
    if hints:
        yield from (writer.paint(line, "dim") for line in writer.wrapped("; ".join(hints), ""))


def _is_error(finding: Finding) -> bool:
    """Whether `fix`, which runs no engine, takes a finding for an error: also where no conversation has shown it."""
    unseen = finding.evidence == "unseen" and any(each.severity is Severity.ERROR for each in finding.effects)
    return finding.severity is Severity.ERROR or unseen


def _repairs(report: Report) -> str:
    """What `fix` would do: it applies the safe fixes of errors, and those of milder findings where it is asked to."""
    findings = [finding for template in report.templates for finding in open_findings(template)]
    safe = [finding for finding in findings if finding.fix is not None and finding.fix.safety is Safety.SAFE]
    errors = [finding for finding in safe if _is_error(finding)]
    if not safe:
        return ""
    if not errors:
        return f"`portable-tpl fix --level note` repairs {plural(len(safe), 'finding')}, none of them an error"
    more = f" ({len(safe)} with --level note)" if len(safe) > len(errors) else ""
    return f"`portable-tpl fix` repairs {plural(len(errors), 'finding')}{more}"
