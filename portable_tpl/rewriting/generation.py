"""Tags of ``generation`` as the hosts that take them out as text know them: ``{% generation %}``, without marks.

A host that takes the tag out leaves the white space around it. What transformers drops there a mark of the neighbours
has to drop instead, and what it keeps is printed as a text, so that no mark of a neighbour reaches over the place.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.expressions import quoted

TAG = re.compile(r"\{%[-+]?\s*(?:end)?generation\s*[-+]?%\}")
_BEFORE = re.compile(r"(?P<mark>[-+]?[}%#]\})?(?P<space>\s*)\Z")
_AFTER = re.compile(r"(?P<space>\s*)(?P<mark>\{[{%#][-+]?)?")
_BLANKS = re.compile(r"(?:\A|(?<=\n))[ \t]+\Z")
_TITLE = "Spell the tags as hosts take them out"


def respelled(node: nodes.CallBlock, look: Look) -> Fix | None:
    """Both tags of a block without marks; ``None`` where their white space cannot be had otherwise."""
    span = look.parsed.span(node)
    tags = [tag for tag in TAG.finditer(look.parsed.text) if span.start <= tag.start() < span.end]
    if len(tags) != 2:
        return None
    return _fix([edit for tag in tags for edit in _edits(tag, look)])


def respelled_tag(tag: re.Match[str], look: Look) -> Fix | None:
    """One tag without marks."""
    return _fix(_edits(tag, look))


def _fix(changes: list[Edit]) -> Fix | None:
    changes = sorted(set(changes), key=lambda edit: (edit.start, edit.end))
    apart = all(one.end <= other.start for one, other in pairwise(changes))
    return Fix(_TITLE, Safety.SAFE, tuple(changes)) if changes and apart else None


class Sides(NamedTuple):
    """White space beside a tag: what is printed of it, and what would be, were the tag taken out; and the marks of
    the neighbours, empty for plain text."""

    left: str
    kept_left: str
    rest_left: str
    right: str
    kept_right: str
    rest_right: str

    @property
    def drop(self) -> bool:
        """Whether the tag drops what would be printed without it, and no mark of a neighbour would drop that."""
        left = self.kept_left != self.rest_left and not self.right.endswith("-")
        return left or (self.kept_right != self.rest_right and not self.left.startswith("-"))


def sides(tag: re.Match[str]) -> Sides:
    """What is beside a tag that :data:`TAG` matched in a template's text."""
    before, after = _around(tag)
    left, right = before["mark"] or "", after["mark"] or ""
    return Sides(
        left,
        *_kept_before(before["space"], left, tag.group()),
        right,
        *_kept_after(after["space"], right, tag.group(), before["space"]),
    )


def _around(tag: re.Match[str]) -> tuple[re.Match[str], re.Match[str]]:
    """The white space and the mark of the neighbour before a tag, and behind it."""
    # Not a search in the whole text, which would try each place.
    place = len(tag.string[: tag.start()].rstrip()) - 3
    before, after = _BEFORE.search(tag.string, max(0, place), tag.start()), _AFTER.match(tag.string, tag.end())
    assert before is not None  # both patterns take nothing, too
    assert after is not None
    return before, after


def _edits(tag: re.Match[str], look: Look) -> list[Edit]:
    """What makes of one tag the plain one, in order."""
    text = look.parsed.text
    word = "endgeneration" if "endgeneration" in tag.group() else "generation"
    plain = f"{{% {word} %}}"
    before, after = _around(tag)
    left, kept_left, rest_left, right, kept_right, rest_right = sides(tag)
    # The plain tag has to print the same white space on the reference, as its absence has to on hosts.
    plain_left = _kept_before(before["space"], left, plain)[0]
    plain_right = _kept_after(after["space"], right, plain, before["space"])[0]
    # Where a target does not drop the white space of lines with tags alone, the tags move to their neighbours' lines.
    lines = not (look.breaks("layout.lstrip-blocks") or look.breaks("layout.trim-blocks"))
    changes = [] if tag.group() == plain else [Edit(tag.start(), tag.end(), plain)]
    if kept_left:
        if not kept_left == rest_left == plain_left or right.endswith("-"):
            changes.append(Edit(before.start("space"), tag.start(), f"{{{{ {quoted(kept_left, look)} }}}}"))
    elif rest_left or plain_left:
        neighbour = lines and left and not left.startswith("+") and _last_tag(text, before.start("space")) is None
        at = before.start("space")
        changes.append(Edit(at - 2, at - 2, "-") if neighbour else Edit(at, tag.start(), ""))
    if kept_right:
        if not kept_right == rest_right == plain_right or left.startswith("-"):
            changes.append(Edit(tag.end(), after.end("space"), f"{{{{ {quoted(kept_right, look)} }}}}"))
    elif rest_right or plain_right:
        at = after.end("space")
        neighbour = lines and right and not right.endswith("+") and TAG.match(text, at) is None
        changes.append(Edit(at + 2, at + 2, "-") if neighbour else Edit(tag.end(), at, ""))
    return changes


def _kept_before(space: str, mark: str, tag: str) -> tuple[str, str]:
    """The white space before a tag that is printed, and that which would be, were the tag not there."""
    if mark.startswith("-"):
        return "", ""
    rest = space.removeprefix("\n") if mark in ("%}", "#}") else space
    if tag.startswith("{%-"):
        return "", rest
    return (rest if tag.startswith("{%+") else _without_indent(rest, space)), rest


def _kept_after(space: str, mark: str, tag: str, before: str) -> tuple[str, str]:
    """The white space behind a tag that is printed, and that which would be, were the tag not there."""
    if mark.endswith("-"):
        return "", ""
    rest = _without_indent(space, before) if mark in ("{%", "{#") else space
    if tag.endswith("-%}"):
        return "", rest
    kept = space if tag.endswith("+%}") else space.removeprefix("\n")
    return (_without_indent(kept, space) if mark in ("{%", "{#") else kept), rest


def _without_indent(space: str, whole: str) -> str:
    """White space without the blanks that lstrip_blocks drops: those from the start of a line on."""
    return _BLANKS.sub("", space) if "\n" in whole or "\n" in space else space


def _last_tag(text: str, end: int) -> re.Match[str] | None:
    """The tag of ``generation`` that ends at a place."""
    return next((tag for tag in TAG.finditer(text, max(0, text.rfind("{%", 0, end))) if tag.end() == end), None)
