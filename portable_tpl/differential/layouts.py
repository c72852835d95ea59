"""Rewritings of a template's white space and raw text that change nothing on the reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portable_tpl.differential.substitution import literal

_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}(.*?)\{%[-+]?\s*endraw\s*[-+]?%\}\n?", re.DOTALL)


def layout_rewrites(text: str) -> Iterator[tuple[str, str]]:
    """The feature that each rewriting takes out of the template, and the template without it."""
    for feature, rewrite in _REWRITES:
        changed = rewrite(text)
        if changed != text:
            yield feature, changed


def _raw_as_values(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        spelled = literal(match.group(1))
        return match.group() if spelled is None else "{{ " + spelled + " }}"

    return _RAW.sub(value, text)


_REWRITES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("layout.crlf", lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    ("layout.trim-blocks", lambda text: re.sub(r"(?<![-+])%\}\n", "%}", text)),
    ("layout.trim-blocks.comment", lambda text: re.sub(r"(?<!-)#\}\n", "#}", text)),
    ("layout.lstrip-blocks", lambda text: re.sub(r"(?m)^[ \t]+(\{%(?![-+]))", r"\1", text)),
    ("layout.lstrip-blocks.comment", lambda text: re.sub(r"(?m)^[ \t]+(\{#(?!-))", r"\1", text)),
    ("layout.final-newline", lambda text: re.sub(r"\n\Z", "", text)),
    ("layout.raw", _raw_as_values),
    ("layout.bom", lambda text: text.removeprefix("\ufeff")),
)
