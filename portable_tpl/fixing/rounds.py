"""Apply fixes round after round, until none is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from portable_tpl.checking.linting import lint
from portable_tpl.fixing.batches import edits_of, fix_of, is_too_much, together
from portable_tpl.fixing.moves import Moved
from portable_tpl.fixing.offers import static_problem
from portable_tpl.fixing.proof import Proof, Prover
from portable_tpl.fixing.tags import tag_findings, wants_tags
from portable_tpl.fixing.trees import same_program
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding, Safety, Severity, apply_edits
from portable_tpl.model.source import Span, Template
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse

_MOST_ROUNDS = 200  # a guard against fixes that bring on one another without end; a text that comes back ends it, too
_STACKED = "an unsafe fix was made there already"
_NOT_REACHED = "no conversation that renders reaches the place on the reference, so the change is not proved"


@dataclass(frozen=True)
class FixResult:
    """What :func:`fix` did.

    ``applied`` and ``refused`` are findings at their places in the text that was given; the edits of their ``fix``
    are those of the round in which it was tried. Findings for which no rewrite is known, and those below the level
    that was asked for, are in neither. ``left`` holds code, start in the new text, and reason of what was refused.
    """

    text: str
    applied: tuple[Finding, ...] = ()
    refused: tuple[tuple[Finding, str], ...] = ()
    left: tuple[tuple[str, int, str], ...] = ()


@dataclass
class _Proving:
    """A template's proof, made where it is first wanted, with the prover ``given`` or with one of its own."""

    parsed: ParsedTemplate
    conversations: Sequence[Conversation]
    seed: int
    given: Prover | None

    @cached_property
    def prover(self) -> Prover:
        return Prover(self.seed) if self.given is None else self.given

    @cached_property
    def proof(self) -> Proof:
        return Proof(self.prover, self.parsed, self.conversations)

    def close(self) -> None:
        """Stop a prover of its own."""
        if self.given is None and "prover" in self.__dict__:
            self.prover.close()


@dataclass
class _Run:
    """One template on its way: the text now, and what was decided."""

    template: Template
    lint: Callable[[ParsedTemplate], list[Finding]]
    proving: _Proving
    unsafe: bool
    level: Severity
    tier: Tier
    unsafe_places: list[tuple[int, int]] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    applied: list[Finding] = field(default_factory=list)
    refusals: list[tuple[str, int, int, str]] = field(default_factory=list)

    def original(self, finding: Finding, template: Template) -> Finding:
        """The finding at its place in the text that was given."""
        start, end = finding.location.start, finding.location.end
        for moved in reversed(self.moves):
            start, end = moved.back(start), moved.back(end)
        return replace(finding, location=template.locate(Span(start, max(start, end))))


def fix(
    template: Template,
    targets: Sequence[str],
    unsafe: bool = False,
    tier: Tier = Tier.EVERYDAY,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    provided: Sequence[str] = (),
    seed: int = 0,
    conversations: Sequence[Conversation] = (),
    prover: Prover | None = None,
    level: Severity = Severity.ERROR,
    graded: Callable[[Iterable[Finding]], Iterable[Finding]] = tuple,
) -> FixResult:
    """Rewrite what is not portable to the targets in conversations of a tier.

    Findings of ``level`` and worse are repaired, the others are left alone; ``graded`` gives findings the severities
    that a configuration sets. The new text prints the same on the reference, or refuses with the same message, in
    generated conversations of all tiers and in the ``conversations`` given. ``unsafe`` applies what is meant to
    change the output, too. ``prover`` is started, and stopped again, where none is given and there is something to
    prove. Raises :class:`TemplateSyntaxError` where the template does not parse.
    """
    parsed = parse(template)
    if prover is not None:
        prover.begin()
    proving = _Proving(parsed, conversations, seed, prover)
    tags = wants_tags(select, ignore, unsafe)

    def findings(text: ParsedTemplate) -> list[Finding]:
        all_findings = lint(
            text, targets, tier, select, ignore, provided, notes=level is Severity.NOTE, possible=True
        )
        all_findings += tag_findings(text, proving.prover) if tags else []
        return [finding for finding in graded(all_findings) if not finding.suppressed]

    run = _Run(template, findings, proving, unsafe, level, tier)
    try:
        text, left = _fixpoint(run, parsed)
    finally:
        proving.close()
    refused = tuple((run.original(finding, template), reason) for finding, reason in left)
    places = tuple((finding.code, finding.location.start, reason) for finding, reason in left)
    return FixResult(text, tuple(run.applied), refused, places)


def _fixpoint(run: _Run, parsed: ParsedTemplate) -> tuple[str, list[tuple[Finding, str]]]:
    seen = {parsed.text}
    for _ in range(_MOST_ROUNDS):
        findings = run.lint(parsed)
        batch = together(finding for finding in findings if _applicable(run, finding))
        if not batch:
            break
        text = _Round(run, parsed, findings).settle(batch)
        if text is not None:
            parsed = parse(replace(run.template, text=text))
            if text in seen:
                break
            seen.add(text)
    return parsed.text, _left(run, run.lint(parsed))


def _left(run: _Run, findings: Sequence[Finding]) -> list[tuple[Finding, str]]:
    """The findings that have a fix which was not applied, and why."""
    left = []
    for finding in findings:
        if finding.fix is not None and finding.fix.edits and finding.severity.reaches(run.level):
            reason = _refusal(run, finding)
            if reason is None and finding.fix.safety is Safety.UNSAFE:
                reason = "it is not safe, since it changes what the template does; --unsafe-fixes applies it"
            elif reason is None and is_too_much(finding):
                reason = "it would take a macro, which is for errors only"
            elif reason is None:
                reason = "it is only shown, never applied"
            left.append((finding, reason))
    return left


