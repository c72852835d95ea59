"""Which part of a finding's span a reader should look at: of a chain of calls, the call at fault."""

from __future__ import annotations

import re

from portable_tpl.model.findings import Finding
from portable_tpl.model.source import Location, Span, Template

_PIECE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\.\s*[A-Za-z_]\w*\s*\(|[(\[{]|[)\]}]|.", re.DOTALL)


def focus(template: Template, finding: Finding) -> Location | None:
    """The finding's location; for a method, from the dot of its name on; ``None``: it is about the whole template."""
    location = finding.location
    if location.start == location.end == 0:
        return None
    if not finding.feature.startswith("method."):
        return location
    start = _last_call(template.text[location.start : location.end])
    return location if start is None else template.locate(Span(location.start + start, location.end))


def _last_call(text: str) -> int | None:
    """Where the last call of a method begins that no bracket encloses; ``None`` where there is none."""
    depth, start = 0, None
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece[0] in "([{":
            depth += 1
        elif piece[0] in ")]}":
            depth -= 1
        elif piece[-1] == "(" and piece[0] == ".":
            if depth == 0:
                start = match.start()
            depth += 1
    return start
