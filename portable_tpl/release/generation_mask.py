"""Generation blocks that are absent, hold a header or a user's text, or lack the stop token.

What it asks
------------
Where ``{% generation %}`` blocks land in the prompt: whether they hold all that the assistant writes, its calls
included, none of what others say, nothing that the generation prompt already prints, what ends its turn, and nothing
of the next one.

Why it matters
--------------
transformers makes ``assistant_masks`` from these blocks, and trainers compute the loss where the mask is one. A
header in it is trained though it is always given; a stop outside is never learnt, and the model does not end its
turn. Without blocks the mask is all zeros (a note).

Example
-------
``{% generation %}{{ '<|assistant|>' + message.content }}{% endgeneration %}<|end|>`` trains the header and not the
end.

What to do
----------
Begin the block after the header, and end it after the token that ends the turn. Where the assistant has a branch of
its own, ``fix --select REL104 --unsafe-fixes`` puts the tags there, and proves that no prompt changes. Engines other
than transformers may not know the tags: ``check`` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Fix, Severity
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Span
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject
from portable_tpl.release._causes import first_difference
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._prompt import before_mark
from portable_tpl.release._tags import fix_with_tags
from portable_tpl.release._turns import (
    ASSISTANT,
    ASSISTANT_AFTER,
    RESULT,
    SYSTEM,
    USER,
    USER_AFTER,
    VALUE,
    Turns,
    turns_of,
)

CODE = "REL104"

_REPLIES = {ASSISTANT: "An assistant's text", ASSISTANT_AFTER: "An assistant's text", VALUE: "A tool call"}
_OTHERS = {
    USER: "a user's text",
    USER_AFTER: "a user's text",
    RESULT: "a tool's result",
    SYSTEM: "the system message",
}


# The last thing that is written before a text: a mark, or a word with what stands behind it.
_LAST_MARK = re.compile(r"(?:<[^<>]*>|\[[^\[\]]*\]|\w+[^\w\s<>]*)\s*\Z")


class _Mask(NamedTuple):
    """A prompt with its spans."""

    text: str
    spans: Sequence[tuple[int, int]]

    def holds(self, start: int, end: int) -> bool:
        """Whether one span holds these characters."""
        return any(left <= start and end <= right for left, right in self.spans)

    def touches(self, start: int, end: int) -> bool:
        """Whether some span holds one of these characters."""
        return any(left < end and start < right for left, right in self.spans)


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """What is wrong with the blocks, the worst first; or one note where there are none."""
    turns = turns_of(subject, inquiry)
    conversations = _asked(turns)
    if not has_tags(subject):
        answers = [each for each in inquiry.render_all(conversations) if isinstance(each, Rendered)]
        if not any(ASSISTANT in answer.text for answer in answers):
            raise NotAsked("the template prints no assistant's text")
        yield _absent(turns, conversations, subject, inquiry)
        return
    masked = [
        (conversation, answer)
        for conversation, answer in zip(conversations, inquiry.render_with_spans(conversations), strict=True)
        if isinstance(answer, Rendered)
    ]
    if not masked:
        raise NotAsked("the template takes no conversation with an assistant's turn")
    prompt = inquiry.text(turns.conversation(turns.user(), prompt=True)) or ""
    faults: set[str] = set()
    for conversation, answer in masked:
        for severity, message in faults_of(answer.text, answer.spans, prompt):
            if message not in faults:
                faults.add(message)
                yield Observation(severity, message, (Exchange("the prompt that is masked", conversation),))


def has_tags(subject: Subject) -> bool:
    """Whether the template holds a generation block."""
    return any(isinstance(node, nodes.ExtensionAttribute) for node in subject.parsed.nodes)


def _asked(turns: Turns) -> list[Conversation]:
    end = (turns.assistant(ASSISTANT_AFTER),) if turns.final_assistant else ()
    conversations = [
        turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER), *end),
        turns.conversation(*turns.opening(), turns.user(), turns.assistant(), turns.user(USER_AFTER), *end),
    ]
    if turns.final_assistant:
        conversations.insert(0, turns.conversation(turns.user(), turns.assistant()))
    if turns.prints_calls:
        called = (turns.user(), turns.call(), turns.result(), turns.assistant())
        conversations.append(turns.conversation(*called, turns.user(USER_AFTER), *end))
    return conversations


def faults_of(text: str, spans: Sequence[tuple[int, int]], prompt: str) -> Iterator[tuple[Severity, str]]:
    """What is wrong with the spans of a prompt; ``prompt`` is that of the first user's turn, to be answered."""
    mask = _Mask(text, spans)
    for reply, words in _REPLIES.items():
        at = text.find(reply)
        if at >= 0 and not mask.holds(at, at + len(reply)):
            yield Severity.ERROR, f"{words} lies outside the generation blocks, and is not trained"
    for other, words in _OTHERS.items():
        at = text.find(other)
        if at >= 0 and mask.touches(at, at + len(other)):
            yield Severity.ERROR, f"Generation blocks hold {words}, which is trained as if the assistant wrote it"
    at = text.find(ASSISTANT)
    split = first_difference(text, prompt)
    given = len(text) if split is None else split
    trained = next((text[left:given] for left, right in spans if left < given and left <= at < right), "")
    if at >= 0 and trained:
        yield (
            Severity.WARNING,
            f"A generation block begins before the generation prompt ends: {trained!r} is trained though it is given",
        )
    header = _next_header(mask)
    if header:
        yield (
            Severity.WARNING,
            f"A generation block ends after the next turn begins: {header!r} is trained, too",
        )
    end = at + len(ASSISTANT)
    if at >= 0 and any(left <= at and end <= right and _ends_early(text, end, right) for left, right in spans):
        yield Severity.WARNING, "A generation block ends with the assistant's text: what ends the turn is not trained"


