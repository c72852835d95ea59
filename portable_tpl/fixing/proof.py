"""Proof that a changed template is as good as the old one: by printing both on the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from jinja2 import nodes

from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import DEFAULT_SECONDS, CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.fixing.pricing import price_of
from portable_tpl.fixing.values import trial
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Edit, Finding, Price
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Span, Template
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.processes._deadline import Deadline, share
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.tracing import recordable
from portable_tpl.template.usage.shape import shape_of

_EXAMPLES = 240
_SEARCHES = 3  # with other seeds, while a changed place is not reached
_LONGEST_SHOWN = 400


class Prover:
    """Warm references, one of them instrumented, for any number of proofs; a context manager that stops them.

    ``examples`` is the least number of conversations that are generated for a proof, besides those that search for
    branches not reached yet. ``seconds`` of wall time are there for the proofs of one template; what is not proved by
    then is not.
    """

    def __init__(self, seed: int = 0, examples: int = _EXAMPLES, seconds: float | None = DEFAULT_SECONDS) -> None:
        self.seed = seed
        self.examples = examples
        self.seconds = seconds
        self._start()

    def restart(self) -> None:
        """Start the references anew: one of them was left in the middle of an answer."""
        self.close()
        self._start()

    def _start(self) -> None:
        self.tracer = Tracer()
        self.reference = open_runtime(REFERENCE)
        self.begin()

    def begin(self) -> None:
        """Go over to another template, whose time begins now."""
        self.clock = Deadline(self.seconds)
        share(self.clock, (self.tracer, self.reference))

    def close(self) -> None:
        """Stop the workers."""
        self.tracer.close()
        self.reference.close()

    def __enter__(self) -> Prover:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Proof:
    """What is to be kept of one template: its renderings in conversations of all tiers that reach its branches."""

    def __init__(self, prover: Prover, parsed: ParsedTemplate, conversations: Sequence[Conversation] = ()) -> None:
        self._prover = prover
        self._parsed = parsed
        self._template = parsed.template
        self._base = parsed.text
        self._searches = 0
        self._conversations: list[Conversation] = []
        self._wanted: list[Rendering] = []
        self._add(conversations)
        self._explore_again()

    def rebase(self, text: str) -> None:
        """Take another text as the one whose renderings are to be kept: after a change that was to change them."""
        self._base = text
        given, self._conversations, self._wanted = self._conversations, [], []
        self._add(given)

    def _explore_again(self) -> list[Conversation]:
        """Look for more conversations, with another seed; gives those that are new, none after the last search."""
        if self._searches >= _SEARCHES:
            return []
        settings = CompareSettings(
            examples=self._prover.examples, seed=self._prover.seed + self._searches, tier=Tier.HOSTILE
        )
        self._searches += 1
        conversations = explore(self._parsed, self._prover.tracer, settings, self._prover.clock.out).conversations
        known = {conversation.key for conversation in self._conversations}
        return self._add([conversation for conversation in conversations if conversation.key not in known])

    def _add(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Take conversations into the proof; gives those that the reference renders or refuses.

        What it fails on is left out: what it cannot print is nobody's to keep.
        """
        renderings = self._prover.reference.render_all(self._with(self._base), conversations)
        kept = [
            (conversation, rendering)
            for conversation, rendering in zip(conversations, renderings, strict=True)
            if not isinstance(rendering, Failed)
        ]
        self._conversations += [conversation for conversation, _ in kept]
        self._wanted += [rendering for _, rendering in kept]
        return [conversation for conversation, _ in kept]

    def counterexample(self, text: str) -> str | None:
        """A conversation in which the text does not print the same, in words; ``None`` where there is none."""
        renderings = self._prover.reference.render_all(self._with(text), self._conversations)
        differing = [
            (len(conversation.key), conversation, wanted, rendering)
            for conversation, wanted, rendering in zip(self._conversations, self._wanted, renderings, strict=True)
            if wanted != rendering
        ]
        if not differing:
            return None
        _, conversation, wanted, rendering = min(differing, key=lambda each: each[0])
        return f"the reference {_difference(wanted, rendering)}, with {_shown(conversation)}"

    def price(self, before: str, after: str, tier: Tier) -> Price:
        """What the reference prints otherwise of one text than of another, in conversations of a tier."""
        judge = TierJudge(shape_of(self._parsed.tree), self._template.tokens)
        given = [each for each in self._conversations if judge.tier(each).rank <= tier.rank]
        one, other = (self._prover.reference.render_all(self._with(text), given) for text in (before, after))
        return price_of(one, other)

    def reached(self, parsed: ParsedTemplate, findings: Sequence[Finding]) -> list[bool]:
        """For each finding: whether a conversation that renders gets to the place on the reference."""
        numbers = {id(node): number for number, node in enumerate(parsed.nodes)}
        wanted = [[numbers[id(node)] for node in witnesses(parsed, finding)] for finding in findings]
        every = {number for group in wanted for number in group}
        seen: set[int] = set()
        fresh = self._conversations
        while every:
            for trace in self._prover.tracer.reached(parsed.template, fresh, every):
                if not isinstance(trace.rendering, Failed):
                    seen |= trace.branches
            fresh = [] if not any(seen.isdisjoint(group) for group in wanted) else self._explore_again()
            if not fresh:
                break
        return [not seen.isdisjoint(group) for group in wanted]

    def holds_on_values(self, parsed: ParsedTemplate, edits: Sequence[Edit]) -> bool:
        """Whether a change inside one expression keeps what it gives for values of all kinds, some of which it takes.

        This is the proof for a place that no conversation reaches.
        """
        chosen = trial(parsed, edits)
        if chosen is None:
            return False
        old, new = (
            self._prover.reference.render_all(self._with(text), chosen.conversations)
            for text in (chosen.old, chosen.new)
        )
        taken = [(one, other) for one, other in zip(old, new, strict=True) if not isinstance(one, Failed)]
        return bool(taken) and all(one == other for one, other in taken)

    def _with(self, text: str) -> Template:
        return replace(self._template, text=text)


