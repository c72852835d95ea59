"""Where an assistant's turn begins, and how, with the generation flag and without."""

from __future__ import annotations

import re

from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, RESULT, USER, USER_AFTER, Turns

_WORD = re.compile(r"\w{3,}")


def constant_header(turns: Turns, inquiry: Inquiry) -> str:
    """What of an assistant's header ends every prompt, whatever the generation flag says; empty where nothing does.

    The part of the header that a user's header shares is not in it, since it may belong to the turn that follows. One
    that begins or ends with a word of the assistant's own header counts, whatever else it says: an opened thought, or
    what the model is told each time.
    """
    conversations = (
        turns.conversation(turns.user()),
        turns.conversation(turns.user(), prompt=True),
        turns.conversation(turns.user(), turns.assistant()),
        turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER)),
    )
    user, prompted, answered, longer = map(inquiry.text, conversations)
    if user is None or user != prompted or answered is None or longer is None or ASSISTANT not in answered:
        return ""
    split = first_difference(answered, longer)
    header = "" if split is None else answered[split:]
    before = answered.partition(USER)[2].partition(ASSISTANT)[0]
    words = _WORD.findall(header)
    is_one = header in before or any(word in before for word in (*words[:1], *words[-1:]))
    return header if header.strip() and user.endswith(header) and is_one else ""


def before_mark(texts: tuple[str, str], split: int) -> int:
    """The beginning of the mark in which two texts part; ``split`` where they part in none."""
    for start, end in ("<>", "[]"):
        opened = texts[0].rfind(start, 0, split)
        if opened > texts[0].rfind(end, 0, split) and texts[0][opened:] and texts[1][opened:]:
            split = opened
    return split


def history_of(plain: str, prompted: str) -> str:
    """What stands before the generation prompt, of one conversation's prompts without the flag and with it.

    White space before the generation prompt, and a mark in which the two part, are not in it. Where the flag changes
    nothing, the end of the last text that was sent is all that is known of where a generation prompt may begin.
    """
    split = first_difference(plain, prompted)
    if split is None:
        ends = [plain.rfind(text) + len(text) for text in (USER, USER_AFTER, RESULT) if text in plain]
        return plain[: max(ends, default=0)]
    return plain[: before_mark((plain, prompted), split)].rstrip()
