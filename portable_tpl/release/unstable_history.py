"""An earlier turn's text changes when a turn is appended.

What it asks
------------
Whether the prompt of a conversation is a prefix of the prompt of the same conversation with one more turn: after an
assistant's answer, after a tool's result, with reasoning and without, and with each of the template's own switches
on and off. A prompt that ends in a generation prompt is asked about up to there. The same once more with a system
message and with tools, where the template takes them.

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

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._prompt import constant_header, history_of
from portable_tpl.release._settings import settings_of, words_of
from portable_tpl.release._turns import ASSISTANT, REASONING, SYSTEM, USER, USER_AFTER, Message, Turns, turns_of

CODE = "REL101"


class _Pair(NamedTuple):
    """A conversation and one that goes on from it, both rendered with one setting of the flags.

    ``follows`` says in a sentence's words what the longer one has beside the shorter, ``beside`` what both have.
    ``plain`` is the shorter one without the generation prompt, where it has one.
    """

    kind: str
    follows: str
    shorter: Conversation
    longer: Conversation
    setting: dict[str, Json]
    plain: Conversation | None = None
    beside: str = ""

    @property
    def conversations(self) -> list[Conversation]:
        """What an engine is asked."""
        return [self.shorter, self.longer, *([] if self.plain is None else [self.plain])]


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
}
_RESULT, _USER = "a tool's result", "a user's turn"
_Setting = dict[str, Json]


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a kind: what a tool's turn breaks, what a user's turn does, what reasoning alone does."""
    turns = turns_of(subject, inquiry)
    pairs = [pair for setting in settings_of(subject) for pair in _pairs(turns, setting)]
    pairs += _furnished(turns, inquiry)
    inquiry.render_all([each for pair in pairs for each in pair.conversations])
    if all(texts_of(inquiry.render_all(pair.conversations)) is None for pair in pairs):
        raise NotAsked("the template takes no conversation of more than one turn")
    header = constant_header(turns, inquiry)
    broken = [pair for pair in pairs if _changes(inquiry.render_all(pair.conversations), header)]
    plain = [(pair.kind, pair.setting) for pair in broken if pair.plain is None]
    for kind in _SAYS:
        base = kind.removesuffix("-reasoning")
        shown = [pair for pair in broken if pair.kind == kind and (kind == base or (base, pair.setting) not in plain)]
        if kind != base and _kept_by_default(inquiry, pairs, kind):
            continue  # it leaves only where the caller asks for that
        if shown:
            texts = [texts_of(inquiry.render_all(pair.conversations)) or [] for pair in shown]
            kept = kind != base and _keeps(inquiry, pairs, kind)
            ends = tuple(filter(None, subject.template.tokens.values()))
            observations = [_observation(*each, header, kept, ends) for each in zip(shown, texts, strict=True)]
            worst = next((each for each in observations if each.severity is not Severity.NOTE), observations[0])
            yield observations[0] if _is_about_the_end(shown[0], texts[0]) else worst


def _pairs(turns: Turns, setting: _Setting) -> Iterator[_Pair]:
    """What goes on without a system message, and without tools but for calls."""
    if turns.final_assistant:
        for suffix, reasoning in (("", None), ("-reasoning", REASONING)):
            answered = turns.conversation(turns.user(), turns.assistant(reasoning=reasoning), variables=setting)
            yield _Pair(f"user{suffix}", _USER, answered, _extended(answered, turns.user(USER_AFTER)), setting)
            if turns.prints_calls:
                called = turns.conversation(turns.user(), turns.call(reasoning=reasoning), variables=setting)
                yield _Pair(f"tool{suffix}", _RESULT, called, _extended(called, turns.result()), setting)
    yield from _prompts(turns, turns.conversation(turns.user(), variables=setting))
    if turns.prints_calls:
        yield from _tool_pairs(turns, turns.conversation(turns.user(), tools=True, variables=setting))


def _furnished(turns: Turns, inquiry: Inquiry) -> Iterator[_Pair]:
    """The same with tools that nobody calls, and with a system message, where the template takes them."""
    offered = turns.conversation(turns.user(), tools=True)
    if turns.tools and not turns.needs_tools:
        yield from (pair._replace(beside=" with tools") for pair in _prompts(turns, offered))
    if not turns.preface:
        system = turns.system()
        conversation = turns.conversation(system, turns.user())
        if SYSTEM in (inquiry.text(conversation.with_changes(add_generation_prompt=True)) or ""):
            beside = " with a system message"
            yield from (pair._replace(beside=beside) for pair in _prompts(turns, conversation))
            if turns.prints_calls:
                conversation = turns.conversation(system, turns.user(), tools=True)
                yield from (pair._replace(beside=beside) for pair in _tool_pairs(turns, conversation))


def _prompts(turns: Turns, conversation: Conversation) -> Iterator[_Pair]:
    """What a model is asked after a user's turn, and after the answer and another one."""
    follows = "an answer and a user's turn"
    longer = _extended(conversation, turns.assistant(), turns.user(USER_AFTER), prompt=True)
    yield _Pair("user", follows, _extended(conversation, prompt=True), longer, conversation.variables, conversation)