def _next_header(mask: _Mask) -> str:
    """The header of a user's turn with which the block of the turn before it ends; empty where it ends with none.

    It is what the block has beyond the end of any turn, and ends as what stands before the first user's turn does.
    Where nothing else ends an assistant's turn, the header is the token at which generation stops.
    """
    before, user, rest = mask.text.partition(USER)
    if not user or ASSISTANT not in rest or USER_AFTER not in rest:
        return ""
    start = mask.text.index(ASSISTANT) + len(ASSISTANT)
    next_turn = mask.text.find(USER_AFTER, start)
    right = max((right for left, right in mask.spans if left < start <= right), default=start)
    if right > next_turn or mask.text[right:next_turn].strip():
        return ""
    opening, ending = _LAST_MARK.search(before), mask.text[start:right]
    split = first_difference(ending, rest)
    if opening is None or split is None or not ending.rstrip().endswith(opening[0].rstrip()):
        return ""
    has_end = ending.rstrip().removesuffix(opening[0].rstrip()).strip()
    return ending[before_mark((ending, rest), split) :] if has_end else ""


def _ends_early(text: str, end: int, right: int) -> bool:
    """Whether a block ends with a reply, or with white space after it while something else ends the turn."""
    return right == end or (
        not text[end:right].strip() and ASSISTANT_AFTER not in text and text[right:].strip() != ""
    )


def _absent(turns: Turns, conversations: Sequence[Conversation], subject: Subject, inquiry: Inquiry) -> Observation:
    prompt = inquiry.text(turns.conversation(turns.user(), prompt=True)) or ""
    fix = fix_with_tags(subject, inquiry, conversations, lambda text, spans: not any(faults_of(text, spans, prompt)))
    return Observation(
        Severity.NOTE,
        "There are no generation blocks: the assistant's mask is all zeros",
        (Exchange("the prompt that is masked", conversations[0]),),
        span=None if fix is None else _place(subject, fix),
        fix=fix,
    )


