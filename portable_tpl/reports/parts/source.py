"""The lines of a template that a finding is about, cut to what a person can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from portable_tpl.model.findings import Edit, Fix, apply_edits
from portable_tpl.model.rendering import common_prefix
from portable_tpl.model.source import Location, Template
from portable_tpl.reports.parts.visible import printable

_MOST_LINES = 4
_NEWLINE = re.compile(r"\r\n|\r|\n")


class SourceLine(NamedTuple):
    """One line of a template, made printable: what is before, in and after the marked span."""

    number: int
    before: str
    marked: str
    after: str


class Hunk(NamedTuple):
    """Lines of a template before and after a fix; ``line`` is the number of the first."""

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def source_lines(template: Template, location: Location, room: int = 96) -> list[SourceLine | None]:
    """The lines of a span, ``None`` standing for lines left out; ``room`` is the most characters of a line shown."""
    last = location.end_line
    if last > location.line and template.line_span(last).start >= location.end:
        last -= 1  # the span ends with a newline: nothing of the last line is in it
    numbers: list[int | None] = list(range(location.line, last + 1))
    if len(numbers) > _MOST_LINES:
        numbers = [*numbers[: _MOST_LINES - 2], None, numbers[-1]]
    return [None if number is None else _source_line(template, location, number, room) for number in numbers]


def _source_line(template: Template, location: Location, number: int, room: int) -> SourceLine:
    start, end = template.line_span(number)
    line = template.text[start:end]
    left = max(location.start, start) - start
    right = max(left, min(location.end, end) - start)
    if number > location.line:  # the indentation of a later line of the span is not worth a mark
        left += len(line[left:right]) - len(line[left:right].lstrip())
    before, marked, after = _window(line[:left], line[left:right], line[right:], room)
    return SourceLine(number, *(printable(_tabs_spread(part)) for part in (before, marked, after)))


def _window(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    if len(before) + len(marked) + len(after) <= room:
        return before, marked, after
    if len(marked) > room * 3 // 4:
        marked = f"{marked[: room // 2]}…{marked[-room // 4 :]}"
    spare = room - len(marked)
    left = min(len(before), max(spare // 2, spare - len(after)))
    right = spare - left
    if len(before) > left:
        before = "…" + before[len(before) - left :]
    return before, marked, _cut_right(after, right)


def fix_hunks(template: Template, fix: Fix, room: int = 96) -> list[Hunk]:
    """What a fix changes, as whole lines before and after; edits on touching lines are shown together."""
    return [_hunk(template, group, room) for group in _grouped(template, fix.edits)]


def _grouped(template: Template, edits: Sequence[Edit]) -> list[list[Edit]]:
    groups: list[list[Edit]] = []
    last_line = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        line = template.position(edit.start)[0]
        if groups and line <= last_line + 1:
            groups[-1].append(edit)
        else:
            groups.append([edit])
        last_line = max(last_line, template.position(edit.end)[0])
    return groups


def _hunk(template: Template, edits: Sequence[Edit], room: int) -> Hunk:
    line = template.position(edits[0].start)[0]
    start = template.line_span(line).start
    end = template.line_span(template.position(edits[-1].end)[0]).end
    end = max(end, edits[-1].end)
    old = template.text[start:end]
    new = apply_edits(old, tuple(Edit(edit.start - start, edit.end - start, edit.text) for edit in edits))
    before, after = _NEWLINE.split(old), _NEWLINE.split(new)
    if len(before) == len(after) == 1:
        return Hunk(line, *_cut_alike(before[0], after[0], room))
    return Hunk(line, _block(before, room), _block(after, room))


def _cut_alike(before: str, after: str, room: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two versions of a long line, both cut at the same places outside of what differs."""
    shared = common_prefix(before, after)
    left = max(0, shared - room // 3) if max(len(before), len(after)) > room else 0
    cut = []
    for text in (before, after):
        shown = _cut_right(text[left:], room)
        cut.append((printable(_tabs_spread(("…" if left else "") + shown)),) if text.strip() else ())
    return cut[0], cut[1]


def _block(lines: Sequence[str], room: int) -> tuple[str, ...]:
    shown = [printable(_cut_right(_tabs_spread(line), room)) for line in lines]
    if len(shown) > 2 * _MOST_LINES:
        left_out = len(shown) - 2 * _MOST_LINES + 1
        shown = [*shown[:_MOST_LINES], f"… {left_out} more lines …", *shown[-_MOST_LINES + 1 :]]
    return tuple(shown)


def _cut_right(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room, 0)] + "…"


def _tabs_spread(text: str) -> str:
    return text.replace("\t", "    ")


def span_text(template: Template, location: Location) -> str:
    """The template's own characters under a location."""
    return template.text[location.start : location.end]
