"""What node-llama-cpp does to a chat: templates see placeholders, and a prompt ends within an answer."""

from __future__ import annotations

import re

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Message, Step, each_message, with_messages
from portable_tpl.targets.steps.reference import REASONING_FIELDS

_WRAPPER = "node-llama-cpp 3.22.1, JinjaTemplateChatWrapper"
_FORMAT = "node-llama-cpp 3.22.1, utils/OpenAIFormat.js"
_ROLES = ("system", "user", "assistant", "tool")
_SYSTEM = "### System message\n\n{}\n\n----"
# A placeholder holds its text in hexadecimal between two characters that no text is likely to hold.
_PLACEHOLDER = re.compile("\ue0c0([0-9a-f]*)\ue0c1")
_ANSWER = "\ue0c2answer\ue0c3"


def _known_roles(conversation: Conversation) -> Conversation:
    return with_messages(conversation, [each for each in conversation.messages if each.get("role") in _ROLES])


def _without_reasoning(message: Message) -> Message:
    if not any(name in message for name in REASONING_FIELDS):
        return message
    return {key: value for key, value in message.items() if key not in REASONING_FIELDS}


def _run_together(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    texts = [part.get("text") if isinstance(part, dict) else None for part in content]
    return {**message, "content": "".join(text for text in texts if isinstance(text, str))}


def _system_as_user(message: Message) -> Message:
    content = message.get("content")
    if message.get("role") != "system" or not isinstance(content, str):
        return message
    return {**message, "role": "user", "content": _SYSTEM.format(content)}


def _joined(conversation: Conversation) -> Conversation:
    out: list[Message] = []
    for message in conversation.messages:
        before, content = (out[-1] if out else {}), message.get("content")
        joins = before.get("role") == message.get("role") != "tool" and not before.get("tool_calls")
        if joins and isinstance(content, str) and isinstance(before.get("content"), str):
            out[-1] = {**before, "content": f"{before['content']}\n\n{content}"}
        else:
            out.append(message)
    return with_messages(conversation, out)


def _hidden(message: Message) -> Message:
    content: Json = message.get("content")
    if not isinstance(content, str):
        return message
    return {**message, "content": f"\ue0c0{content.encode('utf-8', 'surrogatepass').hex()}\ue0c1"}


def _shown(text: str, conversation: Conversation) -> str:
    return _PLACEHOLDER.sub(lambda match: bytes.fromhex(match[1]).decode("utf-8", "surrogatepass"), text)


def _left_open(conversation: Conversation) -> Conversation:
    messages = conversation.messages
    if messages and messages[-1].get("role") == "assistant":
        content = messages[-1].get("content")
        last: Message = {**messages[-1], "content": (content if isinstance(content, str) else "") + _ANSWER}
        return conversation.with_changes(messages=[*messages[:-1], last], add_generation_prompt=False)
    if not conversation.add_generation_prompt:
        return conversation
    answer: Message = {"role": "assistant", "content": _ANSWER}
    return conversation.with_changes(messages=[*messages, answer], add_generation_prompt=False)


def _cut(text: str, conversation: Conversation) -> str:
    place = text.rfind(_ANSWER)
    return text if place < 0 else text[:place]


STEPS = (
    Step(
        "roles-dropped",
        "Messages of other roles than system, user, assistant and tool are dropped.",
        _FORMAT,
        "A developer's message does not reach a template there.",
        on_request=_known_roles,
    ),
    Step(
        "reasoning-dropped",
        "The reasoning of earlier answers is dropped.",
        _FORMAT,
        "A history of the package has thoughts of its own making only.",
        on_request=each_message(_without_reasoning),
    ),
    Step(
        "parts-run-together",
        "The texts of a content's parts are run together, nothing between; parts without a text are dropped.",
        _FORMAT,
        "A template's own way with parts is not taken there.",
        on_request=each_message(_run_together),
    ),
    Step(
        "system-as-marked-user",
        "A system message becomes the user's, between a heading and a line.",
        f"{_WRAPPER}, convertUnsupportedSystemMessagesToUserMessages",
        "So it is for templates that refuse a system message, or do not print one.",
        on_request=each_message(_system_as_user),
        choice="system-as-marked-user",
    ),
    Step(
        "turns-joined",
        "Messages of one role in a row become one, an empty line between.",
        f"{_WRAPPER}, joinAdjacentMessagesOfTheSameType",
        "A template need not refuse them; what it prints between two of them is not printed there.",
        on_request=_joined,
    ),
    Step(
        "content-put-in-afterwards",
        "A template is given a placeholder for each content, which is put in once the template has run.",
        _WRAPPER,
        "What a template does to a content, as trimming, splitting and comparing it, has no effect there, and a "
        "content that is not printed just once is an error.",
        on_request=each_message(_hidden),
        on_prompt=_shown,
    ),
    Step(
        "answer-left-open",
        "A prompt ends behind the start of an answer, or behind the text of a last answer.",
        _WRAPPER,
        "The template is given an empty answer, not add_generation_prompt, and cut behind its content: what it "
        "prints in front of an answer, as an empty thought, is in the prompt.",
        on_request=_left_open,
        on_prompt=_cut,
    ),
)
