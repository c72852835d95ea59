"""The blocks of a report for a terminal: one a cause, with its places, its proof and its fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Fix, Severity, Witness
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.report import Comparison
from portable_tpl.model.source import Location, Template
from portable_tpl.reports.parts.difference import Difference, first_difference, side_pieces
from portable_tpl.reports.parts.items import Block, Item, Proof
from portable_tpl.reports.parts.source import SourceLine, fix_hunks, source_lines
from portable_tpl.reports.parts.visible import one_line, pad, unbroken, width, wrapped
from portable_tpl.reports.parts.words import (
    FIX_WORDS,
    conversation_lines,
    how_many,
    missed_phrase,
    plural,
    rendering_phrase,
    tier_phrase,
    what_happens,
    why,
)

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
TONES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_MOST_PLACES = 12
_MOST_LINES = 3  # of a change, on each side
_GUTTER = 10  # what an excerpt's line number, bar and indentation take


class Paint:
    """Puts ANSI colours around text, or leaves it alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, tone: str) -> str:
        """The text in a tone."""
        return f"\x1b[{_SGR[tone]}m{text}\x1b[0m" if self.on and text else text


class Parts(NamedTuple):
    """What of a block is written besides its headline and its line: the proof with the fix's title, and the fix."""

    proof: bool = True
    fix: bool = True


ALL_PARTS = Parts()


