"""An earlier turn's text changes when a turn is appended.

What it asks
------------
Whether the prompt of a conversation is a prefix of the prompt of the same conversation with one more turn: after an
assistant's answer (once with white space around it), after a tool's result, with reasoning and without, and with each
of the template's own switches on and off. A prompt that ends in a generation prompt is asked about up to there. The
same once more with a system message and with tools, where the template takes them.

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
assistant's turn is gone. Where turns have an end of their own beside it, it ends the conversation alone, which is a
warning.

What to do
----------
Print for each turn the same, wherever in the conversation it stands: what ends a turn belongs into the loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._causes import first_difference
from portable_tpl.release._continuations import Pair, furnished_pairs, pairs_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._prompt import constant_header, history_of
from portable_tpl.release._settings import settings_of, words_of
from portable_tpl.release._turns import (
    ASSISTANT,
    REASONING,
    RESULT,
    USER,
    USER_AFTER,
    VALUE,
    turns_of,
)

CODE = "REL101"

_TOKEN = re.compile(r"<[|｜][^<>]*[|｜]>")


_SAYS = {
    "tool": (Severity.ERROR, "What stands before {follows} changes once that follows{with_}"),
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
    "space": (Severity.WARNING, "White space around an answer changes once a user's turn follows{with_}"),
}


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a kind: what a tool's turn breaks, what a user's turn does, what reasoning alone does."""
    turns = turns_of(subject, inquiry)
    pairs = [pair for setting in settings_of(subject) for pair in pairs_of(turns, setting)]
    pairs += furnished_pairs(turns, inquiry)
    inquiry.render_all([each for pair in pairs for each in pair.conversations])
    if all(texts_of(inquiry.render_all(pair.conversations)) is None for pair in pairs):
        raise NotAsked("the template takes no conversation of more than one turn")
    header = constant_header(turns, inquiry)
    broken = [pair for pair in pairs if _changes(inquiry.render_all(pair.conversations), header)]
    plain = [(pair.kind, pair.setting) for pair in broken if pair.plain is None]
    for kind in _SAYS:
        base = kind.removesuffix("-reasoning")
        shown = [pair for pair in broken if pair.kind == kind and (kind == base or (base, pair.setting) not in plain)]
        if kind == "space" and any(pair.kind == "user" for pair in broken):
            continue  # the answer changes anyway
        if kind != base and _kept_by_default(inquiry, pairs, kind):
            continue  # it leaves only where the caller asks for that
        if shown:
            texts = [texts_of(inquiry.render_all(pair.conversations)) or [] for pair in shown]
            kept = kind != base and _keeps(inquiry, pairs, kind)
            ends = tuple(filter(None, subject.template.tokens.values()))
            observations = [_observation(*each, header, kept, ends) for each in zip(shown, texts, strict=True)]
            worst = next((each for each in observations if each.severity is not Severity.NOTE), observations[0])
            yield observations[0] if _is_about_the_end(shown[0], texts[0]) else worst


def _changes(renderings: Sequence[Rendering], header: str) -> bool:
    """Whether the first prompt is no prefix of the second.

    Left out of it are an assistant's header that ends every prompt, and what the generation flag adds to the third.
    """
    texts = texts_of(renderings)
    if texts is None:
        return False
    shorter = texts[0].removesuffix(header)
    if len(texts) > 2:
        shorter = shorter[: len(history_of(texts[2], texts[0]))]
    return not texts[1].startswith(shorter)


def _kept_by_default(inquiry: Inquiry, pairs: Sequence[Pair], kind: str) -> bool:
    """Whether reasoning stays in the history where no switch is given."""
    usual = next((pair for pair in pairs if pair.kind == kind and not pair.setting), None)
    return usual is not None and REASONING in (inquiry.text(usual.longer) or "")


def _keeps(inquiry: Inquiry, pairs: Sequence[Pair], kind: str) -> bool:
    """Whether a setting of the template's variables keeps the reasoning in the history."""
    for pair in pairs:
        if pair.kind == kind and pair.setting:
            texts = texts_of(inquiry.render_all([pair.shorter, pair.longer]))
            if texts is not None and REASONING in texts[1] and texts[1].startswith(texts[0]):
                return True
    return False


def _observation(pair: Pair, texts: list[str], header: str, kept: bool, ends: tuple[str, ...]) -> Observation:
    severity, message = _SAYS[pair.kind]
    split = first_difference(*texts[:2]) or 0
    if _is_out_of_order(texts[1]):
        severity, message = Severity.ERROR, "Turns are printed in another order than they were sent in{with_}"
    elif _is_about_the_end(pair, texts):
        kept, message = True, "What stands before the first turn depends on how the conversation ends{with_}"
    elif _is_end_of_conversation(pair, texts, ends):
        severity = Severity.WARNING
        message = "A token that ends the conversation, and no turn, is gone once a user's turn follows{with_}"
    elif not texts[0][split:].strip():
        kept, message = True, "White space at the end of the prompt is gone once another turn follows{with_}"
    beside = pair.beside + words_of(pair.setting)
    exchanges = [
        Exchange("the conversation", pair.shorter),
        Exchange(f"the same, with {pair.follows} after it", pair.longer),
    ]
    if pair.plain is not None:
        exchanges.append(Exchange("the conversation without add_generation_prompt", pair.plain))
    return Observation(
        Severity.NOTE if kept else severity,
        message.format(with_=f",{beside}" if beside else "", follows=pair.follows),
        tuple(exchanges),
        holds=lambda renderings: _changes(renderings, header),
        compared=True,
        tier=Tier.EVERYDAY if pair.kind == "space" else Tier.ORDINARY,
    )


