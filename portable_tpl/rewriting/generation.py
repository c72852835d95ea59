"""Tags of ``generation`` as the hosts that take them out as text know them: ``{% generation %}``, without marks.

A host that takes the tag out leaves the white space around it. What transformers drops there a mark of the neighbours
has to drop instead, and what it keeps is printed as a text, so that no mark of a neighbour reaches over the place.
"""

from __future__ import annotations

import re

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


def respelled_tag(start: int, look: Look) -> Fix | None:
    """The first tag from a place on without marks."""
    tag = TAG.search(look.parsed.text, start)
    return None if tag is None else _fix(_edits(tag, look))


def _fix(changes: list[Edit]) -> Fix | None:
    changes = sorted(set(changes), key=lambda edit: (edit.start, edit.end))
    apart = all(one.end <= other.start for one, other in zip(changes, changes[1:], strict=False))
    return Fix(_TITLE, Safety.SAFE, tuple(changes)) if changes and apart else None


def _edits(tag: re.Match[str], look: Look) -> list[Edit]:
    """What makes of one tag the plain one, in order."""
    text = look.parsed.text
    word = "endgeneration" if "endgeneration" in tag.group() else "generation"
    plain = f"{{% {word} %}}"
    before, after = _BEFORE.search(text, 0, tag.start()), _AFTER.match(text, tag.end())
    assert before is not None and after is not None  # both patterns take nothing, too
    left, right = before["mark"] or "", after["mark"] or ""
    kept_left, rest_left = _kept_before(before["space"], left, tag.group())
    kept_right, rest_right = _kept_after(after["space"], right, tag.group())
    # Where a target does not drop the white space of lines with tags alone, the tags move to their neighbours' lines.
    lines = not (look.breaks("layout.lstrip-blocks") or look.breaks("layout.trim-blocks"))
    changes = [] if tag.group() == plain else [Edit(tag.start(), tag.end(), plain)]
    if kept_left:
        if kept_left != rest_left or right.endswith("-"):
            changes.append(Edit(before.start("space"), tag.start(), f"{{{{ {quoted(kept_left, look)} }}}}"))
    elif rest_left:
        neighbour = lines and left and not left.startswith("+") and _last_tag(text, before.start("space")) is None
        at = before.start("space")
        changes.append(Edit(at - 2, at - 2, "-") if neighbour else Edit(at, tag.start(), ""))
    if kept_right:
        if kept_right != rest_right or left.startswith("-"):
            changes.append(Edit(tag.end(), after.end("space"), f"{{{{ {quoted(kept_right, look)} }}}}"))
    elif rest_right:
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


def _kept_after(space: str, mark: str, tag: str) -> tuple[str, str]:
    """The white space behind a tag that is printed, and that which would be, were the tag not there."""
    if mark.endswith("-"):
        return "", ""
    rest = _without_indent(space, "") if mark in ("{%", "{#") else space
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
