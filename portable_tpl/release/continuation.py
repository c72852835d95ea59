"""A final assistant message that cannot be continued.

What it asks
------------
Whether ``continue_final_message`` works: with a plain text, one with white space around it, an empty one, and one
that holds the marks of reasoning that the template itself looks for.

Why it matters
--------------
Prefilling an answer, and going on with one that was cut off, need the prompt to end inside the last message.
transformers looks for the message's text in the prompt, and raises an error where the template printed something
else.

Example
-------
``{% set content = content.split('</think>')[-1] %}`` prints the part after the thought only, so that a message with a
thought in it is not found again.

What to do
----------
Print the last message whole; take thoughts out of earlier turns only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject
from portable_tpl.release._inquiry import Inquiry, reason_of
from portable_tpl.release._thoughts import thought_end, with_thought
from portable_tpl.release._turns import ASSISTANT, content, turns_of
from portable_tpl.targets.steps.continuation import NOT_WHOLE

CODE = "REL112"


class _Final(NamedTuple):
    """A final message, in words, with its text."""

    words: str
    text: str


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """The first kind of message that cannot be continued."""
    turns = turns_of(subject, inquiry)
    if not turns.final_assistant:
        raise NotAsked("a conversation may not end with an assistant's turn")
    for final in (*_PLAIN, *_thoughts(subject)):
        conversation = turns.conversation(
            turns.user(), {"role": "assistant", "content": content(final.text, turns.assistant_form)}
        )
        reason = _problem(inquiry.render_continued(conversation))
        if reason is not None:
            yield _observation(final, conversation, reason)
            return


_PLAIN = (
    _Final("a plain text", ASSISTANT),
    _Final("a text with white space around it", f" {ASSISTANT} "),
    _Final("an empty text", ""),
)


def _thoughts(subject: Subject) -> Iterator[_Final]:
    """Texts with a thought, in the marks that the template looks for in content."""
    end = thought_end(subject)
    if end:
        yield _Final(f"a text with {end} in it", with_thought(ASSISTANT, end))


def _problem(rendering: Rendering) -> str | None:
    """Why a final message cannot be continued; ``None`` where it can, or where that is refused."""
    if not isinstance(rendering, Failed) or rendering.kind == "unsupported":
        return None
    if rendering.message.startswith(NOT_WHOLE):
        return "the template does not print it whole"
    return f"the template {reason_of(rendering)}"


def _observation(final: _Final, conversation: Conversation, reason: str) -> Observation:
    return Observation(
        Severity.WARNING,
        f"A final message cannot be continued ({final.words}): {reason}",
        (Exchange(f"{final.words}, to be continued", conversation),),
        continued=True,
    )


_TEMPLATE = """\
{%- for m in messages %}
    {%- set content = m.content %}
    __
    {{- '<|' + m.role + '|>' + content + '<|end|>' }}
{%- endfor %}
"""
_SPLIT = "{%- if '</think>' in content ?? %}{% set content = content.split('</think>')[-1] %}{% endif %}"

VALID = (
    Example(_TEMPLATE.replace("__", "")),
    Example(_TEMPLATE.replace("__", _SPLIT.replace("??", "and not loop.last"))),
    Example(_TEMPLATE.replace("__", "{%- set content = content | trim %}")),
    Example(
        _TEMPLATE.replace("__", "{%- if loop.last and m.role == 'assistant' %}{{ raise_exception('no') }}{% endif %}")
    ),
)
INVALID = (
    Example(_TEMPLATE.replace("__", _SPLIT.replace("??", ""))),
    Example(_TEMPLATE.replace("__", "{%- set content = content[:8] if m.role == 'assistant' else content %}")),
    Example(
        _TEMPLATE.replace(
            "__", "{%- if m.role == 'assistant' %}{% set content = content | replace('-', ' ') %}{% endif %}"
        )
    ),
)