def _is_out_of_order(longer: str) -> bool:
    """Whether what the user asked next stands before what came before it."""
    places = [longer.find(text) for text in (USER, VALUE, RESULT, ASSISTANT, USER_AFTER)]
    printed = [place for place in places if place >= 0]
    return printed != sorted(printed)


def _is_about_the_end(pair: Pair, texts: Sequence[str]) -> bool:
    """Whether a prompt asks about the last turn, as guards do: nobody goes on from it."""
    return pair.plain is None and (first_difference(*texts[:2]) or 0) < texts[0].find(USER)


def _is_end_of_conversation(pair: Pair, texts: Sequence[str], ends: tuple[str, ...]) -> bool:
    """Whether all that goes is a special token at the very end, where the answer before it has an end of its own."""
    shorter = texts[0].rstrip()
    turns = next((shorter.removesuffix(end) for end in ends if shorter.endswith(end)), None)
    if pair.plain is not None or turns is None:
        return False
    _, answer, end = turns.rpartition(VALUE if pair.kind.startswith("tool") else ASSISTANT)
    ended = _TOKEN.search(end) if pair.kind.startswith("tool") else end.strip()  # a call has its own closing marks
    return bool(answer and ended) and texts[1].startswith(turns)


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

_SYSTEM = """\
{%- set system = messages[0].content if messages[0].role == 'system' %}
{%- for m in messages if m.role != 'system' %}
    {{- '<|' + m.role + '|>' + (system + ' ' if system and loop.__ else '') + m.content + '<|end|>' }}
{%- endfor %}
"""
_TOOLS = """\
{%- for m in messages %}
    {%- if tools and (__) %}{{ '<|tools|>' + tools | tojson }}{% endif %}
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson + '</call>' }}
    {%- endfor %}
    {{- '<|end|>' }}
{%- endfor %}
"""

_END = "{%- if not add_generation_prompt %}{{ '</s>' }}{% endif %}\n"

VALID = (
    Example(_CHATML + _PROMPT),
    Example(_SYSTEM.replace("loop.__", "loop.first") + _PROMPT),
    Example(_TOOLS.replace("__", "loop.first") + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "true") + _PROMPT),
    Example(_CALLS.replace("__", "") + _PROMPT),
    Example(_CHATML.replace("m.content", "m.content | trim") + _PROMPT),
    # A header that ends every prompt is another fault (REL102), not two.
    Example(_CHATML + "{{- '<|assistant|>' }}\n"),
    Example(_CHATML + "{{- '<|assistant|><think>' }}\n"),
    Example(_CHATML + "{{- '<|system|>Answer in JSON.<|assistant|>' }}\n"),
)
INVALID = (
    Example(_CHATML.replace("m.content", "(m.content if loop.last else m.content | trim)") + _PROMPT),
    # All that users say, then all that the assistant says.
    Example(
        _CHATML.replace("in messages", "in messages if m.role != 'assistant'")
        + _CHATML.replace("in messages", "in messages if m.role == 'assistant'")
        + _PROMPT,
        Severity.ERROR,
    ),
    Example(
        _CHATML.replace("m.content", "('Answer: ' if m.role == 'user' and loop.last else '') + m.content") + _PROMPT
    ),
    Example(_SYSTEM.replace("loop.__", "loop.last") + _PROMPT),
    Example(_TOOLS.replace("__", "loop.last") + _PROMPT, Severity.ERROR),
    # The tools stand before the last user's turn: a result leaves them there, the next question moves them.
    Example(_TOOLS.replace("__", "m == (messages | selectattr('role', 'equalto', 'user') | list | last)") + _PROMPT),
    Example(_CHATML + _PROMPT + _END, Severity.WARNING),
    # Here the token is all that ends an answer.
    Example(_CHATML.replace(" + '<|end|>'", "") + _PROMPT + _END),
    Example(_THOUGHT.replace("loop.last__", "loop.last") + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "keep_thinking or loop.last") + _PROMPT, Severity.NOTE),
    # Each turn has its end, and the conversation another one.
    Example(_CALLS.replace("__", "") + _PROMPT + _END, Severity.WARNING),
    Example(_CALLS.replace(" + '<|end|>'", "").replace("'<|end|>'__", "'</turn>'") + _PROMPT + _END, Severity.ERROR),
    Example(_CALLS.replace("__", " if loop.last or loop.nextitem.role != 'tool' else ''") + _PROMPT, Severity.ERROR),
)
