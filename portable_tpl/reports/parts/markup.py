"""The parts of the HTML report: a cause, its proof and fix, and a template with its findings in place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from portable_tpl.model.findings import Fix, Witness
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.report import TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.reports.parts.difference import first_difference, side_pieces
from portable_tpl.reports.parts.items import Block, Item, Proof, items_of
from portable_tpl.reports.parts.source import SourceLine, fix_hunks, source_lines
from portable_tpl.reports.parts.visible import one_line, printable, unbroken
from portable_tpl.reports.parts.words import (
    FIX_WORDS,
    conversation_lines,
    how_many,
    plural,
    rendering_phrase,
    tier_phrase,
    what_happens,
    why,
)

_BEFORE, _AFTER = 160, 320  # characters of a prompt around the first difference
_LARGEST_SOURCE = 400_000  # characters; of a larger template only the lines of findings are shown


def block_section(template: TemplateReport, block: Block, anchor: str) -> Iterator[str]:
    """One cause: what, where, how often, the shortest proof, the fix, and how to see it again."""
    item = block.first
    rule = f" {text(item.finding.rule)}" if item.finding is not None else ""
    yield f'<section class="{item.severity}" id="{anchor}">'
    yield f"<h3>{item.severity} {text(item.code)}{rule}</h3>"
    yield f"<p>{prose(_message(item))}</p>"
    yield f'<p class="facts">{text("; ".join(_facts(block)))}</p>'
    if item.location is not None:
        yield source_markup(source_lines(template.template, item.location))
    if block.proof is not None:
        yield from _proof(block.proof)
    elif block.witness is not None:
        yield from _witness(block.witness)
    if block.fix is not None:
        yield from _fix(template.template, block.fix)
    yield "</section>"


def _message(item: Item) -> str:
    if item.finding is not None:
        return printable(item.finding.message) + tier_phrase(item.finding.tier)
    mismatch = item.proofs[0].mismatch
    return f"{what_happens(mismatch)}{tier_phrase(mismatch.tier)}"


def _facts(block: Block) -> Iterator[str]:
    item, affected = block.first, block.affected
    if item.targets:
        yield ", ".join(item.targets)
    if affected is not None and affected.affected:
        yield f"in {how_many(affected.affected, affected.cases)}"
    if item.finding is not None and item.finding.evidence == "unseen" and affected is not None:
        yield f"not seen in {plural(affected.cases, 'conversation')}"
    if block.places:
        yield f"at {', '.join(block.places)}"
    if item.finding is not None and item.finding.feature:
        yield item.finding.feature
    if item.beside:
        yield "decides no verdict"


def _proof(proof: Proof) -> Iterator[str]:
    mismatch = proof.mismatch
    yield _pairs(conversation_lines(mismatch.conversation))
    yield _answers("transformers", mismatch.reference, proof.target, mismatch.target)
    yield f"<p>Cause: {text(one_line(why(mismatch)))}</p>"
    yield _command(mismatch.reproduce)


def _witness(witness: Witness) -> Iterator[str]:
    first, *others = witness.exhibits
    yield _pairs(conversation_lines(first.conversation))
    if others:
        yield _answers(first.label, first.rendering, others[0].label, others[0].rendering)
    else:
        yield f"<p>{text(one_line(first.label))}: {text(rendering_phrase(first.rendering))}</p>"
    if witness.condition is not None:
        yield f"<p>Line {witness.line}: <code>{text(one_line(witness.condition))}</code> went another way.</p>"
    for command in witness.reproduce:
        yield _command(command)


def _pairs(lines: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{text(label)}</dt><dd><code>{text(value)}</code></dd>" for label, value in lines)
    return f"<dl>{rows}</dl>"


def _answers(one: str, first: Rendering, other: str, second: Rendering) -> str:
    if isinstance(first, Rendered) and isinstance(second, Rendered) and first != second:
        difference = first_difference(first.text, second.text, before=_BEFORE, after=_AFTER)
        place = f"line {difference.line}, column {difference.column}"
        sides = ((side_pieces(difference.reference), "ins"), (side_pieces(difference.target), "del"))
        cells = [f"{text(a)}<{tag}>{text(b)}</{tag}>{text(c)}" for (a, b, c), tag in sides]
        head = f'<p class="facts">first difference at {place} of the prompt (spaces shown as ·, newlines as ↵)</p>'
    else:
        cells = [text(rendering_phrase(first)), text(rendering_phrase(second))]
        head = ""
    columns = "".join(
        f'<div><p class="facts">{text(one_line(name))}</p><pre>{cell}</pre></div>'
        for name, cell in zip((one, other), cells, strict=True)
    )
    return f'{head}<div class="sides">{columns}</div>'


def _command(command: str) -> str:
    button = '<button class="copy" type="button">copy</button>'
    pre = f'<pre class="command">{text(unbroken(command))}</pre>'
    return f'<div class="again">{button}<p class="facts">reproduce</p>{pre}</div>'


def _fix(template: Template, fix: Fix) -> Iterator[str]:
    yield f"<p>{FIX_WORDS[fix.safety].capitalize()}: {prose(one_line(fix.summary))}</p>"
    lines: list[str] = []
    for hunk in fix_hunks(template, fix):
        lines.extend(f"<del>- {text(line)}</del>" for line in hunk.before)
        lines.extend(f"<ins>+ {text(line)}</ins>" for line in hunk.after)
    yield "<pre>" + "\n".join(lines) + "</pre>"


def source_markup(lines: Sequence[SourceLine | None]) -> str:
    """Lines of a template with their numbers and what is marked in them."""
    shown = []
    for line in lines:
        if line is None:
            shown.append('<span class="gap">⋮</span>')
            continue
        marked = f"<mark>{text(line.marked)}</mark>" if line.marked else ""
        shown.append(f'<span class="no">{line.number}</span>{text(line.before)}{marked}{text(line.after)}')
    return "<pre>" + "\n".join(shown) + "</pre>"


def whole_template(template: TemplateReport) -> Iterator[str]:
    """The template with its findings in place, and the lines of branches that no conversation reached."""
    source = template.template.text
    if len(source) > _LARGEST_SOURCE:
        return
    marks = [
        (item.location.start, item.location.end, item)
        for item in items_of(template)
        if item.finding and item.location
    ]
    missed = (
        {branch.line: branch.condition for branch in template.comparison.coverage.missed}
        if template.comparison
        else {}
    )
    yield "<details><summary>The template, with its findings in place</summary>"
    lines = []
    for number, line in enumerate(source.split("\n"), 1):
        start, end = template.template.line_span(number) if line else (0, 0)
        inside = [mark for mark in marks if mark[0] < end and mark[1] > start]
        content = _marked(source, start, end, inside) if inside else text(line.replace("\t", "    "))
        title = f' title="not reached: {text(one_line(missed[number]))}"' if number in missed else ""
        missing = ' class="missed"' if number in missed else ""
        lines.append(f'<span{missing}{title}><span class="no">{number}</span>{content}</span>')
    yield "<pre>" + "\n".join(lines) + "</pre></details>"


def _marked(source: str, start: int, end: int, marks: Sequence[tuple[int, int, Item]]) -> str:
    """A line in pieces, each of which lies in the same findings from end to end."""
    cuts = sorted({start, end, *(min(max(at, start), end) for mark in marks for at in mark[:2])})
    pieces = []
    for left, right in pairwise(cuts):
        piece = text(source[left:right].replace("\t", "    "))
        over = [item for first, last, item in marks if first <= left and right <= last]
        title = "; ".join(dict.fromkeys(f"{item.code} {_message(item)}" for item in over))
        pieces.append(f'<mark title="{text(one_line(title))}">{piece}</mark>' if over else piece)
    return "".join(pieces)


def prose(words: str) -> str:
    """Escaped text, with what stands between backticks as code."""
    parts = re.split(r"`([^`]+)`", words)
    return "".join(f"<code>{text(part)}</code>" if index % 2 else text(part) for index, part in enumerate(parts))


def text(words: str) -> str:
    """Printable text for any place in the page."""
    return html.escape(printable(words), quote=True)
