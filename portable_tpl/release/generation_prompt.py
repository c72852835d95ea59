"""The generation prompt is always printed, never, or is not how an assistant's turn begins.

What it asks
------------
What ``add_generation_prompt`` adds after a user's turn, and after a tool's result (of a call alone, and of one with a
text beside it), beside how the template itself begins an assistant's turn there.

Why it matters
--------------
A header that is printed whether asked for or not ends every training example with an empty turn. One that is never
printed leaves the model to guess whose turn it is; one that is printed twice begins an empty turn. One that is not
how the turn begins asks for tokens that no training example has. White space, or the mark that opens the reasoning,
is often meant, and only a note.

Example
-------
``{{- '<|assistant|>' }}`` after the loop, without ``if add_generation_prompt``.

What to do
----------
Print under ``{% if add_generation_prompt %}`` what the loop prints before an assistant's content, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Span
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._prompt import before_mark, constant_header, history_of
from portable_tpl.release._turns import ASSISTANT, REASONING, USER, Turns, turns_of

CODE = "REL102"

# A mark of the reasoning of any family: <think>, [THINK], <|START_THINKING|>, <seed:think>, <|channel|>analysis …
_REASONING = re.compile(
    r"[<\[][^<>\[\]]*(?:think|thought|reason|analysis|channel)[^<>\[\]]*[>\]](?:analysis|thought)?", re.IGNORECASE
)


_BESIDE = "text-beside-1"


class _Asked(NamedTuple):
    """Three conversations: without the flag, with it, and with the assistant's turn; ``after`` says where.

    ``thinking`` is the last of them with a thought before the answer.
    """

    after: str
    plain: Conversation
    prompted: Conversation
    answered: Conversation
    thinking: Conversation

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        """What the question is about."""
        return self.plain, self.prompted, self.answered


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a fault; after a tool's result only where there is none after a user's turn."""
    turns = turns_of(subject, inquiry)
    header = constant_header(turns, inquiry)
    for question in _questions(turns):
        renderings = inquiry.render_all(question.conversations)
        if texts_of(renderings) is None:
            continue
        fault = "always" if header else _fault(renderings)
        if fault is not None:
            kind = "reasoning" if fault == "mismatch" and _opens_thought(question, inquiry) else fault
            yield _observation(fault, kind, question, header, _flag_span(subject))
            return
    if all(texts_of(inquiry.render_all(question.conversations)) is None for question in _questions(turns)):
        raise NotAsked("the template prints no assistant's turn at the end of a conversation")


def _opens_thought(question: _Asked, inquiry: Inquiry) -> bool:
    """Whether the generation prompt is how an assistant's turn begins that holds a thought."""
    prompted, thinking = map(inquiry.text, (question.prompted, question.thinking))
    return prompted is not None and thinking is not None and thinking.startswith(prompted)


def _flag_span(subject: Subject) -> Span | None:
    """Where the template asks for the generation flag last."""
    read = [node for node in subject.parsed.nodes if isinstance(node, nodes.Name)]
    flags = [node for node in read if node.name == "add_generation_prompt" and node.ctx == "load"]
    return subject.parsed.span(flags[-1]) if flags else None


def _questions(turns: Turns) -> Iterator[_Asked]:
    for after, before in (
        ("a user's turn", (turns.user(),)),
        ("a tool's result", (turns.user(), turns.call(), turns.result())),
        (
            "the result of a tool call with text beside it",
            (turns.user(), turns.call(text=_BESIDE), turns.result()),
        ),
    ):
        if len(before) == 1 or turns.prints_calls:
            tools = len(before) > 1
            yield _Asked(
                after,
                turns.conversation(*before, tools=tools),
                turns.conversation(*before, prompt=True, tools=tools),
                turns.conversation(*before, turns.assistant(), tools=tools),
                turns.conversation(*before, turns.assistant(reasoning=REASONING), tools=tools),
            )


def _fault(renderings: Sequence[Rendering]) -> str | None:
    """What is wrong with three prompts, by a key of ``_SAYS``, or nothing."""
    texts = texts_of(renderings)
    if texts is None or ASSISTANT not in texts[2]:
        return None
    plain, prompted, header = texts[0], texts[1], texts[2][: texts[2].rindex(ASSISTANT)]
    split = first_difference(header, prompted)
    if split is not None and split < max(header.find(USER), len(history_of(plain, prompted))):
        return None  # what stands before the generation prompt is not the same: the history is unstable (REL101)
    missing, extra = _rests(header, prompted)
    if (
        plain == prompted
        and header.startswith(prompted)
        and missing.strip()
        and _squeezed(_REASONING.sub("", missing))
    ):
        return "never"
    if not extra:
        return None  # the model writes the rest of the header itself
    if _squeezed(missing) == _squeezed(extra):
        return "white space"
    if _squeezed(_REASONING.sub("", missing)) == _squeezed(_REASONING.sub("", extra)):
        apart = missing.strip() and extra.strip() and _indents(missing) != _indents(extra)
        return "both" if apart else "reasoning"
    if not missing:
        own = _squeezed(header[len(history_of(plain, prompted)) :])
        return "twice" if own and _squeezed(extra).startswith(own) else None
    return "ignored" if plain == prompted else "mismatch"


def _rests(header: str, prompted: str) -> tuple[str, str]:
    """What each of two texts has of its own, from the beginning of the mark in which they part."""
    split = first_difference(header, prompted)
    if split is None:
        return "", ""
    split = before_mark((header, prompted), split)
    return header[split:], prompted[split:]


