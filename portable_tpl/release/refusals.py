"""What the template refuses, and with what words.

What it asks
------------
Which of the requests that some templates refuse this one refuses with ``raise_exception``: a system message, first or
later, a developer's, a role that it does not know, no user's turn, two turns of one role, tool results, calls side by
side, a call without content, an assistant's turn at the beginning or at the end.

Why it matters
--------------
A refusal is better than a prompt that silently lacks something, but whoever serves the model has to know of it: the
request ends with an error. These are facts, not faults (a note); the card shows them, too.

Example
-------
``{{ raise_exception('System role not supported') }}``.

What to do
----------
Say it in the model card; where a refusal is not meant, take the message.
"""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Refused
from portable_tpl.model.words import in_one_line
from portable_tpl.release._base import Example, Exchange, Observation, Subject
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._refusals import Request, requests_of
from portable_tpl.release._turns import turns_of

CODE = "REL108"


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One note for each different message of a refusal."""
    by_message: dict[str, list[Request]] = {}
    for request in requests_of(turns_of(subject, inquiry), inquiry):
        if request.refusal is not None:
            by_message.setdefault(request.refusal, []).append(request)
    for message, requests in by_message.items():
        words = "; ".join(request.words for request in requests)
        yield Observation(
            Severity.NOTE,
            f'Refused: {words} ("{in_one_line(message)}")',
            tuple(Exchange(request.words, request.conversation) for request in requests[:1]),
            holds=lambda renderings: isinstance(renderings[0], Refused),
        )


_LOOP = "{%- for m in messages %}{{ '<|' + m.role + '|>' + (m.content or '') }}__{% endfor %}\n"

VALID = (
    Example(_LOOP.replace("__", "")),
    Example(_LOOP.replace("__", "{%- if not m.role %}{{ raise_exception('a role, please') }}{% endif %}")),
    Example(_LOOP.replace("__", "{%- if m.role == 'nobody' %}{{ raise_exception('nobody') }}{% endif %}")),
)
INVALID = (
    Example(
        _LOOP.replace("__", "{%- if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"),
        Severity.NOTE,
    ),
    Example(
        _LOOP.replace(
            "__",
            "{%- if loop.index0 and m.role == loop.previtem.role %}{{ raise_exception('alternate') }}{% endif %}",
        ),
        Severity.NOTE,
    ),
    Example(
        _LOOP.replace(
            "__",
            "{%- if m.role not in ['system', 'user', 'assistant', 'tool'] %}{{ raise_exception('who?') }}{% endif %}",
        ),
        Severity.NOTE,
    ),
)
