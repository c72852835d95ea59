"""Hypothesis strategies for template text: mostly valid, in every spelling that jinja2 allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

# fmt: off
NAMES = ("a", "b", "message", "ns", "é", "ﬁ", "_x1", "if_", "in", "not_", "loop", "print", "is")
SPACES = ("", "", "", " ", " ", "  ", "\n", "\r\n", "\t", "\r", "\u00a0", "\x0b", "\x1c")
GAPS = (" ", " ", " ", "\n", "\r\n", "\t ", "\r", "\u2003")
TEXTS = (
    "", " ", "\n", "  \n  ", "\r\n\t", "text", "a\r\n", "{", "}", "{ %", "\0", "é\ud800", "\n\n", "\u2003\n", "- a -",
)
STRINGS = (
    "''", '"x"', "'it\\'s'", "'a\r\nb'", "'\\n\\u00e9'", '"é\U0001f600"', "'{{'", "'%}'", "'a' \"b\"", "'\\d'", "'#}'",
)
NUMBERS = ("0", "1", "42", "1_000", "0x1F", "0b101", "0o17", "00", "1.5", "1e3", "2.5E-3", "1_0.0_1")
BINARY = (
    "+", "-", "*", "/", "//", "%", "**", "~", " and ", " or ", "==", "!=", "<", "<=", ">", ">=", " in ", " not in ",
)
TARGETS = ("a", "b", "a, b", "(a, b)", "a,", "(a), b", "(a, (b, x))")
ATOMS = (*NAMES, *NUMBERS, *STRINGS, "true", "False", "none", "()", "[]", "{}")
# `E` stands for an expression, `N` for a name and `*` for white space.
EXPRESSIONS = (
    "*(*E*)*", "(*E*)", "E*.*N", "E*.*0", "E*[*E*]", "E[E:E]", "E*[*:*]", "E[E*:E:]", "E[:*:E]", "E[E,*:E,1::]", "E[*]",
    "E*(*)", "E(*E*,E,*)", "E(N*=*E)", "E(E,*N=E,**E)", "E(\x00E)", "E*|*upper", "E|a.b(E)", "E | default(E,N=E)|first",
    "E is defined", "(E is not a*.b)", "E is eq*(E)", "E is not eq N.N", "E is in [E]", "E if E", "E*if E else*E",
    "[E]", "[*E,E,*]", "(E,)", "(*E,E*)", "(E,E,)", "{E*:E}", "{*E:*E,*E:E,*}", "-*E", "+E", "not E", "E and E or E",
    "E*B*E", "(E)*B*(E)", "E B E B E", "E~E~E", "E<E<=E", "-E|upper",
)
STATEMENTS = (
    "set T = E", "set ns.x, a = E, 1", "set ns.a = E,", "print E, E", "print", "break", "continue", "import E as y",
    "from 'x' import a, b as c", "include E", "include 'x' ignore missing with context",
)
# `D` stands for any template text.
BLOCKS = (
    ("if E", "D", "endif"), ("if E", "D", "elif E", "D", "elif E", "D", "else", "D", "endif"),
    ("for T in E", "D", "endfor"), ("for T in E, E if E recursive", "D", "else", "D", "endfor"),
    ("macro m(a, b=E)", "D", "endmacro"), ("call m(E)", "D", "endcall"), ("call(a, b=(E)) m((E))", "D", "endcall"),
    ("filter upper", "D", "endfilter"), ("filter default((E))|a.b", "D", "endfilter"), ("with T = E", "D", "endwith"),
    ("with a = E, b = E", "D", "endwith"), ("set T", "D", "endset"), ("set T | default((E)) | trim", "D", "endset"),
    ("generation", "D", "endgeneration"), ("autoescape E", "D", "endautoescape"), ("block b", "D", "endblock b"),
)
FRAGMENTS = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-}}", "{%-", "-%}", "{%+", "+%}", "{#-", "-#}", "+#}", "raw", "endraw",
    "{% raw %}", "{% endraw %}", "{%- raw -%}", "if", "endif", "for", "in", "is", "not", "else", "a", "é", "²", "·", "١",
    "'", '"', "\\", "'x'", "'\\x'", "1", "0", "1.5", ".", "_", "(", ")", "[", "]", "{", "}", "|", ",", ":", "=", "==",
    "!", "~", "-", "+", "*", "**", "%", "$", ";", " ", "\n", "\r", "\r\n", "\t", "\u2003", "\0", "\ud800", "#", "\x1c",
)
# fmt: on


def scraps() -> st.SearchStrategy[str]:
    """Pieces of template syntax in a row, rarely a template."""
    row = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)
    return st.one_of(row, row.map(lambda text: "{{" + text + "}}"), row.map(lambda text: "{%" + text + "%}"))


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template that mostly parses."""
    return Writer(lambda choices: draw(st.sampled_from(choices))).text(depth=3)


class Writer:
    """Writes templates; ``pick`` chooses one of several, ``atoms`` are the smallest expressions."""

    def __init__(
        self, pick: Callable[[Sequence[Any]], Any], atoms: Sequence[str] = ATOMS, names: Sequence[str] = NAMES
    ) -> None:
        self._pick = pick
        self._atoms = atoms
        self._names = names

    def choose(self, *choices: str) -> str:
        return str(self._pick(choices))

    def expression(self, depth: int) -> str:
        if depth <= 0 or self._pick(range(3)) == 0:
            return self.choose(*self._atoms)
        return self.fill(self.choose(*EXPRESSIONS), depth - 1)

    def fill(self, pattern: str, depth: int) -> str:
        """A pattern with its capital letters and stars replaced."""
        pattern = pattern.replace("**", "\x00")
        out = []
        for letter in pattern:
            if letter == "E":
                out.append(self.expression(depth))
            elif letter == "N":
                out.append(self.choose(*self._names))
            elif letter == "T":
                out.append(self.choose(*TARGETS))
            elif letter == "B":
                out.append(self.choose(*BINARY))
            elif letter == "*":
                out.append(self.choose(*SPACES))
            else:
                out.append("**" if letter == "\x00" else letter)
        return "".join(out)

    def text(self, depth: int) -> str:
        return "".join(self.piece(depth) for _ in range(self._pick(range(4))))

    def piece(self, depth: int) -> str:
        kind = self._pick(range(7 if depth else 4 + 1))
        if kind == 0:
            return self.choose(*TEXTS)
        if kind == 1:
            value = self.fill(self.choose("E", "E", "E,", "E,E"), 3)
            sign = self.choose("", "-", "+", " ")
            return "{{" + sign + self.choose(*SPACES) + value + self.choose(*SPACES) + self.choose("", " -") + "}}"
        if kind == 2:
            return "{#" + self.choose("", "-", "+") + self.choose(*TEXTS) + self.choose("", "-", "+") + "#}"
        if kind == 3:
            return self.tag("raw") + self.choose(*TEXTS, "{{ a }}", "{% if %}") + self.tag("endraw")
        if kind == 4:
            return self.tag(self.choose(*STATEMENTS))
        pieces = self._pick(BLOCKS)
        return "".join(self.text(depth - 1) if piece == "D" else self.tag(piece) for piece in pieces)

    def tag(self, pattern: str) -> str:
        start, end = "{%" + self.choose("", "", "-", "+"), self.choose("", "", "-", "+") + "%}"
        return start + self.choose(*GAPS) + self.fill(pattern, 2) + self.choose(*GAPS) + end
