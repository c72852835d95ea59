"""Why two templates give different prompts: the change that takes the difference with it when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.differential.between.changes import Stretch, stretches, without
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.difference import Place
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.release._causes import Cause, first_difference, printer_of
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template import ParsedTemplate

_MOST_STRETCHES = 40
_LONGEST_CONDITION = 100


class Case(NamedTuple):
    """A conversation on which two templates part, and what they made of it."""

    conversation: Conversation
    old: Rendering
    new: Rendering


@dataclass(frozen=True)
class Reason:
    """One of: a stretch that differs, the special tokens, or the places that printed the first difference.

    ``undone`` is the new template without the stretch, or with the old one's tokens: where the stretch, or the
    tokens, are the reason, it prints what the old one does.
    """

    stretch: Stretch | None = None
    tokens: bool = False
    places: tuple[Place | None, Place | None] = (None, None)
    undone: Template | None = None


class Reasons:
    """The reasons for which two templates part."""

    def __init__(self, old: ParsedTemplate, new: ParsedTemplate, runtime: Runtime, tracer: Tracer) -> None:
        self._old, self._new = old, new
        self._runtime, self._tracer = runtime, tracer
        self._single = list(_single(old.template, new.template))

    def of(self, cases: Sequence[Case]) -> list[Reason]:
        """The reason of each case."""
        reasons: list[Reason | None] = [None] * len(cases)
        for reason in self._single:
            left = [number for number, known in enumerate(reasons) if known is None]
            if not left:
                break
            for number, explains in zip(left, self._explain(reason, [cases[each] for each in left]), strict=True):
                if explains:
                    reasons[number] = reason
        left = [number for number, known in enumerate(reasons) if known is None]
        for number, reason in zip(left, self._printed([cases[each] for each in left]), strict=True):
            reasons[number] = reason
        return [reason for reason in reasons if reason is not None]

    def hold(self, reason: Reason, cases: Sequence[Case]) -> list[bool]:
        """Whether each case has this reason."""
        if reason.undone is not None:
            return self._explain(reason, cases)
        return [each == reason for each in self._printed(cases)]

    def _explain(self, reason: Reason, cases: Sequence[Case]) -> list[bool]:
        assert reason.undone is not None
        answers = self._runtime.render_all(reason.undone, [case.conversation for case in cases])
        return [answer == case.old for answer, case in zip(answers, cases, strict=True)]

    def _printed(self, cases: Sequence[Case]) -> list[Reason]:
        places = self.places(cases)
        return [Reason(places=place) for place in places]

    def places(self, cases: Sequence[Case]) -> list[tuple[Place | None, Place | None]]:
        """What printed the first difference of each case in the two templates, on the reference."""
        conversations = [case.conversation for case in cases]
        sides = []
        for parsed, texts in ((self._old, [case.old for case in cases]), (self._new, [case.new for case in cases])):
            traces = self._tracer.trace(parsed.template, conversations, "pieces") if conversations else []
            sides.append(list(zip([parsed] * len(traces), traces, texts, strict=True)))
        found = []
        for (old, old_trace, one), (new, new_trace, other) in zip(*sides, strict=True):
            at = None
            if isinstance(one, Rendered) and isinstance(other, Rendered):
                at = first_difference(one.text, other.text)
            pair = [
                None if at is None or trace.rendering != text else _place(parsed, printer_of(parsed, trace, at))
                for parsed, trace, text in ((old, old_trace, one), (new, new_trace, other))
            ]
            found.append((pair[0], pair[1]))
        return found


def _single(old: Template, new: Template) -> list[Reason]:
    """All reasons that can be taken back by themselves."""
    made = []
    if dict(old.tokens) != dict(new.tokens):
        # The pair of names and texts alone: what else belongs to the container stays the new one's.
        undone = replace(new, special_tokens=old.tokens)
        made.append(Reason(tokens=True, undone=undone))
    for stretch in stretches(old.text, new.text)[:_MOST_STRETCHES]:
        text = without(stretch, old.text, new.text)
        made.append(Reason(stretch=stretch, undone=replace(new, text=text)))
    return made


def _place(parsed: ParsedTemplate, printed: Cause | None) -> Place | None:
    if printed is None:
        return None
    around = [
        node
        for node in parsed.nodes
        if isinstance(node, (nodes.If, nodes.CondExpr)) and parsed.span(node).contains(printed.span)
    ]
    condition = None
    if around:
        test = around[-1].test  # in pre-order the last one is the innermost
        words = " ".join(parsed.source(test).split())
        condition = words if len(words) <= _LONGEST_CONDITION else f"{words[: _LONGEST_CONDITION - 1]}…"
    return Place(printed.line, condition)
