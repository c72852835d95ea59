"""Reads the errors of google/minja and its forks, as OpenVINO GenAI and ONNX Runtime hand them on.

An error text is the message, and then one place for every level of the template that it went through, innermost
first: `` at row 3, column 8:``, the line before, the line, a caret, the line after. All of these come from the
source, so that the message ends where what follows is exactly such places.
"""

from __future__ import annotations

import re

from portable_tpl.targets.workers._serve import Failure, Refusal

_PLACE = re.compile(r" at row (\d+), column (\d+):\n")
_MINJA = "Minja's error: "
_RAISE = re.compile(r"raise_exception\s*\Z")
# What the engine says when it cannot call raise_exception with what it was given.
_NOT_A_MESSAGE = re.compile(r"get<|raise_exception must have|Value is not a string|\[json\.exception|key not found\Z")
_EMPTY = "Applied chat template resulted in an empty string"
_NO_TEMPLATE = "Chat template wasn't found"


def read_error(text: str, source: str, line_offset: int) -> Failure | Refusal:
    """What went wrong, given the source that the engine saw, of which ``line_offset`` lines precede the template."""
    for phrase in (_EMPTY, _NO_TEMPLATE):
        if phrase in text:
            return Failure("error", text[text.index(phrase) :].strip())
    if "invalid string: surrogate" in text:
        return Failure("unsupported", f"the engine takes no lone surrogates: {text[text.index('[json') :].strip()}")
    kind = "error" if _MINJA in text else "syntax"
    return read_failure(text.partition(_MINJA)[2] if kind == "error" else text, kind, source, line_offset)


def read_failure(words: str, kind: str, source: str, line_offset: int) -> Failure | Refusal:
    """What the engine's own words say went wrong, of which ``kind`` is known: ``syntax`` or ``error``."""
    message, place = _split(words, source)
    if place is None:
        return Failure("memory" if "bad_alloc" in message else kind, message.strip())
    row, column = place
    line = max(1, row - line_offset)
    if "bad_alloc" in message:
        return Failure("memory", message, line)
    if kind == "error" and _calls_raise_exception(source, row, column) and _NOT_A_MESSAGE.match(message) is None:
        return Refusal(message)
    return Failure(kind, message, line)


def _split(words: str, source: str) -> tuple[str, tuple[int, int] | None]:
    """The message, and row and column of the innermost place."""
    lines = source.split("\n")
    for match in _PLACE.finditer(words):
        if _only_places(words, match.start(), lines):
            return words[: match.start()], (int(match[1]), int(match[2]))
    # A place that is not as expected: what comes before the first one is the best guess.
    first = _PLACE.search(words)
    return (words, None) if first is None else (words[: first.start()], (int(first[1]), int(first[2])))


def _only_places(words: str, start: int, lines: list[str]) -> bool:
    while match := _PLACE.match(words, start):
        row, column = int(match[1]), int(match[2])
        around = [*lines[max(0, row - 2) : row], " " * (column - 1) + "^", *lines[row : row + 1]]
        shown = "\n".join(around) + "\n"
        if not words.startswith(shown, match.end()):
            return False
        start = match.end() + len(shown)
    return not words[start:].strip("\n")


def _calls_raise_exception(source: str, row: int, column: int) -> bool:
    """Whether the place, which for a call is its opening parenthesis, belongs to a call of ``raise_exception``.

    The engine counts columns in bytes, from 1.
    """
    lines = source.split("\n")
    if row > len(lines):
        return False
    before = "\n".join([*lines[max(0, row - 3) : row - 1], ""])
    in_line = lines[row - 1].encode("utf-8", "replace")[: column - 1].decode("utf-8", "replace")
    return _RAISE.search(before + in_line) is not None