def _indents(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _squeezed(text: str) -> str:
    return "".join(text.split())


_SAYS = {
    "always": (
        Severity.ERROR,
        "The assistant's header ends every prompt, whether add_generation_prompt asks for it or not",
    ),
    "never": (
        Severity.ERROR,
        "add_generation_prompt changes nothing after {after}, and the assistant's header is missing there",
    ),
    "ignored": (
        Severity.WARNING,
        "add_generation_prompt changes nothing after {after}, and no prompt ends as the assistant's turn begins",
    ),
    "mismatch": (
        Severity.WARNING,
        "The generation prompt after {after} is not how the assistant's turn begins there",
    ),
    "twice": (
        Severity.WARNING,
        "The generation prompt after {after} is the assistant's header twice",
    ),
    "white space": (
        Severity.NOTE,
        "The generation prompt after {after} and the beginning of the assistant's turn differ in white space",
    ),
    "reasoning": (
        Severity.NOTE,
        "The generation prompt after {after} and the beginning of the assistant's turn differ in the mark of "
        "reasoning",
    ),
    "both": (
        Severity.NOTE,
        "The generation prompt after {after} and the beginning of the assistant's turn differ in white space and in "
        "the mark of reasoning",
    ),
}


def _observation(fault: str, kind: str, question: _Asked, header: str, span: Span | None) -> Observation:
    """``fault`` is what engines are asked for, ``kind`` what people are told."""
    severity, message = _SAYS[kind]
    prompted = Exchange("with add_generation_prompt", question.prompted)
    answered = Exchange("with the assistant's turn", question.answered)
    if fault in ("always", "never"):
        exchanges = (Exchange("without add_generation_prompt", question.plain), prompted, answered)
    else:
        exchanges = (answered, prompted, Exchange("without add_generation_prompt", question.plain))

    def holds(renderings: Sequence[Rendering]) -> bool:
        texts = texts_of(renderings)
        if texts is None:
            return False
        if fault == "always":
            return texts[0] == texts[1] and texts[0].endswith(header)
        order = (0, 1, 2) if fault == "never" else (2, 1, 0)
        return _fault([renderings[at] for at in order]) == fault

    return Observation(
        severity,
        message.format(after=question.after),
        exchanges,
        holds,
        compared=fault not in ("always", "never"),
        names_branch=False,
        printed=header if fault == "always" else "",
        span=None if fault == "always" else span,
    )


_LOOP = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}
{%- endfor %}
"""
_TURN = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' }}
    {%- if m.role == 'assistant' %}{{ '<think></think>' }}{% endif %}
    {{- m.content + '<|end|>' }}
{%- endfor %}
"""
_CALLING = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + (m.content or '') }}
    {%- for call in m.tool_calls or [] %}{{ '<call>' + call.function | tojson }}{% endfor %}
    {{- '<|end|>' }}
{%- endfor %}
"""
_CHANNELS = """\
{%- for m in messages %}
    {%- if m.role != 'assistant' %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}
    {%- else %}
        {%- if m.reasoning_content %}
            {{- '<|assistant|><|channel|>analysis<|text|>' + m.reasoning_content + '<|end|>' }}
        {%- endif %}
        {{- '<|assistant|><|channel|>final<|text|>' + m.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
"""
_IF = "{%- if add_generation_prompt %}{{ '__' }}{% endif %}\n"

VALID = (
    Example(_LOOP + _IF.replace("__", "<|assistant|>")),
    Example(_CALLING + _IF.replace("__", "<|assistant|>")),
    # The model writes the empty thought itself.
    Example(_TURN + _IF.replace("__", "<|assistant|>")),
    # Turns without headers: there is nothing to print.
    Example(
        "{%- for m in messages %}\n"
        "    {{- '[INST] ' + m.content + ' [/INST]' if m.role == 'user' else ' ' + m.content + eos_token }}\n"
        "{%- endfor %}\n"
    ),
    # The last user's turn is printed in another way than the others are: that is unstable history (REL101).
    Example(
        _LOOP.replace("m.content", "('Answer: ' if m.role == 'user' and loop.last else '') + m.content")
        + _IF.replace("__", "<|assistant|>")
    ),
    Example(
        _LOOP.replace("'<|' + m.role + '|>'", "'<|' + ('bot' if m.role == 'assistant' else m.role) + '|>'")
        + _IF.replace("__", "<|bot|>")
    ),
)
INVALID = (
    # The turn of a call with a text is ended, and no other one is begun.
    Example(
        _CALLING + "{%- if add_generation_prompt and not (messages[-1].role == 'tool' and messages[-2].content) %}"
        "{{ '<|assistant|>' }}{% endif %}\n",
        Severity.ERROR,
    ),
    Example(_CHANNELS + _IF.replace("__", "<|assistant|><|channel|>analysis<|text|>"), Severity.NOTE),
    Example(_TURN.replace("{{- '<|' +", "{{- ' <|' +") + _IF.replace("__", "<|assistant|>\\n<think>"), Severity.NOTE),
    Example(_LOOP + _IF.replace("__", "<|assistant|>") * 2),
    Example(_LOOP + _IF.replace("__", "<|assistant|>\\n<|assistant|><think>")),
    Example(_LOOP + "{{- '<|assistant|>' }}\n", Severity.ERROR),
    Example(_LOOP + "{{- '<|assistant|><think>' }}\n", Severity.ERROR),
    Example(_LOOP, Severity.ERROR),
    Example(_LOOP + _IF.replace("__", "<|model|>")),
    # The flag is not asked for, and the end of the prompt is that of a conversation.
    Example(_LOOP.replace("'<|end|>'", "'<|end|>' + (eos_token if loop.last else '')")),
    Example(_LOOP + _IF.replace("__", "<|assistant|> "), Severity.NOTE),
    Example(_LOOP + _IF.replace("__", "<|assistant|><think>"), Severity.NOTE),
)
