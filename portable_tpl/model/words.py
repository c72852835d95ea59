"""Text for the middle of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def in_one_line(text: str) -> str:
    """The text with each run of white space as one blank."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names one after the other, with a word before the last of several."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def did_you_mean(word: str, known: Iterable[str], most: int = 1, otherwise: str = "") -> str:
    """What may have been meant by a word, as a question behind a semicolon; ``otherwise`` where no name is near."""
    from difflib import get_close_matches  # not before there is something to say: it takes time to load

    names = list(known)
    near = get_close_matches(word, names, n=most) or get_close_matches(word.upper(), names, n=most)
    words = f"did you mean {listed(near, 'or')}?" if near else otherwise
    return f"; {words}" if words else ""