class Writer:
    """Writes blocks for a terminal of ``columns`` columns; ``verbose`` leaves nothing out."""

    def __init__(self, paint: Paint, columns: int, verbose: bool) -> None:
        self.paint = paint
        self.columns = columns
        self.verbose = verbose

    def item_line(self, template: Template, item: Item) -> str:
        """One line about an item, as compilers write it: ``path:line:column: severity: code [targets] message``."""
        place = unbroken(template.label)
        if item.location is not None:
            place += f":{item.location.line}:{item.location.column}"
        tone = TONES[item.severity]
        targets = f" [{', '.join(item.targets)}]" if item.targets else ""
        severity = self.paint(str(item.severity), tone)
        return f"{self.paint(place, 'bold')}: {severity}: {item.code}{targets} {self.message(item)}"

    def block(self, template: Template, block: Block, parts: Parts = ALL_PARTS) -> Iterator[str]:
        """A cause: what, where, how often; the line; and the parts asked for."""
        yield from self.headline(template, block)
        yield from self.body(template, block, parts)

    def body(self, template: Template, block: Block, parts: Parts = ALL_PARTS) -> Iterator[str]:
        """A cause without its headline."""
        item = block.first
        if item.location is not None:
            yield from self._excerpt(self._source(template, item.location), item)
        if parts.proof:
            yield from self._proof(block)
        else:
            yield from self.shortest(block)
        if block.fix is not None and parts.proof:
            yield from self._fix(template, block.fix, parts.fix)

    def shortest(self, block: Block) -> Iterator[str]:
        """The conversation that shows an error; milder causes do without where there is no room."""
        if block.first.severity is not Severity.ERROR:
            return
        if block.proof is not None:
            yield from self._conversation(block.proof.mismatch.conversation)
        elif block.witness is not None:
            yield from self._conversation(block.witness.exhibits[0].conversation)

    def headline(self, template: Template, block: Block) -> Iterator[str]:
        """What a block is about: its first lines."""
        item = block.first
        affected = block.affected
        parts = [", ".join(block.targets)] if block.targets else []
        if affected is not None and affected.affected:
            parts.append(how_many(affected.affected, affected.cases))
        if item.finding is not None and item.finding.evidence == "unseen" and affected is not None:
            parts.append(f"not seen in {plural(affected.cases, 'conversation')}")
        head = f"{item.severity} {item.code}"
        first, *others = self.wrapped(f"{head}  {' · '.join(parts)}".rstrip(), "")
        yield self.paint(first[: len(head)], TONES[item.severity]) + first[len(head) :]
        yield from others
        yield from self.wrapped(self.message(item), "  ")
        places = block.places
        if places:
            shown = places if self.verbose else places[:_MOST_PLACES]
            more = f" and {len(places) - len(shown)} more" if len(places) > len(shown) else ""
            yield from self.wrapped(f"at {unbroken(template.label)}:{', '.join(shown)}{more}", "  ")

    def short(self, block: Block) -> str:
        """A block that is worth a line: code, message, places."""
        item = block.first
        places = block.places
        more = "" if len(places) < 2 else f" and {plural(len(places) - 1, 'more place')}"
        where = f" ({places[0]}{more})" if places else ""
        room = self.columns - width(f"{item.severity} {item.code}  ") - width(where)
        head = self.paint(f"{item.severity} {item.code}", TONES[item.severity])
        return f"{head}  {cut(self.message(item), room)}{where}"

    def message(self, item: Item) -> str:
        """What an item says, on one line."""
        if item.finding is not None:
            return one_line(item.finding.message) + tier_phrase(item.finding.tier)
        mismatch = item.proofs[0].mismatch
        cause = f"cause: {one_line(why(mismatch))}" if mismatch.cause else "cause not identified"
        return f"{what_happens(mismatch)}; {cause}{tier_phrase(mismatch.tier)}"

    def wrapped(self, text: str, indent: str) -> list[str]:
        """The text on lines that the terminal holds."""
        return [indent + line for line in wrapped(text, self.columns - len(indent))]

    def _source(self, template: Template, location: Location) -> list[SourceLine | None]:
        """The lines of a span, as many characters of each as the terminal holds, wide ones too."""
        room = self.columns - _GUTTER
        lines = source_lines(template, location, room)
        widest = max(width(f"{line.before}{line.marked}{line.after}") for line in lines if line is not None)
        return lines if widest <= room + 2 else source_lines(template, location, room * room // widest)

    def _excerpt(self, lines: list[SourceLine | None], item: Item) -> Iterator[str]:
        gutter = max(len(str(line.number)) for line in lines if line is not None)
        for line in lines:
            if line is None:
                yield f"  {' ' * gutter} {self.paint('…', 'dim')}"
                continue
            number = self.paint(f"{line.number:>{gutter}} |", "dim")
            yield f"  {number} {line.before}{line.marked}{line.after}".rstrip()
            carets = width(line.marked) or (1 if len(lines) == 1 else 0)
            if carets and item.finding is not None:
                bar = self.paint(f"{'':>{gutter}} |", "dim")
                yield f"  {bar} {' ' * width(line.before)}{self.paint('^' * carets, TONES[item.severity])}"

    def _proof(self, block: Block) -> Iterator[str]:
        proof = block.proof
        if proof is not None:
            yield from self._mismatch(proof)
        elif block.witness is not None:
            yield from self.witness(block.witness)

    def _mismatch(self, proof: Proof) -> Iterator[str]:
        mismatch = proof.mismatch
        yield from self._conversation(mismatch.conversation)
        yield from self._answers("transformers", mismatch.reference, proof.target, mismatch.target)
        if self.verbose:
            yield f"  {self.paint('cause', 'dim')}      {one_line(why(mismatch))}"
            yield f"  {self.paint('reproduce', 'dim')}  {unbroken(mismatch.reproduce)}"

    def witness(self, witness: Witness) -> Iterator[str]:
        """The conversation of a witness, its texts around their first difference, and the branch behind it."""
        first, *others = witness.exhibits
        yield from self._conversation(first.conversation)
        if others:
            second = others[0]
            labels = [cut(one_line(each.label), self.columns // 3) for each in (first, second)]
            yield from self._answers(labels[0], first.rendering, labels[1], second.rendering)
        else:
            yield from self.wrapped(one_line(first.label), "  ")
            yield f"    {cut(rendering_phrase(first.rendering), self.columns - 4)}"
        if witness.condition is not None:
            text = f"line {witness.line}: {one_line(witness.condition)} went another way"
            yield f"  {self.paint(cut(text, self.columns - 2), 'dim')}"
        if self.verbose:
            for command in witness.reproduce:
                yield f"  {self.paint('reproduce', 'dim')}  {unbroken(command)}"

    def _conversation(self, conversation: Conversation) -> Iterator[str]:
        lines = conversation_lines(conversation)
        if self.verbose:
            column = max(width(label) for label, _ in lines)
            for label, value in lines:
                yield f"  {self.paint(pad(label, column), 'blue')}  {value}"
            return
        text = "  ".join(f"{label} {value}" for label, value in lines)
        yield f"  {self.paint(cut(text, self.columns - 2), 'blue')}"

    def _answers(self, one: str, first: Rendering, other: str, second: Rendering) -> Iterator[str]:
        column = max(width(one), width(other))
        if isinstance(first, Rendered) and isinstance(second, Rendered) and first != second:
            room = max(24, self.columns - column - 4)
            difference = first_difference(first.text, second.text, before=room // 3, after=room - room // 3 - 2)
            yield from self._two_texts(difference, pad(one, column), pad(other, column), room)
            return
        for name, rendering in ((one, first), (other, second)):
            yield f"  {pad(name, column)}  {cut(rendering_phrase(rendering), self.columns - column - 4)}"

    def _two_texts(self, difference: Difference, one: str, other: str, room: int) -> Iterator[str]:
        for name, side, tone in ((one, difference.reference, "green"), (other, difference.target, "red")):
            before, changed, after = side_pieces(side)
            changed = cut(changed, room - width(before))
            yield f"  {name}  {before}{self.paint(changed, tone)}{cut(after, room - width(before) - width(changed))}"
        before, _, _ = side_pieces(difference.reference)
        yield f"  {'':>{width(one)}}  {' ' * width(before)}{self.paint('^', 'red')}"

    def _fix(self, template: Template, fix: Fix, in_full: bool) -> Iterator[str]:
        yield f"  {self.paint(FIX_WORDS[fix.safety], 'green')}: {one_line(fix.summary)}"
        if not in_full:
            return
        for hunk in fix_hunks(template, fix, self.columns - _GUTTER):
            yield from self.side(hunk.before, "    - ", "red")
            yield from self.side(hunk.after, "    + ", "green")

    def side(self, lines: Sequence[str], before: str, tone: str, instead: str | None = None) -> Iterator[str]:
        """The first few lines of a change, each behind the same text; ``instead`` stands before what is left out."""
        shown = lines if self.verbose or len(lines) <= _MOST_LINES else lines[: _MOST_LINES - 1]
        for line in shown:
            yield self.paint(cut(f"{before}{line}", self.columns), tone)
        if len(lines) > len(shown):
            yield self.paint(f"{before if instead is None else instead}… {len(lines) - len(shown)} more lines", tone)

    def coverage(self, comparison: Comparison) -> Iterator[str]:
        """How many branches were reached, and which were not."""
        yield from self.wrapped(missed_phrase(comparison, None if self.verbose else 4), "")


def cut(text: str, columns: int) -> str:
    """A printable text in at most so many terminal columns, with an ellipsis where some is left out."""
    if width(text) <= columns:
        return text
    kept, room = [], max(columns - 1, 0)
    for char in text:
        room -= width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…"
