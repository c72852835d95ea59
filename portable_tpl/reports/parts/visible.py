"""Text as a person can tell it apart: what has no shape of its own gets one.

One notation serves all formats: a character that does not print, or that would steer the terminal or turn the
reading direction, is shown as ``⟨U+200B⟩``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

# Suspects only: whether one of them is shown as it is, is for its Unicode category to say.
_SUSPECT = re.compile(r"[^ -~\n\t]")
_WIDE_OR_MARK = re.compile(r"[^ -~]")
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
# What JSON and XML take as it is, and a terminal obeys or a reader is misled by.
_STEERING = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_WHITE = {" ": "·", "\n": "↵", "\t": "→"}
_LOOKALIKES = frozenset("·↵→")


def code_point(char: str) -> str:
    """A character by its number, as in ``⟨U+200B⟩``."""
    return f"⟨U+{ord(char):04X}⟩"


def printable(text: str) -> str:
    """The text with every character that does not print replaced by its number; newlines, tabs and spaces stay."""
    if text.isascii() and text.isprintable():
        return text
    return _SUSPECT.sub(_shown, text)


def one_line(text: str) -> str:
    """Printable text on one line: runs of white space with a newline or tab in them become one space."""
    return printable(re.sub(r"[ \t\r]*[\t\r\n][ \t\r\n]*", " ", text)).strip()


def unbroken(text: str) -> str:
    """Printable text on one line, for names and commands: a newline or tab is shown by its number, none is lost."""
    return re.sub(r"[\n\t]", lambda match: code_point(match[0]), printable(text))


def visible(text: str, *, marks: bool = False) -> str:
    """The text on one line with its white space as ``·`` (space), ``↵`` (newline) and ``→`` (tab).

    Those three signs, where the text itself has them, are shown by number. ``marks`` shows combining marks by number
    too, for a place where one of them is the point.
    """
    out = []
    for char in text:
        if char in _WHITE:
            out.append(_WHITE[char])
        elif char in _LOOKALIKES or (marks and _category(char) in ("Mn", "Me")):
            out.append(code_point(char))
        else:
            out.append(printable(char))
    return "".join(out)


def width(text: str) -> int:
    """The number of terminal columns that a printable text takes (Unicode's East Asian width; marks take none)."""
    if text.isascii():
        return len(text)
    return len(text) + sum(_extra_columns(char) for char in _WIDE_OR_MARK.findall(text))


def pad(text: str, columns: int) -> str:
    """The text with spaces after it up to a number of terminal columns."""
    return text + " " * max(0, columns - width(text))


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Rows of printable cells as lines, in columns; those by the numbers in ``right`` end where the column does."""
    columns = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            " " * (room - width(cell)) + cell if index in right else pad(cell, room)
            for index, (cell, room) in enumerate(zip(row, columns, strict=True))
        )
        yield "  ".join(cells).rstrip()


def wrapped(text: str, columns: int) -> list[str]:
    """A printable text broken between words into lines of at most so many terminal columns, where its words allow."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def clip(text: str, limit: int) -> str:
    """The text, or its two ends around a count of what is left out, in about ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit // 4
    return f"{text[:head]} …({len(text) - head - tail} more characters)… {text[-tail:]}"


def excerpt(text: str, limit: int) -> str:
    """The beginning of a text with its white space visible, and its whole length where it goes on."""
    return visible(text) if len(text) <= limit else f"{visible(text[:limit])}… ({len(text):,} characters)"


def encodable(text: str) -> str:
    """The text with lone surrogates shown by number, so that UTF-8 can carry it."""
    return re.sub("[\ud800-\udfff]", lambda match: code_point(match[0]), text)


def for_log(text: str) -> str:
    """The text without what a runner of continuous integration would obey in its log.

    GitHub's obeys ``::name::`` at the start of a line, and as Azure's does ``##[`` and ``##vso[`` anywhere.
    """
    if "::" not in text and "##" not in text:
        return text
    text = re.sub(r"^([^\S\n]*):(?=:)", lambda match: f"{match[1]}{code_point(':')}", text, flags=re.MULTILINE)
    return re.sub(r"##(?=\[|vso\[)", f"#{code_point('#')}", text, flags=re.IGNORECASE)


def escaped_for_log(text: str, form: str) -> str:
    """A whole report so that it can stand in a log: what a runner would obey is spelt as its format allows.

    ``github`` is written for the runner and stays. In JSON and in markup the meaning stays the same.
    """
    if form in ("json", "sarif"):
        text = _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        return re.sub(r"##(?=\[|vso\[)", r"#\\u0023", text, flags=re.IGNORECASE)
    if form in ("html", "junit"):
        text = _STEERING.sub(lambda match: f"&#{ord(match[0])};", text)
        text = re.sub(r"^(\s*):(?=:)", r"\1&#58;", text, flags=re.MULTILINE)
        return re.sub(r"##(?=\[|vso\[)", "#&#35;", text, flags=re.IGNORECASE)
    return printable(text) if form == "github" else for_log(text)


def _shown(match: re.Match[str]) -> str:
    char = match[0]
    return code_point(char) if _category(char) in _UNSAFE_CATEGORIES else char


def _extra_columns(char: str) -> int:
    if _category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":  # medial Hangul joins the syllable before it
        return -1
    from unicodedata import east_asian_width

    return 1 if east_asian_width(char) in "WF" else 0


def _category(char: str) -> str:
    from unicodedata import category

    return category(char)
