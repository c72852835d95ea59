"""Answers of engines: which are the same, how one parts from another, and which an engine gives by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered, Rendering, common_prefix

Sign = tuple[str, str, str]
Render = Callable[[Sequence[Conversation]], "list[Rendering]"]

_AROUND = 12  # characters by which two ways of parting are told


class EnginesOwn:
    """Which answers the engine gives by itself; each is asked for once, and only when it is wanted."""

    def __init__(self, run: Render, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> None:
        self._run = run
        self._conversations = conversations
        self._answers = answers
        self._known: dict[int, bool] = {}

    def among(self, numbers: Iterable[int]) -> list[int]:
        """Those of some answers, by their numbers; none where there is no engine to ask."""
        numbers = list(numbers)
        fresh = [n for n in numbers if n not in self._known]
        alone = self._run([self._conversations[n] for n in fresh]) if fresh else []
        for n, rendering in zip(fresh, alone, strict=False):
            self._known[n] = same_answer(rendering, self._answers[n])
        return [n for n in numbers if self._known.get(n)]


def sign_of(plain: Rendering, answer: Rendering) -> Sign:
    """How an answer parts from the reference's: by the text that follows, or by what kind of answers they are."""
    if not isinstance(plain, Rendered) or not isinstance(answer, Rendered):
        return type(plain).__name__, type(answer).__name__, getattr(plain, "message", getattr(answer, "message", ""))
    at = common_prefix(plain.text, answer.text)
    return plain.text[max(0, at - _AROUND) : at], plain.text[at : at + _AROUND], answer.text[at : at + _AROUND]


def same_answer(one: Rendering, other: Rendering) -> bool:
    """Whether an engine said the very same twice: failures by kind, message and line."""
    return one == other
