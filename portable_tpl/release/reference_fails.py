"""A conversation fails on transformers itself, by accident.

What it asks
------------
Which conversations of the run's tier end in an error of the reference that the template did not raise itself with
``raise_exception``: an attribute that is not there, ``None`` added to text, a method that the sandbox forbids.

Why it matters
--------------
Such a request gets no prompt from transformers at all, whatever runs it elsewhere; nothing can be compared with it,
and what stands behind the error is never reached.

Example
-------
``{% set _ = names.append(call.function.name) %}``: transformers' sandbox forbids to change a list, so that each
conversation with a tool call fails.

What to do
----------
Take care of the value that is missing (``message.content or ''``), or refuse the request with ``raise_exception``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Affected, Severity
from portable_tpl.model.rendering import Failed, Rendering, Sample, is_stopped
from portable_tpl.model.words import in_one_line
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject
from portable_tpl.release._conversations import plain_conversations
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import USER, Turns, turns_of
from portable_tpl.template.usage.shape import CALL

CODE = "REL107"


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation for each line of the template in which the reference fails."""
    sample = [each for each in inquiry.sample if each.tier.rank <= inquiry.tier.rank and _fits(each, subject)]
    conversations = [*sample, *_plain(subject, inquiry)]
    # One conversation that is stopped by a limit may be a busy machine's; all of them are the template's doing.
    stopped = all(is_stopped(each.rendering) for each in conversations)
    failures: dict[int | None, list[Sample]] = {}
    for each in conversations:
        answer = each.rendering
        if isinstance(answer, Failed) and (answer.kind == "error" or stopped) and each.conversation.messages:
            failures.setdefault(answer.line, []).append(each)
    for samples in failures.values():
        yield _observation(samples, len(conversations))


def _fits(sample: Sample, subject: Subject) -> bool:
    """Whether a conversation is one for the template: calls go to those that read calls."""
    return subject.shape.reads(CALL[:-1]) or not any(
        "tool_calls" in message or message.get("role") == "tool" for message in sample.conversation.messages
    )


def _plain(subject: Subject, inquiry: Inquiry) -> list[Sample]:
    try:
        conversations = plain_conversations(turns_of(subject, inquiry), subject.shape.reads(CALL))
    except NotAsked:
        turns = Turns()
        conversations = [turns.conversation(turns.user(USER), prompt=True)]
    return [
        Sample(conversation, Tier.ORDINARY, rendering)
        for conversation, rendering in zip(conversations, inquiry.render_all(conversations), strict=True)
    ]


def _observation(samples: Sequence[Sample], count: int) -> Observation:
    mildest = min((sample.tier for sample in samples), key=lambda tier: tier.rank)
    smallest = min(
        (sample for sample in samples if sample.tier is mildest), key=lambda sample: len(sample.conversation.key)
    )
    assert isinstance(smallest.rendering, Failed)
    words = in_one_line(smallest.rendering.message)
    return Observation(
        Severity.ERROR if mildest is Tier.ORDINARY else Severity.WARNING,
        f"The reference fails in {len(samples)} of {count} conversations: {words}",
        (Exchange("the smallest of them", smallest.conversation),),
        holds=_fails,
        tier=mildest,
        affected=Affected(count, len(samples)),
    )


def _fails(renderings: Sequence[Rendering]) -> bool:
    return isinstance(renderings[0], Failed)


_TEMPLATE = """\
{%- set seen = namespace(names=[]) %}
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + (m.content or '') }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson }}__
    {%- endfor %}
{%- endfor %}
"""

VALID = (
    Example(_TEMPLATE.replace("__", "")),
    Example(_TEMPLATE.replace("__", "{% set seen.names = seen.names + [call.function.name] %}")),
    # A refusal is no accident.
    Example(_TEMPLATE.replace("__", "{{ raise_exception('no tools') }}")),
)
INVALID = (
    Example(_TEMPLATE.replace("__", "{% set _ = seen.names.append(call.function.name) %}"), Severity.ERROR),
    Example(_TEMPLATE.replace("__", "{{ call.function.parameters.kind }}"), Severity.ERROR),
    Example("{{ messages[0].content + messages[1].content }}", Severity.ERROR),
    Example("{% for m in messages %}{{ 'a' * 999999999 }}{% endfor %}", Severity.ERROR),
)
