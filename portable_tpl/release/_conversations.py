"""The plain conversations that several checks ask about, in the form that a template takes."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation
from portable_tpl.release._turns import USER_AFTER, Turns


def plain_conversations(turns: Turns, reads_calls: bool = False) -> list[Conversation]:
    """What most requests look like: a question, a reply and another one, a system message, calls with their results.

    ``reads_calls`` asks with calls even where no form of them is taken.
    """
    answered = (turns.user(), turns.assistant(), turns.user(USER_AFTER))
    conversations = [turns.conversation(turns.user(), prompt=True), turns.conversation(*answered, prompt=True)]
    if turns.final_assistant:
        conversations.append(turns.conversation(turns.user(), turns.assistant()))
    if not turns.preface:
        conversations.append(turns.conversation(turns.system(), *answered, prompt=True))
    if turns.tools:
        conversations.append(turns.conversation(turns.user(), prompt=True, tools=True))
    if turns.preface:
        conversations.append(Conversation([turns.user()], add_generation_prompt=True))
    if turns.calls or reads_calls:
        conversations += [turns.called(), turns.called_twice()]
    return conversations
