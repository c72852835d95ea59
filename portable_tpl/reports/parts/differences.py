"""What ``diff`` says in a terminal: for each template whether prompts differ, and each reason with its proof."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.difference import Place, PromptDifference, TemplateDifference
from portable_tpl.model.findings import Exhibit, Witness
from portable_tpl.model.report import Report
from portable_tpl.model.words import in_one_line
from portable_tpl.reports.parts.blocks import Writer, cut
from portable_tpl.reports.parts.visible import clip, one_line, unbroken
from portable_tpl.reports.parts.words import how_many, plural, tier_phrase

_MOST_IN_FULL = 3  # reasons of one template; each takes up to ten lines of a screen
_LONGEST_CONDITION = 60


def difference_lines(report: Report, writer: Writer) -> Iterator[str]:
    """The lines of a report of ``diff``."""
    target = report.targets[0]
    where = f"{target.id} {target.version or ''}".strip()
    for number, difference in enumerate(report.differences):
        if number:
            yield ""
        yield from _template(difference, where, writer)
    if any(each.differences for each in report.differences) and not writer.verbose:
        yield ""
        yield writer.paint("--verbose shows all, with commands that reproduce", "dim")


def _template(difference: TemplateDifference, where: str, writer: Writer) -> Iterator[str]:
    for side, template in (("old", difference.old), ("new", difference.new)):
        label = "none of this name" if template is None else unbroken(template.label)
        yield f"{writer.paint(side, 'bold')}  {cut(label, writer.columns - 5)}"
    tone, words = _verdict(difference, where)
    first, *others = writer.wrapped(words, "")
    yield writer.paint(first, tone)
    yield from others
    shown = difference.differences if writer.verbose else difference.differences[:_MOST_IN_FULL]
    for number, each in enumerate(difference.differences, 1):
        if number <= len(shown):
            yield ""
            yield from _reason(number, each, writer)
        else:
            yield from ([""] if number == len(shown) + 1 else [])
            yield cut(f"{number}. {_headline(each)}: {_in_a_line(each)}", writer.columns)
    if difference.several:
        yield ""
        yield f"{plural(difference.several, 'more conversation')} for several of these reasons at once"
    training = _training(difference)
    if training:
        yield ""
        yield from writer.wrapped(training, "")


def _verdict(difference: TemplateDifference, where: str) -> tuple[str, str]:
    cut_short = "; the search was cut short" if difference.cut else ""
    cases = plural(difference.cases, "conversation")
    if difference.likeness == "same-bytes":
        return "green", "same bytes"
    if difference.likeness == "same-prompts":
        cases = plural(difference.cases - difference.repaired, "conversation")
        more = f"; {difference.repaired:,} more failed, and no longer" if difference.repaired else ""
        return "green", f"same prompts in {cases}, on {where}{more}; the bytes differ{cut_short}"
    if difference.likeness == "differs":
        count = how_many(difference.differing, difference.cases)
        reasons = plural(len(difference.differences), "reason")
        return "red", f"prompts differ in {count}, for {reasons}, on {where}{cut_short}"
    return "red", f"only the {'old' if difference.likeness == 'only-old' else 'new'} one holds it"


def _headline(difference: PromptDifference) -> str:
    return f"{plural(difference.cases, 'conversation')}{tier_phrase(difference.tier)}"


def _reason(number: int, difference: PromptDifference, writer: Writer) -> Iterator[str]:
    yield writer.paint(f"{number}. {_headline(difference)}", "bold")
    if difference.change is not None:
        yield from _side(difference.change.old_text, difference.change.old_line, "-", "red", writer)
        yield from _side(difference.change.new_text, difference.change.new_line, "+", "green", writer)
    elif difference.tokens is not None:
        for name, (old, new) in difference.tokens.items():
            for text, sign, tone in ((old, "-", "red"), (new, "+", "green")):
                line = f"  {sign} {one_line(name)}: {'absent' if text is None else one_line(text)}"
                yield writer.paint(cut(line, writer.columns), tone)
    yield from _printed(difference, writer)
    exhibits = (
        Exhibit("old" if difference.without is None else "without it", difference.conversation, difference.before),
        Exhibit("new", difference.conversation, difference.new),
    )
    yield from writer.witness(Witness(exhibits, difference.offset, reproduce=difference.reproduce))


def _side(text: str, line: int, sign: str, tone: str, writer: Writer) -> Iterator[str]:
    lines = [] if not text else text.removesuffix("\n").split("\n")
    # What begins or ends a stretch by a line end alone says nothing.
    while len(lines) > 1 and not lines[0].strip():
        lines, line = lines[1:], line + 1
    numbered = [f"{number:>4} | {one_line(each)}" for number, each in enumerate(lines, line)]
    yield from writer.side(numbered, f"  {sign} ", tone, instead=f"  {sign}      | ")


def _printed(difference: PromptDifference, writer: Writer) -> Iterator[str]:
    """What printed the first difference, and under which conditions."""
    old, new = difference.places
    if old == new and old is not None:
        words = _place(old)
    else:
        sides = (("old", old), ("new", new))
        words = "; ".join(f"{side} {_place(place)}" for side, place in sides if place is not None)
    if words:
        yield from (writer.paint(each, "dim") for each in writer.wrapped(f"printed by {words}", "  "))


def _place(place: Place) -> str:
    condition = "" if place.condition is None else f", if {clip(one_line(place.condition), _LONGEST_CONDITION)}"
    return f"line {place.line}{condition}"


def _in_a_line(difference: PromptDifference) -> str:
    if difference.change is not None:
        old, new = map(in_one_line, (difference.change.old_text, difference.change.new_text))
        return one_line(f"line {difference.change.new_line}: {old or 'nothing'} → {new or 'nothing'}")
    if difference.tokens is not None:
        return f"special tokens: {', '.join(map(one_line, difference.tokens))}"
    lines = [str(place.line) for place in difference.places if place is not None]
    return f"lines {' and '.join(lines)}" if lines else "more than one change"


def _training(difference: TemplateDifference) -> str:
    """Whether the new template trains what the old one prints, where one of them has generation blocks."""
    old, new = difference.generation
    if not old and not new:
        return ""
    alike = difference.likeness in ("same-bytes", "same-prompts")
    prompts = "the prompts are the same" if alike else "the prompts differ"
    blocks = {
        (False, True): "the new one has generation blocks, the old one has none",
        (True, False): "the new one has no generation blocks, the old one has",
        (True, True): "both have generation blocks",
    }
    return f"training: {prompts}; {blocks[old, new]}"
