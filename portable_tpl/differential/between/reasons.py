"""Why two templates give different prompts: the change that takes the difference with it when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.differential.between.changes import Stretch, stretches, without
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.difference import Place, are_apart
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.release._causes import first_difference, printer_of
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template import ParsedTemplate, compile_check, parse
from portable_tpl.template.tracing.trace import Trace

_MOST_STRETCHES = 40  # changes that are taken back one by one, each a render of all cases
_LONGEST_CONDITION = 100


class Case(NamedTuple):
    """A conversation on which two templates part, and what they made of it."""

    conversation: Conversation
    old: Rendering
    new: Rendering


@dataclass(frozen=True)
class Reason:
    """One of: a stretch that differs, the special tokens, or the places that printed the first difference.

    ``undone`` is the new template without the stretch, or with the old one's tokens. Where these alone are the
    reason, it prints what the old one does; with ``among_others``, it prints something else than the new one.
    """

    stretch: Stretch | None = None
    tokens: bool = False
    places: tuple[Place | None, Place | None] = (None, None)
    undone: Template | None = None
    among_others: bool = False


class Reasons:
    """The reasons for which two templates part."""

    def __init__(self, old: ParsedTemplate, new: ParsedTemplate, runtime: Runtime, tracer: Tracer) -> None:
        self._old, self._new = old, new
        self._runtime, self._tracer = runtime, tracer
        self._single = list(_single(old.template, new.template))

    def of(self, cases: Sequence[Case]) -> list[Reason | None]:
        """The reason of each case; ``None`` where several of the other cases' reasons come together."""
        reasons: dict[int, Reason | None] = {}

        def settle(reason: Reason) -> None:
            left = [number for number in range(len(cases)) if number not in reasons]
            holding = self.hold(reason, [cases[number] for number in left]) if left else []
            reasons.update((number, reason) for number, holds in zip(left, holding, strict=True) if holds)

        for reason in self._single:
            settle(reason)
        known = set(reasons.values())
        for reason in self._single:
            if reason not in known:
                settle(replace(reason, among_others=True))
        together = Reason(undone=_undone(self._single, self._old.template, self._new.template))
        if reasons:
            settle(together)
        reasons = {number: None if reason is together else reason for number, reason in reasons.items()}
        left = [number for number in range(len(cases)) if number not in reasons]
        places = self.places([cases[number] for number in left])
        reasons.update((number, Reason(places=place)) for number, place in zip(left, places, strict=True))
        return [reasons[number] for number in range(len(cases))]

    def hold(self, reason: Reason, cases: Sequence[Case]) -> list[bool]:
        """Whether each case has this reason."""
        if reason.undone is None:
            return [places == reason.places for places in self.places(cases)]
        answers = self._runtime.render_all(reason.undone, [case.conversation for case in cases])
        if reason.among_others:
            return [are_apart(answer, case.new) for answer, case in zip(answers, cases, strict=True)]
        return [answer == case.old for answer, case in zip(answers, cases, strict=True)]

    def places(self, cases: Sequence[Case]) -> list[tuple[Place | None, Place | None]]:
        """What printed the first difference of each case in the two templates, on the reference."""
        if not cases:
            return []
        conversations = [case.conversation for case in cases]
        old = self._tracer.trace(self._old.template, conversations, "pieces")
        new = self._tracer.trace(self._new.template, conversations, "pieces")
        pairs = []
        for case, one, other in zip(cases, old, new, strict=True):
            at = None
            if isinstance(case.old, Rendered) and isinstance(case.new, Rendered):
                at = first_difference(case.old.text, case.new.text)
            # Where the runtime is not the reference, the trace may tell of another prompt.
            sides = ((self._old, one, case.old), (self._new, other, case.new))
            pair = [_place(parsed, trace, at) if trace.rendering == text else None for parsed, trace, text in sides]
            pairs.append((pair[0], pair[1]))
        return pairs


def _single(old: Template, new: Template) -> list[Reason]:
    """All reasons that can be taken back by themselves."""
    small = [stretch for stretch in stretches(old.text, new.text) if stretch.is_small(old.text, new.text)]
    changed = [Reason(stretch=stretch) for stretch in small[:_MOST_STRETCHES]]
    if dict(old.tokens) != dict(new.tokens):
        changed.insert(0, Reason(tokens=True))
    reasons = [replace(reason, undone=_undone([reason], old, new)) for reason in changed]
    return [reason for reason in reasons if reason.undone is not None and _parses(reason.undone)]


def _parses(template: Template) -> bool:
    """Whether a change can be taken back by itself: half a block cannot."""
    try:
        compile_check(parse(template), unknown_names=True)
    except TemplateSyntaxError:
        return False
    return True


def _undone(reasons: Sequence[Reason], old: Template, new: Template) -> Template:
    """The new template without what some reasons are about."""
    undone = [reason.stretch for reason in reasons if reason.stretch is not None]
    template = replace(new, text=without(undone, old.text, new.text))
    tokens = any(reason.tokens for reason in reasons)
    return replace(template, special_tokens=old.tokens) if tokens else template


def _place(parsed: ParsedTemplate, trace: Trace, offset: int | None) -> Place | None:
    printed = None if offset is None else printer_of(parsed, trace, offset)
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
        condition = cut(in_one_line(parsed.source(test)), _LONGEST_CONDITION)
    return Place(printed.line, condition)
