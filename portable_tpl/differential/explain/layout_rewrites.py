"""Rewritings of a template's white space and raw text that change nothing on the reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from portable_tpl.differential.explain.substitution import literal

_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}(.*?)\{%[-+]?\s*endraw\s*[-+]?%\}\n?", re.DOTALL)
_FIRST = re.compile(r"\A([^{])([ \t]*)(?=\{[%#])")


Rewrite: TypeAlias = "Callable[[str], str]"


def layout_rewrites(text: str) -> Iterator[tuple[str, Rewrite]]:
    """The feature that each rewriting takes out of a template, and the rewriting; those that change this one."""
    yield from ((feature, rewrite) for feature, rewrite in _REWRITES if rewrite(text) != text)


def first_line(text: str, rewrite: Rewrite, cures: Callable[[str], bool]) -> int:
    """The line up to which a text has to be rewritten for a cure, where rewriting all of it is one.

    One place of white space may show at many: where each branch before it ends.
    """
    lines = re.split(r"(?<=\n)", text)
    least, most = 0, len(lines)
    while most - least > 1:
        middle = (least + most) // 2
        if cures(rewrite("".join(lines[:middle])) + "".join(lines[middle:])):
            most = middle
        else:
            least = middle
    return max(most, 1)


def _raw_as_values(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        spelled = literal(match.group(1))
        return match.group() if spelled is None else "{{ " + spelled + " }}"

    return _RAW.sub(value, text)


def _first_as_value(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        spelled = literal(match.group(1))
        # Blanks at the start of a line go with lstrip_blocks; after other text they stay.
        blanks = "" if match.group(1) == "\n" else match.group(2)
        return match.group() if spelled is None else "{{ " + spelled + " }}" + blanks

    return _FIRST.sub(value, text)


def _trimmed(text: str) -> str:
    # The reference would trim the next newline, too, were it left right behind the tag.
    text = re.sub(r"(?<![-+])%\}\n(?=\n)", "%}{{ '' }}", text)
    return re.sub(r"(?<![-+])%\}\n", "%}", text)


def _lstripped(text: str) -> str:
    return re.sub(r"(?m)^[ \t]+(\{%(?![-+]))", r"\1", text)


def _indented_as_values(text: str) -> str:
    """The blanks before an expression as values; none where a ``-`` on the line before has stripped them."""

    def value(match: re.Match[str]) -> str:
        is_stripped = text[: match.start()].rstrip().endswith(("-%}", "-}}", "-#}"))
        return match.group() if is_stripped else "{{ " + str(literal(match.group())) + " }}"

    return re.sub(r"(?m)^[ \t]+(?=\{\{(?!-))", value, text)


def _generation_kept_apart(text: str) -> str:
    """An empty value before each tag of ``generation``: what a ``-`` behind it, or before it, cannot reach over."""
    return re.sub(r"(?m)(^[ \t]*)?(\{%\s*(?:end)?generation\s*%\}\n?)", r"{{ '' }}\2{{ '' }}", text)


_REWRITES: tuple[tuple[str, Rewrite], ...] = (
    ("layout.crlf", lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    ("layout.trim-blocks", _trimmed),
    ("layout.trim-blocks.comment", lambda text: re.sub(r"(?<!-)#\}\n", "#}", text)),
    ("layout.lstrip-blocks", _lstripped),
    ("layout.lstrip-blocks.expression", _indented_as_values),
    # A newline that is trimmed makes the blanks after it no start of a line: both go, or neither.
    ("layout.trim-blocks", lambda text: _trimmed(_lstripped(text))),
    ("layout.lstrip-blocks.comment", lambda text: re.sub(r"(?m)^[ \t]+(\{#(?!-))", r"\1", text)),
    ("layout.final-newline", lambda text: re.sub(r"\n\Z", "", text)),
    ("layout.first-newline.block", lambda text: _first_as_value(text) if text.startswith("\n") else text),
    ("layout.first-character", lambda text: text if text.startswith("\n") else _first_as_value(text)),
    ("layout.raw", _raw_as_values),
    ("layout.generation.before-dash", _generation_kept_apart),
    ("layout.bom", lambda text: text.removeprefix("\ufeff")),
)
FEATURES = tuple(dict.fromkeys(feature for feature, _ in _REWRITES))
