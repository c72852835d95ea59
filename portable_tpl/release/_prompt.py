"""How a template begins an assistant's turn, with the generation flag and without."""

from __future__ import annotations

from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, USER, USER_AFTER, Turns


def constant_header(turns: Turns, inquiry: Inquiry) -> str:
    """What of an assistant's header ends every prompt, whatever the generation flag says; empty where nothing does.

    The part of the header that a user's header shares is not in it, since it may belong to the turn that follows.
    """
    asked = (
        turns.conversation(turns.user()),
        turns.conversation(turns.user(), prompt=True),
        turns.conversation(turns.user(), turns.assistant()),
        turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER)),
    )
    user, prompted, answered, longer = map(inquiry.text, asked)
    if user is None or user != prompted or answered is None or longer is None or ASSISTANT not in answered:
        return ""
    split = first_difference(answered, longer)
    header = "" if split is None else answered[split:]
    before = answered.partition(USER)[2].partition(ASSISTANT)[0]
    return header if header.strip() and user.endswith(header) and header in before else ""