def _place(subject: Subject, fix: Fix) -> Span | None:
    """What is printed first behind the first tag."""
    spans = (subject.parsed.span(node) for node in subject.parsed.nodes if isinstance(node, nodes.Expr))
    behind = [span for span in spans if span.start >= fix.edits[0].end]
    return min(behind, key=lambda span: (span.start, span.end), default=None)


_TEMPLATE = """\
{%- for m in messages %}
    {%- if m.role == 'assistant' %}
        __
    {%- else %}
        {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
"""
_BLOCK = "{{- '<|assistant|>' }}{% generation %}{{ m.content + '<|end|>' }}{% endgeneration %}"

VALID = (
    # White space is all that ends a turn.
    Example(_TEMPLATE.replace("__", _BLOCK).replace("<|end|>", "\\n")),
    Example(_TEMPLATE.replace("__", _BLOCK)),
    # What ends each turn also stands before the first one.
    Example("{{- 'Be kind.<|end|>' }}\n" + _TEMPLATE.replace("__", _BLOCK).replace("'<|' + m.role + '|>' + ", "")),
    # The next turn's header is what ends a turn.
    Example(
        _TEMPLATE.replace("__", _BLOCK.replace("<|end|>", "\\n<|user|>"))
        .replace("'<|' + m.role + '|>'", "('<|user|>' if loop.first else '')")
        .replace(" + '<|end|>'", "")
    ),
    # The generation prompt opens the thought, and the block begins after that.
    Example(_TEMPLATE.replace("__", _BLOCK).replace("<|assistant|>", "<|assistant|><think></think>")),
    Example(
        _TEMPLATE.replace("__", _BLOCK).replace(
            "m.content + '<|end|>' }}{% end",
            "m.content }}{{ m.tool_calls | tojson if m.tool_calls }}{{ '<|end|>' }}{% end",
        )
    ),
)
INVALID = (
    Example(_TEMPLATE.replace("__", "{{- '<|assistant|>' + m.content + '<|end|>' }}"), Severity.NOTE),
    Example(
        _TEMPLATE.replace(
            "__",
            _BLOCK.replace("{{- '<|assistant|>' }}{% generation %}{{ ", "{% generation %}{{- '<|assistant|>' + "),
        )
    ),
    Example(
        _TEMPLATE.replace("__", _BLOCK.replace(" + '<|end|>' }}{% endgeneration %}", " }}{% endgeneration %}<|end|>"))
    ),
    # The next turn's header is in the block, in the notations of marks and of words.
    Example(
        _TEMPLATE.replace("__", _BLOCK.replace("'<|end|>' }}{% end", "'<|end|>' + '<|user|>' }}{% end")).replace(
            "'<|' + m.role + '|>'", "('<|user|>' if loop.first else '')"
        )
    ),
    Example(
        _TEMPLATE.replace("__", _BLOCK.replace("'<|end|>' }}{% end", "'</s>User: ' }}{% end"))
        .replace("'<|' + m.role + '|>'", "('User: ' if loop.first else '')")
        .replace("<|end|>", "\\n")
        .replace("<|assistant|>", "Assistant: ")
    ),
    # White space is no end of a turn.
    Example(
        _TEMPLATE.replace(
            "__", _BLOCK.replace(" + '<|end|>' }}{% endgeneration %}", " + '\\n' }}{% endgeneration %}<|end|>")
        )
    ),
    Example(
        "{%- for m in messages %}{% generation %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}"
        "{% endgeneration %}{% endfor %}",
        Severity.ERROR,
    ),
    Example(
        _TEMPLATE.replace(
            "__",
            _BLOCK.replace("{% gen", "{% if loop.last %}{% gen").replace("{% endgen", "{% endgen")
            + "{% else %}{{ m.content }}{% endif %}",
        ),
        Severity.ERROR,
    ),
)
