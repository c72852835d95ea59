"""Continuing the final message: a prompt that ends inside it, for a model to go on from there.

The meaning is that of ``continue_final_message`` in transformers 5.24 (``render_jinja_template`` in
``transformers/utils/chat_template_utils.py``). It needs nothing of the engine: a mark goes into the conversation, and
the prompt is cut where the mark comes out, so it works on every runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.errors import RenderError
from portable_tpl.targets.steps.reference import REASONING_FIELDS, reference_message

BOTH_WAYS = "continuing the final message and adding a generation prompt exclude each other"
# The very text that transformers appends: a template may look at the end of a message, and must see the same.
_MARK = "CONTINUE_FINAL_MESSAGE_TAG "

NOT_WHOLE = "cannot continue the final message: the template does not print it whole"


@dataclass(frozen=True)
class Continuation:
    """What has to be found in the prompt again: the text to continue, as the conversation has it."""

    text: str


def mark_final_message(
    conversation: Conversation, template_text: str, continue_final: bool | str = True
) -> tuple[Conversation, Continuation]:
    """The conversation to render in place of this one, and what :func:`cut_after_final_message` needs afterwards.

    ``continue_final`` names the message's field to continue; ``True`` stands for ``content``. Raises
    :class:`RenderError` where transformers refuses: no message, no such field or text in it, a template that does not
    mention the field, or a generation prompt asked for at the same time.
    """
    if conversation.add_generation_prompt:
        raise RenderError(BOTH_WAYS)
    if not conversation.messages:
        raise RenderError("cannot continue the final message of an empty conversation")
    *earlier, final = conversation.messages
    marked, continuation = mark_message(reference_message(final), template_text, continue_final)
    return conversation.with_changes(messages=[*earlier, marked]), continuation


def mark_message(
    final: dict[str, Json], template_text: str, continue_final: bool | str = True
) -> tuple[dict[str, Json], Continuation]:
    """The final message, as the template sees it, with the mark; raises as :func:`mark_final_message`."""
    name = continue_final if isinstance(continue_final, str) else "content"
    value = final.get(name)
    if value is None:
        raise RenderError(f'the final message has no "{name}" to continue')
    fields = [name]
    if name in REASONING_FIELDS:
        # The reasoning stands in the message under several names; whichever the template prints is to be marked.
        fields = [field for field in REASONING_FIELDS if final.get(field) == value]
    if not any(field in template_text for field in fields):
        raise RenderError(f'cannot continue "{name}": the template does not mention that field')
    if isinstance(value, (list, tuple)):
        marked, text = _mark_parts(value)
        return {**final, name: marked}, Continuation(text)
    if isinstance(value, str):
        return {**final, **dict.fromkeys(fields, value + _MARK)}, Continuation(value)
    raise RenderError(f'cannot continue "{name}" of the final message: it is neither a text nor a list of parts')


def cut_after_final_message(prompt: str, continuation: Continuation) -> str:
    """The prompt up to the end of the final message.

    Raises :class:`RenderError` where the template did not print the message as it is.
    """
    mark, text = _MARK.strip(), continuation.text.strip()
    if text not in prompt or mark not in prompt:
        raise RenderError(f"{NOT_WHOLE}; it is {text!r}, the prompt is {prompt!r}")
    end = prompt.rindex(mark)
    if prompt.startswith(_MARK, end):
        return prompt[:end]
    # The template trims the message, so white space before the mark would not have been printed either.
    return prompt[:end].rstrip()


def _mark_parts(parts: Sequence[Json]) -> tuple[Sequence[Json], str]:
    """Mark the last part that has a text; transformers fails at anything behind it that is no object."""
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, dict) and "text" not in part:
            continue
        if not isinstance(part, dict) or not isinstance(part["text"], str):
            break
        marked = {**part, "text": part["text"] + _MARK}
        kind = type(parts)
        return kind((*parts[:index], marked, *parts[index + 1 :])), part["text"]  # type: ignore[call-arg]
    raise RenderError("cannot continue the final message: none of its parts has a text")
