"""Where two renderings part, as something that stays the same while a conversation shrinks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portable_tpl.model.rendering import (
    Failed,
    MismatchKind,
    Refused,
    Rendered,
    Rendering,
    common_prefix,
    mismatch_kind,
    same,
)
from portable_tpl.template.tracing.trace import Piece, Trace, printer_at

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_DATA = re.compile(r"[\[{].*")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"(\d+)(\.\d*)?([eE][+-]?\d+)?")
_LONGEST_NUMBER, _LARGEST_DIGITS = 40, 15
_LONGEST_MESSAGE = 160
_NEAR = 200  # characters that a target may have printed too much before it goes on
END = -1


@dataclass(frozen=True)
class Locus:
    """The identity of a mismatch before its cause is known.

    ``kind`` as in the contract. ``node``: for different texts, the number of the node that printed the reference's
    first differing character (``END`` where the target printed on). ``sign``: how the texts differ there, or the
    target's message without its data. ``line``: where the target, or for a failing reference the reference, says it
    failed.
    """

    kind: MismatchKind
    node: int | None
    sign: str
    line: int | None = None


def locate(template_text: str, trace: Trace, target: Rendering) -> Locus | None:
    """The locus of a target's rendering against the reference's trace; ``None`` where they are the same."""
    reference = trace.rendering
    if same(reference, target):
        return None
    kind = mismatch_kind(reference, target)
    if kind in ("timeout", "crash"):
        return Locus(kind, None, "")
    if isinstance(target, Rendered):
        if isinstance(reference, Rendered):
            at = common_prefix(reference.text, target.text)
            joined = "".join(piece.text for piece in trace.pieces)
            node = node_at(trace.pieces, at, target.text) if joined == reference.text else None
            return Locus(kind, node, _sign(reference.text, target.text, at))
        line = reference.line if isinstance(reference, Failed) else None
        message = reference.message
        return Locus(kind, None, bare_message(message, template_text), line)
    if isinstance(target, Refused):
        # The message may hold data; which refusal it is shows in the words that the template itself has.
        return Locus(kind, None, "refused " + bare_message(target.message, template_text))
    # What is not taken at all fails on what the reference renders and on what it refuses; the first shows harm.
    refused = "refused, " if target.kind == "syntax" and isinstance(reference, Refused) else ""
    return Locus(kind, None, refused + bare_message(target.message, template_text), target.line)


def node_at(pieces: Sequence[Piece], at: int, target_text: str) -> int:
    """The number of the node that printed the character at offset ``at``, the innermost one."""
    number = END
    start = 0
    before: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        end = start + len(piece.text)
        if at < end:
            if at == start and before is not None and _went_on(piece, before, at, target_text):
                return _innermost(before, len(before.text) - 1)
            return _innermost(piece, at - start)
        start, before = end, piece
        number = piece.node
    return number if before is None else _innermost(before, len(before.text) - 1)


def _went_on(piece: Piece, before: Piece, at: int, target_text: str) -> bool:
    """Whether the target printed more for the piece before, and this piece only after that."""
    return not piece.inner and piece.text in target_text[at : at + _NEAR + len(piece.text)]


def _innermost(piece: Piece, at: int) -> int:
    node = printer_at([piece], at)
    return piece.node if node is None else node


def _sign(reference: str, target: str, at: int) -> str:
    return f"{_class_of(reference, at)} {_class_of(target, at)}"


def _class_of(text: str, at: int) -> str:
    if at >= len(text):
        return "end"
    character = text[at]
    if character in "0123456789.+-eE" and (number := _number_at(text, at)):
        return number
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "a"
    if character.isspace():
        return "space"
    return character if character.isascii() else "x"


def _number_at(text: str, at: int) -> str | None:
    """The form of the number that a character is part of: bugs with one form must not hide those with another."""
    start = max(0, at - _LONGEST_NUMBER)
    for match in _NUMBER.finditer(text, start, min(len(text), at + _LONGEST_NUMBER)):
        if match.start() <= at <= match.end():
            whole, fraction, exponent = match.groups()
            if exponent:
                return "exponent"
            return "fraction" if fraction else "big" if len(whole) > _LARGEST_DIGITS else "9"
    return None


def bare_message(message: str, template_text: str) -> str:
    """An engine's message without the data in it: what it quotes from elsewhere than the template, and numbers."""
    first = message.strip().split("\n", 1)[0]

    def keep(match: re.Match[str]) -> str:
        quoted = match.group()
        return quoted if len(quoted) > 2 and quoted[1:-1] in template_text else "…"

    return _DIGITS.sub("0", _DATA.sub("…", _QUOTED.sub(keep, first)))[:_LONGEST_MESSAGE]