def witnesses(parsed: ParsedTemplate, finding: Finding) -> list[nodes.Node]:
    """Expressions one of which is evaluated whenever the place of a finding is."""
    span = Span(finding.location.start, finding.location.end)
    same = [node for node in parsed.nodes if parsed.span(node) == span and node is not parsed.tree]
    deciding = [node for node in same if _tells(parsed, node)] or [
        node.node for node in same if isinstance(node, nodes.Call) and _tells(parsed, node.node)
    ]
    if deciding:
        return deciding
    if any(isinstance(node, nodes.Stmt) for node in same):
        inside = [node for node in parsed.nodes if span.contains(parsed.span(node)) and _tells(parsed, node)]
        return inside or [each for node in same for each in _beside(parsed, node)]
    enclosing = [node for node in parsed.nodes if parsed.span(node).contains(span) and _tells(parsed, node)]
    return enclosing[-1:]  # in pre-order the last one is the innermost


def _beside(parsed: ParsedTemplate, node: nodes.Node) -> Iterator[nodes.Node]:
    """What is printed before a statement in the same body, and so evaluated whenever the statement is reached."""
    body = getattr(parsed.parent(node), "body", None)
    before = takewhile(lambda each: each is not node, body) if isinstance(body, list) else ()
    for statement in before:
        if isinstance(statement, nodes.Output):
            yield from (each for each in statement.nodes if _tells(parsed, each))


def _tells(parsed: ParsedTemplate, node: nodes.Node) -> bool:
    parent = parsed.parent(node)
    return isinstance(node, nodes.Expr) and parent is not None and recordable(parent, node)


def _difference(wanted: Rendering, given: Rendering) -> str:
    if isinstance(wanted, Rendered) and isinstance(given, Rendered):
        at = next(
            (index for index, (one, other) in enumerate(zip(wanted.text, given.text, strict=False)) if one != other),
            min(len(wanted.text), len(given.text)),
        )
        before = max(0, at - 10)
        return f"printed {wanted.text[before : at + 20]!r} and now prints {given.text[before : at + 20]!r}"
    return f"{_words(wanted)} and now {_words(given)}"


def _words(rendering: Rendering) -> str:
    if isinstance(rendering, Rendered):
        return "prints a prompt"
    if isinstance(rendering, Refused):
        return f"refuses with {rendering.message!r}"
    return f"fails with {in_one_line(rendering.message)!r}"


def _shown(conversation: Conversation) -> str:
    return cut(json.dumps(conversation.to_json(), ensure_ascii=True), _LONGEST_SHOWN)
