"""Text for the middle of a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def in_one_line(text: str) -> str:
    """The text with each run of white space as one blank."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names one after the other, with a word before the last of several."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