def _refusal(run: _Run, finding: Finding) -> str | None:
    place = (finding.code, finding.location.start, finding.location.end)
    return next((reason for code, start, end, reason in run.refusals if (code, start, end) == place), None)


def _applicable(run: _Run, finding: Finding) -> bool:
    offer = finding.fix
    if offer is None or not offer.edits or offer.safety is Safety.DISPLAY or not finding.severity.reaches(run.level):
        return False
    if is_too_much(finding):
        return False
    return (run.unsafe or offer.safety is Safety.SAFE) and _refusal(run, finding) is None


class _Round:
    """One round over one text."""

    def __init__(self, run: _Run, parsed: ParsedTemplate, findings: list[Finding]) -> None:
        self._run = run
        self._parsed = parsed
        self._findings = findings
        self._refused: list[tuple[Finding, str]] = []

    def settle(self, batch: list[Finding]) -> str | None:
        """Apply what stands up to proof; gives the new text, or ``None`` if nothing did."""
        unsafe = [finding for finding in batch if fix_of(finding).safety is Safety.UNSAFE]
        reached = self._only_reached([finding for finding in batch if finding not in unsafe])
        accepted = self._settle(reached, [])
        for finding in unsafe:
            if self._is_stacked(finding):
                self._refused.append((finding, _STACKED))
            elif self._problem([*accepted, finding], proved=False) is None:
                accepted = [*accepted, self._priced(finding, accepted)]
        moved = Moved(edits_of(accepted))
        self._note(accepted, moved)
        if not accepted:
            return None
        text = apply_edits(self._parsed.text, tuple(moved.edits))
        if any(fix_of(finding).safety is Safety.UNSAFE for finding in accepted):
            self._run.proving.proof.rebase(text)
        return text

    def _is_stacked(self, finding: Finding) -> bool:
        """Whether an unsafe fix was made already where this one would be."""
        return any(
            edit.start <= end and start <= edit.end
            for edit in fix_of(finding).edits
            for start, end in self._run.unsafe_places
        )

    def _priced(self, finding: Finding, accepted: Sequence[Finding]) -> Finding:
        before, after = (
            apply_edits(self._parsed.text, tuple(Moved(edits_of(chosen)).edits))
            for chosen in (accepted, [*accepted, finding])
        )
        price = self._run.proving.proof.price(before, after, self._run.tier)
        return replace(finding, fix=replace(fix_of(finding), price=price))

    def _settle(self, batch: list[Finding], accepted: list[Finding]) -> list[Finding]:
        if not batch:
            return accepted
        problem = self._problem([*accepted, *batch])
        if problem is None:
            return [*accepted, *batch]
        if len(batch) == 1:
            self._refused.append((batch[0], problem))
            return accepted
        middle = len(batch) // 2
        return self._settle(batch[middle:], self._settle(batch[:middle], accepted))

    def _problem(self, findings: list[Finding], proved: bool = True) -> str | None:
        """What speaks against applying these together."""
        words, changed = static_problem(self._parsed, self._findings, findings, self._run.lint)
        if words is not None or not proved or changed is None or changed.tree == self._parsed.tree:
            return words
        return self._run.proving.proof.counterexample(changed.text)

    def _only_reached(self, batch: list[Finding]) -> list[Finding]:
        """Those of a batch that a conversation reaches, or that keep jinja2's tree or the value of an expression."""
        uncertain = [finding for finding in batch if not self._leaves_the_tree(finding)]
        if not uncertain:
            return batch
        proof = self._run.proving.proof
        reached = proof.reached(self._parsed, uncertain)
        missed = [
            finding
            for finding, is_reached in zip(uncertain, reached, strict=True)
            if not is_reached and not proof.holds_on_values(self._parsed, fix_of(finding).edits)
        ]
        self._refused += [(finding, _NOT_REACHED) for finding in missed]
        return [finding for finding in batch if finding not in missed]

    def _leaves_the_tree(self, finding: Finding) -> bool:
        """Whether the changed text is the same program to the reference, which needs no further proof."""
        text = apply_edits(self._parsed.text, fix_of(finding).edits)
        try:
            return same_program(parse(replace(self._run.template, text=text)).tree, self._parsed.tree)
        except TemplateSyntaxError:
            return False

    def _note(self, accepted: Sequence[Finding], moved: Moved) -> None:
        """Write down what was decided, at the places of the new text."""
        run = self._run
        run.applied += [run.original(finding, run.template) for finding in accepted]
        refusals = [
            *run.refusals,
            *((each.code, each.location.start, each.location.end, reason) for each, reason in self._refused),
        ]
        run.refusals = []
        for code, start, end, reason in refusals:
            new_start, new_end = moved.forward(start), moved.forward(end)
            untouched = all(edit.end <= start or end <= edit.start for edit in moved.edits)
            if new_start is not None and new_end is not None and untouched:
                run.refusals.append((code, new_start, new_end, reason))
        run.moves.append(moved)
        ends = [(moved.forward(start), moved.forward(end)) for start, end in run.unsafe_places]
        run.unsafe_places = [(start, end) for start, end in ends if start is not None and end is not None]
        unsafe = {edit for each in accepted if fix_of(each).safety is Safety.UNSAFE for edit in fix_of(each).edits}
        run.unsafe_places += [
            region for edit, region in zip(moved.edits, moved.regions(), strict=True) if edit in unsafe
        ]