def _tool_pairs(turns: Turns, conversation: Conversation) -> Iterator[_Pair]:
    """What a model is asked before a call, after its result, and after the answer to that."""
    called = _extended(conversation, turns.call(), turns.result())
    prompted = _extended(called, prompt=True)
    yield _Pair(
        "tool",
        "a call with its result",
        _extended(conversation, prompt=True),
        prompted,
        conversation.variables,
        conversation,
    )
    answered = _extended(called, turns.assistant())
    longer = _extended(answered, turns.user(USER_AFTER), prompt=True)
    yield _Pair("user", "an answer and a user's turn", prompted, longer, conversation.variables, called)
    if turns.final_assistant:
        yield _Pair("user", _USER, answered, longer, conversation.variables)


def _extended(conversation: Conversation, *messages: Message, prompt: bool = False) -> Conversation:
    return conversation.with_changes(messages=[*conversation.messages, *messages], add_generation_prompt=prompt)


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


def _observation(pair: _Pair, texts: list[str], header: str, kept: bool, ends: tuple[str, ...]) -> Observation:
    severity, message = _SAYS[pair.kind]
    split = first_difference(*texts[:2]) or 0
    if _is_about_the_end(pair, texts):
        kept, message = True, "What stands before the first turn depends on how the conversation ends{with_}"
    elif _is_end_of_conversation(pair, texts, ends):
        severity = Severity.WARNING
        message = "A token that ends the conversation, and no turn, is gone once a user's turn follows{with_}"
    elif not texts[0][split:].strip():
        kept, message = True, "White space at the end of the prompt is gone once another turn follows{with_}"
    exchanges = [
        Exchange("the conversation", pair.shorter),
        Exchange(f"the same, with {pair.follows} after it", pair.longer),
    ]
    if pair.plain is not None:
        exchanges.append(Exchange("the conversation without add_generation_prompt", pair.plain))
    return Observation(
        Severity.NOTE if kept else severity,
        message.format(with_=pair.beside + words_of(pair.setting), follows=pair.follows),
        tuple(exchanges),
        holds=lambda renderings: _changes(renderings, header),
        compared=True,
    )


def _is_about_the_end(pair: _Pair, texts: Sequence[str]) -> bool:
    """Whether a prompt asks about the last turn, as guards do: nobody goes on from it."""
    return pair.plain is None and (first_difference(*texts[:2]) or 0) < texts[0].find(USER)


def _is_end_of_conversation(pair: _Pair, texts: Sequence[str], ends: tuple[str, ...]) -> bool:
    """Whether all that goes is a special token at the very end, where the answer before it has an end of its own."""
    shorter = texts[0].rstrip()
    turns = next((shorter.removesuffix(end) for end in ends if shorter.endswith(end)), None)
    if pair.plain is not None or turns is None:
        return False
    _, answer, end = turns.rpartition(ASSISTANT)
    return bool(answer and end.strip()) and texts[1].startswith(turns)


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

VALID = (
    Example(_CHATML + _PROMPT),
    Example(_SYSTEM.replace("loop.__", "loop.first") + _PROMPT),
    Example(_TOOLS.replace("__", "loop.first") + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "true") + _PROMPT),
    Example(_CALLS.replace("__", "") + _PROMPT),
    # A header that ends every prompt is another fault (REL102), not two.
    Example(_CHATML + "{{- '<|assistant|>' }}\n"),
    Example(_CHATML + "{{- '<|assistant|><think>' }}\n"),
    Example(_CHATML + "{{- '<|system|>Answer in JSON.<|assistant|>' }}\n"),
)
INVALID = (
    Example(
        _CHATML.replace("m.content", "('Answer: ' if m.role == 'user' and loop.last else '') + m.content") + _PROMPT
    ),
    Example(_SYSTEM.replace("loop.__", "loop.last") + _PROMPT),
    Example(_TOOLS.replace("__", "loop.last") + _PROMPT, Severity.ERROR),
    # The tools stand before the last user's turn: a result leaves them there, the next question moves them.
    Example(_TOOLS.replace("__", "m == (messages | selectattr('role', 'equalto', 'user') | list | last)") + _PROMPT),
    Example(_CHATML + _PROMPT + "{%- if not add_generation_prompt %}{{ '</s>' }}{% endif %}\n", Severity.WARNING),
    # Here the token is all that ends an answer.
    Example(
        _CHATML.replace(" + '<|end|>'", "") + _PROMPT + "{%- if not add_generation_prompt %}{{ '</s>' }}{% endif %}\n"
    ),
    Example(_THOUGHT.replace("loop.last__", "loop.last") + _PROMPT),
    Example(_THOUGHT.replace("loop.last__", "keep_thinking or loop.last") + _PROMPT, Severity.NOTE),
    Example(_CALLS.replace("__", " if loop.last or loop.nextitem.role != 'tool' else ''") + _PROMPT, Severity.ERROR),
)
