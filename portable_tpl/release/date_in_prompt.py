"""The prompt changes with the clock, or a literal date stands in for today's.

What it asks
------------
Whether two prompts of the same conversation differ by the time at which they were made, and whether a date that is
written into the template is printed where the template would take today's.

Why it matters
--------------
A date in the prompt ends every prompt cache at midnight, and a time of day ends it with each request (a warning); two
engines that render the same conversation at different times do not agree. A literal date tells the model that today
is the day on which the template was written (a warning).

Example
-------
``{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}``.

What to do
----------
Ask for the date with ``strftime_now`` where there is such a function, in days; print none where nobody gives one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jinja2 import nodes

from portable_tpl.model.conversation import DEFAULT_CLOCK, Conversation
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Example, Exchange, Observation, Subject, texts_of
from portable_tpl.release._conversations import plain_conversations
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import turns_of

CODE = "REL111"

_SAME_DAY, _LATER = "2026-01-01T17:45:31", "2027-03-12T17:45:31"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = re.compile(rf"\d{{1,2}} {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}}|\d{{4}}[-/]\d{{2}}[-/]\d{{2}}")
# What comes before a date that is meant to be today's.
_TODAY = re.compile(r"(?:\btoday\b|\bcurrent (?:date|day)\b|\bnow\b|\bdate today\b)[^\n.]{0,24}$", re.IGNORECASE)
_NAMES = re.compile(r"(?:^|_)(?:date|today|now|day)(?:_|$)", re.IGNORECASE)
# The day on which the knowledge ends, or the model was made, is not today.
_OTHER_DAYS = re.compile(r"cut|knowledge|train|release|version|update|start|end", re.IGNORECASE)


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation for the clock, one for a literal date."""
    conversations = plain_conversations(turns_of(subject, inquiry))
    if subject.shape.uses_clock:
        yield from _clock(conversations, inquiry)
    yield from _literal(conversations, subject, inquiry)


def _clock(conversations: Sequence[Conversation], inquiry: Inquiry) -> Iterator[Observation]:
    for clock, severity, words in (
        (_SAME_DAY, Severity.WARNING, "The prompt changes within a day: it holds the time"),
        (_LATER, Severity.NOTE, "The prompt changes from day to day: it holds the date"),
    ):
        for now in conversations:
            then = now.with_changes(clock=clock)
            if _differ(inquiry.render_all((now, then))):
                exchanges = (Exchange(f"at {DEFAULT_CLOCK}", now), Exchange(f"at {clock}", then))
                yield Observation(severity, words, exchanges, holds=_differ, compared=True)
                return


def _differ(renderings: Sequence[Rendering]) -> bool:
    texts = texts_of(renderings)
    return texts is not None and texts[0] != texts[1]


def _literal(conversations: Sequence[Conversation], subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """A date of the template's own text that is printed: one named so, or after words that say that it is today."""
    dates = {match[0] for text in _named_dates(subject) for match in _DATE.finditer(text)}
    for conversation in conversations:
        text = inquiry.text(conversation) or ""
        for match in _DATE.finditer(text):
            if match[0] in dates or (match[0] in subject.template.text and _TODAY.search(text[: match.start()])):
                yield _written_date(match[0], conversation)
                return


def _written_date(date: str, conversation: Conversation) -> Observation:
    return Observation(
        Severity.WARNING,
        f"The prompt says that today is {date}, which is written into the template",
        (Exchange("the prompt", conversation),),
        holds=lambda renderings: any(date in text for text in texts_of(renderings[:1]) or ()),
        printed=date,
    )


def _named_dates(subject: Subject) -> Iterator[str]:
    """The texts that the template gives to a name that says date, or that stand in for one."""
    for node in subject.parsed.nodes:
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name) and _names_today(node.target.name):
            yield from (const.value for const in _texts(node.node))
        elif isinstance(node, nodes.Filter) and node.name in ("default", "d") and _reads_date(node.node):
            yield from (const.value for argument in node.args for const in _texts(argument))


def _names_today(name: str) -> bool:
    return _NAMES.search(name) is not None and _OTHER_DAYS.search(name) is None


def _texts(node: nodes.Node) -> Iterator[nodes.Const]:
    for each in (node, *node.find_all(nodes.Const)):
        if isinstance(each, nodes.Const) and isinstance(each.value, str):
            yield each


def _reads_date(node: nodes.Node | None) -> bool:
    read = [] if node is None else [*node.find_all(nodes.Name), node]
    return any(isinstance(name, nodes.Name) and _names_today(name.name) for name in read)


_TEMPLATE = """\
{{- '<|system|>__' }}
{%- for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}
"""

VALID = (
    Example(_TEMPLATE.replace("__", "Be kind.")),
    Example(_TEMPLATE.replace("__", "' + ('Today: ' + date_string if date_string is defined else '') + '")),
    # The day on which the knowledge ends is not today.
    Example(_TEMPLATE.replace("__", "Knowledge ends on 2023-12-31.")),
    Example(
        "{%- set cutoff_date = '31 December 2023' %}\n" + _TEMPLATE.replace("__", "Trained until ' + cutoff_date + '")
    ),
    # A literal that is only for engines without a clock.
    Example(
        "{%- set today = strftime_now('%d %b %Y') if strftime_now is not defined else '' %}\n"
        + _TEMPLATE.replace("__", "' + today + '")
    ),
)
INVALID = (
    Example(_TEMPLATE.replace("__", "Today is ' + strftime_now('%Y-%m-%d') + '"), Severity.NOTE),
    Example(_TEMPLATE.replace("__", "It is ' + strftime_now('%H:%M') + '")),
    Example(_TEMPLATE.replace("__", "Today: ' + (date_string | default('26 Jul 2024')) + '")),
    Example(_TEMPLATE.replace("__", "Current date: 2024-07-26")),
)
