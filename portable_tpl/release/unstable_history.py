"""An earlier turn's text changes when a turn is appended.

What it asks
------------
Whether the prompt of a conversation is a prefix of the prompt of the same conversation with one more turn: after an
assistant's answer, after a tool's result, with reasoning and without, and with each of the template's own switches
on and off.

Why it matters
--------------
A server that keeps what it computed for a prompt has to compute it again, reinforcement learning trains on tokens
that were never sampled, and a supervised conversation does not look like the ones that the model will see. Where a
tool's result rewrites the turn before it, each step of an agent pays (an error). Reasoning that leaves the history is
often meant; who pays are prompt caches and trainers of several turns (a note where a variable of the template keeps
the reasoning, a warning where the caller can do nothing).

Example
-------
``{{ eos_token }}`` after the loop is printed after the last turn only: once a user's turn follows, the end of the
assistant's turn is gone.

What to do
----------
Print for each turn the same, wherever in the conversation it stands: what ends a turn belongs into the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._prompt import constant_header
from portable_tpl.release._settings import settings_of, words_of
from portable_tpl.release._turns import REASONING, USER, USER_AFTER, Turns, turns_of

CODE = "REL101"


class _Pair(NamedTuple):
    """A conversation and one that goes on from it, both rendered with one setting of the flags."""

    kind: str
    shorter: Conversation
    longer: Conversation
    setting: dict[str, Json]


_SAYS = {
    "tool": (Severity.ERROR, "What stands before a tool's result changes once the result follows{with_}"),
    "user": (Severity.WARNING, "The text of an earlier turn changes once a user's turn follows{with_}"),
    "tool-reasoning": (
        Severity.WARNING,
        "Reasoning leaves a tool call's turn once the result follows{with_}: prompt caches and training pay for it",
    ),
    "user-reasoning": (
        Severity.WARNING,
        "Reasoning leaves the history once a user's turn follows{with_}: prompt caches and training on several "
        "turns pay for it",
    ),
}
_FOLLOWS = {"tool": "the same, with the tool's result after it", "user": "the same, with a user's turn after it"}


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a kind: what a tool's turn breaks, what a user's turn does, what reasoning alone does."""
    turns = turns_of(subject, inquiry)
    if not turns.final_assistant:
        raise NotAsked("a conversation may not end with an assistant's turn")
    pairs = [pair for setting in settings_of(subject) for pair in _pairs(turns, setting)]
    inquiry.render_all([each for pair in pairs for each in (pair.shorter, pair.longer)])
    header = constant_header(turns, inquiry)
    broken = [pair for pair in pairs if _changes(inquiry.render_all([pair.shorter, pair.longer]), header)]
    plain = [(pair.kind, pair.setting) for pair in broken]
    for kind in _SAYS:
        base = kind.removesuffix("-reasoning")
        shown = [pair for pair in broken if pair.kind == kind and (kind == base or (base, pair.setting) not in plain)]
        if kind != base and _kept_by_default(inquiry, pairs, kind):
            continue  # it leaves only where the caller asks for that
        if shown:
            texts = texts_of(inquiry.render_all([shown[0].shorter, shown[0].longer])) or []
            yield _observation(shown[0], texts, header, kind != base and _keeps(inquiry, pairs, kind))


def _pairs(turns: Turns, setting: dict[str, Json]) -> Iterator[_Pair]:
    for suffix, reasoning in (("", None), ("-reasoning", REASONING)):
        answered = (turns.user(), turns.assistant(reasoning=reasoning))
        shorter = turns.conversation(*answered, variables=setting)
        longer = turns.conversation(*answered, turns.user(USER_AFTER), variables=setting)
        yield _Pair(f"user{suffix}", shorter, longer, setting)
        if turns.prints_calls:
            called = (turns.user(), turns.call(reasoning=reasoning))
            shorter = turns.conversation(*called, variables=setting)
            longer = turns.conversation(*called, turns.result(), prompt=True, variables=setting)
            yield _Pair(f"tool{suffix}", shorter, longer, setting)


def _changes(renderings: Sequence[Rendering], header: str) -> bool:
    """Whether the first prompt, without an assistant's header that ends every prompt, is no prefix of the second."""
    texts = texts_of(renderings)
    return texts is not None and not texts[1].startswith(texts[0].removesuffix(header))


def _kept_by_default(inquiry: Inquiry, pairs: Sequence[_Pair], kind: str) -> bool:
    """Whether reasoning stays in the history where no switch is given."""
    usual = next((pair for pair in pairs if pair.kind == kind and not pair.setting), None)
    return usual is not None and REASONING in (inquiry.text(usual.longer) or "")


def _keeps(inquiry: Inquiry, pairs: Sequence[_Pair], kind: str) -> bool:
    """Whether a setting of the template's variables keeps the reasoning in the history."""
    for pair in pairs:
        if pair.kind == kind and pair.setting:
            texts = texts_of(inquiry.render_all([pair.shorter, pair.longer]))
            if texts is not None and REASONING in texts[1] and texts[1].startswith(texts[0]):
                return True
    return False


def _observation(pair: _Pair, texts: list[str], header: str, kept: bool) -> Observation:
    severity, message = _SAYS[pair.kind]
    split = first_difference(*texts) or 0
    if split < texts[0].find(USER):
        # A prompt that asks about the last turn, as guards do: nobody goes on from it.
        kept, message = True, "What stands before the first turn depends on how the conversation ends{with_}"
    elif not texts[0][split:].strip():
        kept, message = True, "White space at the end of the prompt is gone once another turn follows{with_}"
    return Observation(
        Severity.NOTE if kept else severity,
        message.format(with_=words_of(pair.setting)),
        (
            Exchange("the conversation", pair.shorter),
            Exchange(_FOLLOWS[pair.kind.removesuffix("-reasoning")], pair.longer),
        ),
        holds=lambda renderings: _changes(renderings, header),
        compared=True,
    )


_CHATML = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}
{%- endfor %}
"""
_PROMPT = """\
{%- if add_generation_prompt %}
    {{- '<|assistant|>' }}
{%- endif %}
"""
_THOUGHT = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' }}
    {%- if m.reasoning_content and (loop.last__) %}
        {{- '<think>' + m.reasoning_content + '</think>' }}
    {%- endif %}
    {{- m.content + '<|end|>' }}
{%- endfor %}
"""
_CALLS = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson + '</call>' }}
    {%- endfor %}
    {{- '<|end|>'__ }}
{%- endfor %}
"""

VALID = (
    Example(_CHATML + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "true") + _PROMPT),
    Example(_CALLS.replace("__", "") + _PROMPT),
    # A header that ends every prompt is another fault (REL102), not two.
    Example(_CHATML + "{{- '<|assistant|>' }}\n"),
)
INVALID = (
    Example(_CHATML + _PROMPT + "{%- if not add_generation_prompt %}{{ '</s>' }}{% endif %}\n"),
    Example(_THOUGHT.replace("loop.last__", "loop.last") + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "keep_thinking or loop.last") + _PROMPT, Severity.NOTE),
    Example(_CALLS.replace("__", " if loop.last or loop.nextitem.role != 'tool' else ''") + _PROMPT, Severity.ERROR),
)
