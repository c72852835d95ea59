"""How a deployment begins an answer, with marks of reasoning or without: seen from what it or the template prints."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered
from portable_tpl.targets.steps._base import Step
from portable_tpl.targets.steps.prefill import ReasoningMarks
from portable_tpl.targets.steps.prepared import prepare

_REASONING, _CONTENT = "Zebrafish", "Quokka"
_USER = {"role": "user", "content": "Hi"}
_ANSWER = {"role": "assistant", "content": _CONTENT, "reasoning_content": _REASONING}
_BEGUN = Conversation([_USER, _ANSWER])
_USUAL = ("<think>", "</think>")
_PLAIN = ReasoningMarks("", "", True)


def seen_on_server(subject: Subject, settings: Sequence[Step]) -> ReasoningMarks | None:
    """How the target's server begins an answer; ``None`` where it is with the template's own prompt and nothing more.

    ``settings`` are changes of the context, one of which the server may make at the same time.
    """
    answer = subject.target.render(subject.template, _BEGUN)
    if not isinstance(answer, Rendered):
        return None
    before, end = _around(answer.text) or (answer.text.partition(_CONTENT)[0], "")
    requests = [
        (prompt, prepare(Conversation([_USER], add_generation_prompt=prompt), changes))
        for prompt in (True, False)
        for changes in ((), *((each,) for each in settings))
    ]
    bases = subject.tracer.trace(subject.template, [conversation for _, conversation in requests], "text")
    for (prompt, _), base in zip(requests, bases, strict=True):
        if isinstance(base.rendering, Rendered) and before.startswith(base.rendering.text):
            marks = ReasoningMarks(before[len(base.rendering.text) :], end, prompt)
            return None if marks == _PLAIN else marks
    return None


def seen_in_template(subject: Subject) -> ReasoningMarks | None:
    """The marks that a template itself puts there; ``None`` where nothing tells of any.

    Templates that take reasoning away again, and so print none, have the usual marks in their text.
    """
    answered, asking = subject.expected(_BEGUN), subject.expected(Conversation([_USER]))
    parts = _around(answered.text) if isinstance(answered, Rendered) else None
    if parts is not None and parts[1] and isinstance(asking, Rendered) and parts[0].startswith(asking.text):
        return ReasoningMarks(parts[0][len(asking.text) :], parts[1], False)
    return ReasoningMarks(*_USUAL, True) if _USUAL[1] in subject.template.text else None


def _around(text: str) -> tuple[str, str] | None:
    """What stands before the reasoning, and between it and the content."""
    before, at, rest = text.partition(_REASONING)
    end, then, _ = rest.partition(_CONTENT)
    return (before, end) if at and then else None
