"""The example of a call that a server puts behind the tools in a system message: seen from what it prints."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered
from portable_tpl.targets.steps._base import Step
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.targets.steps.tools_in_prompt import EXAMPLE_FOLLOWS

_SYSTEM, _USER = "Zebrafish", "Quokka"
_MESSAGES = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}]
_TOOL = {"type": "function", "function": {"name": "a", "description": "", "parameters": {"type": "object"}}}
_ASKED = Conversation(_MESSAGES, tools=[_TOOL])


def example_on_server(subject: Subject, others: Sequence[Step]) -> str | None:
    """What stands between the words before an example and what the template prints behind a system message.

    ``others`` are changes that the server may make to the messages at the same time; ``None`` where no example is
    there.
    """
    answer = subject.target.render(subject.template, _ASKED)
    if not isinstance(answer, Rendered):
        return None
    _, separator, text = answer.text.partition(EXAMPLE_FOLLOWS)
    if not separator:
        return None
    plain = Conversation(_MESSAGES)
    for changes in ((), *((each,) for each in others), tuple(others)):
        base = prepare(plain, changes)
        expected = subject.tracer.trace(subject.template, [base], "text")[0].rendering
        if isinstance(expected, Rendered):
            _, printed, behind = expected.text.partition(_SYSTEM)
            if printed and text.endswith(behind):
                return text[: len(text) - len(behind)]
    return None
