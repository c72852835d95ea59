"""Text inside of Markdown, as GitHub and the hub show it: what came from outside is no markup."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_\[\]<>~|&])")
# Text that GitHub would turn into a mention or a reference to an issue.
_REFERENCE = re.compile(r"([@#])(?=\w)")


def prose(text: str) -> str:
    """Text in which nothing is markup but code between backticks."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(code(part[1:-1]) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    return _REFERENCE.sub(r"\1<!-- -->", _SPECIAL.sub(r"\\\1", text))


def code(text: str) -> str:
    """Text between as many backticks as it needs."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{space}{text}{space}{fence}"
