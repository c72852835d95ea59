"""One mismatch whose cause is sought, and what counts as a step towards its cure."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.differential.explain.isolation import words
from portable_tpl.differential.grouping.divergence import Locus
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering, common_prefix, same
from portable_tpl.targets.processes._base import Runtime


@dataclass(frozen=True)
class Situation:
    """One mismatch: what is asked and with what, what the reference is given for it, and what both answered."""

    runtime: Runtime
    conversation: Conversation
    base: Conversation
    expected: Rendering
    answer: Rendering
    locus: Locus


def better(situation: Situation, answer: Rendering) -> bool:
    """Whether an answer is the expected one, or comes nearer to it than the one before."""
    expected, before = situation.expected, situation.answer
    if same(expected, answer):
        return True
    if isinstance(expected, Rendered) and isinstance(answer, Rendered):
        if not isinstance(before, Rendered):
            return True
        return common_prefix(expected.text, answer.text) > common_prefix(expected.text, before.text)
    if isinstance(before, Failed) and isinstance(answer, Failed):
        if not answer.kind == before.kind == "error" or (answer.line or 0) < (before.line or 0):
            return False
        return answer.line != before.line or words(answer.message) != words(before.message)
    return isinstance(before, Failed) and isinstance(answer, Refused) and isinstance(expected, Refused)
