"""Where two renderings part."""

from __future__ import annotations

import pytest

from portable_tpl.differential.grouping.divergence import END, Locus, bare_message, locate, node_at
from portable_tpl.model.rendering import Failed, Refused, Rendered, common_prefix
from portable_tpl.template.tracing.trace import Piece, Trace

PIECES = (Piece(1, "ab"), Piece(2, "cd", (Piece(3, "c"), Piece(4, "d"))), Piece(5, ""), Piece(6, "ef"))


@pytest.mark.parametrize(
    "one, other, at",
    [("abc", "abd", 2), ("abc", "ab", 2), ("", "a", 0), ("xa", "ya", 0), ("a" * 999 + "b", "a" * 999 + "c", 999)],
)
def test_the_common_prefix(one: str, other: str, at: int) -> None:
    assert common_prefix(one, other) == common_prefix(other, one) == at


@pytest.mark.parametrize("at, node", [(0, 1), (1, 1), (2, 3), (3, 4), (4, 6), (5, 6), (6, 6)])
def test_the_innermost_node(at: int, node: int) -> None:
    assert node_at(PIECES, at, "zzzz") == node


def test_a_piece_that_went_on_is_to_blame_and_not_the_next() -> None:
    pieces = (Piece(1, "1"), Piece(2, "<end>"))
    assert node_at(pieces, 1, "1.0<end>") == 1
    assert node_at(pieces, 1, "1oops") == 2
    assert node_at((), 0, "x") == END


def test_equal_answers_have_no_locus() -> None:
    assert locate("", Trace(Rendered("a")), Rendered("a")) is None
    assert locate("", Trace(Refused("a")), Refused("a")) is None
    assert locate("", Trace(Failed("error", "x")), Failed("error", "y")) is None


def test_kinds_and_lines() -> None:
    trace = Trace(Rendered("abcdef"), pieces=PIECES)
    assert locate("", trace, Rendered("abXdef")) == Locus("output", 3, "a a")
    failed = locate("", trace, Failed("error", "no method named strip (in <string>:7)", 7))
    assert failed == Locus("target-error", None, "no method named strip (in <string>:0)", 7)
    assert locate("", trace, Failed("crash", "gone")) == Locus("crash", None, "")
    accident = locate("", Trace(Failed("error", "TypeError: x", 3)), Rendered("a"))
    assert accident == Locus("reference-error", None, "TypeError: x", 3)
    refused = locate("", trace, Refused("no 'secret' here"))
    assert refused == Locus("target-error", None, "refused no … here")


def test_messages_keep_the_templates_words_only() -> None:
    assert bare_message("key 'city' of 'Paris' at 12", "x.city") == "key 'city' of … at 0"
    assert bare_message("first\nsecond", "") == "first"
