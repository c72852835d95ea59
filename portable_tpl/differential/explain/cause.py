"""Which construct of a template makes a target differ; said only where a second check confirms it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Literal

from jinja2 import nodes

from portable_tpl.checking.detection import code_of
from portable_tpl.differential.explain.isolation import Alone
from portable_tpl.differential.explain.layout_rewrites import first_line, layout_rewrites
from portable_tpl.differential.explain.loading import LoadCauses
from portable_tpl.differential.explain.naming import Cause, Naming
from portable_tpl.differential.explain.scope_rewrites import scope_rewrites
from portable_tpl.differential.explain.situation import Situation, better
from portable_tpl.differential.explain.substitution import Rewriter
from portable_tpl.differential.explain.suspects import MOST_TRIALS, Suspect, Suspects, is_indirect
from portable_tpl.differential.grouping.divergence import Locus
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template.tracing.trace import Trace

_DECISIONS = (nodes.Test, nodes.Compare, nodes.Filter, nodes.Call, nodes.And, nodes.Or, nodes.Not)
_READS = (nodes.Name, nodes.Getattr, nodes.Getitem)


How = Literal["value", "items", "text"]


@dataclass(frozen=True)
class _Cured:
    """A construct that, put in words, makes the target right: as a value, as a loop's items, or as printed text."""

    suspect: Suspect
    how: How

    def is_indirect(self, rewriter: Rewriter) -> bool:
        """Whether the construct may only pass on what was made elsewhere."""
        if self.how == "text" and rewriter.by_value(self.suspect.node) is not None:
            return False  # its value alone was right: the printing is wrong
        return self.how != "items" and is_indirect(self.suspect.node)


class Causes:
    """Finds the causes of mismatches of one template on one target."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._parsed, self._template = subject.parsed, subject.template
        self._alone = Alone(subject)
        self._suspects = Suspects(subject.parsed, subject.target.id)
        self._naming = Naming(subject.parsed, self._suspects)
        self._loading = LoadCauses(subject, self._suspects, self._alone, self._naming)

    def find(
        self, conversation: Conversation, base: Conversation, answer: Rendering, locus: Locus, tier: Tier
    ) -> Cause:
        """The cause of a mismatch of origin ``template``.

        ``conversation`` goes to the target, ``base`` is what a deployment makes of it before the template sees it.
        """
        trace = self._subject.tracer.trace(self._template, [base], "values")[0]
        runtime, request = self._bench(conversation, base, answer)
        expected = trace.rendering
        if isinstance(expected, Failed):
            # Values that are looked at may be told of by other types in an error's words: ask without a look at them.
            expected = self._subject.expected(base)
        situation = Situation(runtime, request, base, expected, answer, locus)
        if isinstance(answer, Failed) and answer.kind == "syntax":
            cause = self._loading.find(situation, answer, tier)
        else:
            cause = self._while_rendering(situation, trace, tier)
        return cause or self._naming.at(locus, None)

    def _bench(
        self, conversation: Conversation, base: Conversation, answer: Rendering
    ) -> tuple[Runtime, Conversation]:
        """The engine alone, where it gives the very same answer; else the target.

        A deployment may look at a template to see what it does for it: what is rewritten there makes it do otherwise.
        """
        engine = self._subject.engine
        if engine is not None and engine.render(self._template, base) == answer:
            return engine, base
        return self._subject.target, conversation

    def _while_rendering(self, situation: Situation, trace: Trace, tier: Tier) -> Cause | None:
        rewriter = Rewriter(self._parsed, trace)
        if isinstance(situation.expected, Failed) and isinstance(situation.answer, Rendered):
            node = self._alone.only_reference_fails(situation.expected, rewriter)
            return None if node is None else self._naming.named(Suspect(node), tier, situation.answer, rewriter)
        suspects = self._suspects.near(situation.locus, rewriter, tier)
        if isinstance(situation.answer, Failed):
            for suspect in suspects:
                on_line = situation.locus.line is None or suspect.node.lineno == situation.locus.line
                if suspect.uses and on_line and self._alone.fails(suspect.node, situation.answer, rewriter):
                    return self._naming.named(suspect, tier, situation.answer, rewriter)
        # Line ends first: what literals make of them passes for a defect of all that uses the literals.
        layout = self._layout(situation, tier) if "\r" in self._template.text else None
        if layout is not None:
            return layout
        scope = self._scope(situation)
        if scope is not None:
            return scope
        rewriter.look_at(0)
        cured = self._first_cured(situation, suspects, rewriter)
        if cured is None or cured.how == "text":
            layout = self._layout(situation, tier)
            if layout is not None:
                return layout
        made = self._where_made(situation, cured, rewriter, tier)
        if isinstance(made, Suspect):
            return self._naming.named(made, tier, situation.answer, rewriter)
        if made is not None:
            self._look_at_failing(situation, made.suspect, rewriter)
            printed = made.how == "text" or self._wrong_as_given(made, rewriter)
            named = self._naming.named(made.suspect, tier, situation.answer, rewriter, printed)
            innocent = named.name is not None and not self._suspects.breaks(named.name)
            return (self._known_instead(situation, suspects, rewriter, tier) if innocent else None) or named
        return self._seen_alone(situation, suspects, rewriter, tier) or self._fixed(situation, tier)

    def _where_made(
        self, situation: Situation, cured: _Cured | None, rewriter: Rewriter, tier: Tier
    ) -> _Cured | Suspect | None:
        """What made a wrong value that was found where it is only passed on; a macro's text may be wrong itself."""
        seen: set[int] = set()
        while cured is not None and cured.is_indirect(rewriter) and id(cured.suspect.node) not in seen:
            if self._wrong_as_given(cured, rewriter):
                break
            seen.add(id(cured.suspect.node))
            feeding = self._suspects.feeding(cured.suspect.node, rewriter, tier)
            deeper = self._first_cured(situation, feeding, rewriter)
            wrong = None if deeper is not None else self._wrong_alone(situation, feeding, rewriter)
            if wrong is not None:
                return wrong
            if deeper is None and (cured.how == "text" or not isinstance(cured.suspect.node, nodes.Name)):
                break
            cured = deeper
        return cured

    def _known_instead(
        self, situation: Situation, suspects: Sequence[Suspect], rewriter: Rewriter, tier: Tier
    ) -> Cause | None:
        """What the target is known to break, and does here, where what cured is known to be right.

        Of ``set c = x|trim`` and a later ``c.split(t)|join|trim`` each value put in words cures; only one was wrong.
        """
        for suspect in suspects:
            if not suspect.uses or self._wrong_alone(situation, (suspect,), rewriter) is None:
                continue
            named = self._naming.named(suspect, tier, situation.answer, rewriter)
            texts = [text for _, text in self._rewrites(suspect, rewriter)]
            is_known = named.name is not None and self._suspects.breaks(named.name)
            if is_known and (not texts or any(self._cures(situation, text) for text in texts)):
                return named
        return None

    def _wrong_as_given(self, cured: _Cured, rewriter: Rewriter) -> bool:
        """Whether what was read is a number that the target has wrong as soon as it is given it.

        Engines write numbers in words otherwise than those that they are given: past 64 bits these turn to floats.
        """
        if cured.how != "value" or not isinstance(cured.suspect.node, _READS):
            return False
        value = (rewriter.current(cured.suspect.node) or {}).get("value")
        return isinstance(value, int) and not isinstance(value, bool) and self._alone.prints_otherwise(value)

    def _look_at_failing(self, situation: Situation, suspect: Suspect, rewriter: Rewriter) -> None:
        """Look at the values with which a construct fails by itself, or else at the first ones."""
        answer = situation.answer
        if not (isinstance(answer, Failed) and self._alone.fails(suspect.node, answer, rewriter)):
            rewriter.look_at(0)

    def _wrong_alone(self, situation: Situation, suspects: Sequence[Suspect], rewriter: Rewriter) -> Suspect | None:
        """The first construct that is wrong by itself, in the way in which the whole is."""
        for suspect in suspects[:MOST_TRIALS]:
            if isinstance(situation.answer, Failed):
                wrong = self._alone.fails(suspect.node, situation.answer, rewriter)
            else:
                wrong = self._alone.differs(suspect.node, rewriter)
            if wrong:
                return suspect
        rewriter.look_at(0)
        return None

    def _seen_alone(
        self, situation: Situation, suspects: Sequence[Suspect], rewriter: Rewriter, tier: Tier
    ) -> Cause | None:
        """A construct that has several values, so that none can stand in its place; but one is wrong."""
        if isinstance(situation.answer, Failed):
            anywhere = suspects if situation.locus.line is not None else self._suspects.everywhere(rewriter, tier)
            failing = (each for each in anywhere if self._alone.fails(each.node, situation.answer, rewriter))
            node = next(failing, None)
            if node is not None:
                return self._naming.named(node, tier, situation.answer, rewriter)
            loop = next(self._alone.failing_loops(situation.answer, rewriter), None)
            return None if loop is None else self._naming.named(Suspect(loop), tier, situation.answer, rewriter)
        at = situation.locus.node
        lost = self._alone.lost_on_leaving(self._parsed.nodes[at]) if at is not None and at >= 0 else None
        if lost is not None:
            return self._naming.of_feature(lost[0], lost[1])
        here = self._suspects.here(situation.locus, rewriter, tier)
        deciding = [each for each in suspects if isinstance(each.node, _DECISIONS)]
        for suspect in (*here, *deciding):
            if self._alone.differs(suspect.node, rewriter):
                return self._naming.named(suspect, tier, situation.answer, rewriter)
        return None

    def _fixed(self, situation: Situation, tier: Tier) -> Cause | None:
        """What has effects besides its value, so that no value can stand in its place; but its fix cures."""
        for suspect, text in islice(self._suspects.fixed(tier), MOST_TRIALS):
            if self._cures(situation, text):
                return self._naming.of_use(suspect.uses[0])
        return None

    def _layout(self, situation: Situation, tier: Tier) -> Cause | None:
        rewrites = layout_rewrites(self._template.text)
        # One rewriting may cure what is a matter of another: first those that the target is known to need.
        for feature, rewrite in sorted(rewrites, key=lambda each: not self._suspects.breaks(each[0])):
            if self._cures(situation, rewrite(self._template.text)):
                line = self._of_many_lines(feature, tier)
                line = line or first_line(self._template.text, rewrite, partial(self._cures, situation))
                return Cause("template", feature, code_of(feature), line)
        return None

    def _of_many_lines(self, feature: str, tier: Tier) -> int | None:
        """Where a fault begins that a rule sees once for many lines, as their ends; ``None`` where there is none."""
        for use in self._suspects.uses_of(self._parsed.tree, tier):
            if use.feature == feature and use.span is not None:
                first, last = (self._template.position(at)[0] for at in use.span)
                if first < last:
                    return first
        return None

    def _scope(self, situation: Situation) -> Cause | None:
        """A value of an earlier turn, be it printed by whatever: it is right once each turn begins afresh."""
        for node, text in islice(scope_rewrites(self._parsed), MOST_TRIALS):
            if self._cures(situation, text):
                return self._naming.of_feature("for.scope.inner", node)
        return None

    def _first_cured(self, situation: Situation, suspects: Sequence[Suspect], rewriter: Rewriter) -> _Cured | None:
        tried: set[str] = set()
        for suspect in suspects:
            for how, text in self._rewrites(suspect, rewriter):
                if text in tried:
                    continue
                tried.add(text)
                if len(tried) > MOST_TRIALS:
                    return None
                if self._cures(situation, text, isinstance(suspect.node, _DECISIONS)):
                    return _Cured(suspect, how)
        return None

    def _rewrites(self, suspect: Suspect, rewriter: Rewriter) -> Iterator[tuple[How, str]]:
        """The template with a construct's value in its place; then with its items, or its printed text."""
        parent = self._parsed.parent(suspect.node)
        rewrites: list[tuple[How, str | None]] = [("value", rewriter.by_value(suspect.node))]
        if isinstance(parent, nodes.For) and suspect.node is parent.iter:
            rewrites.append(("items", rewriter.by_items(suspect.node)))
        if isinstance(parent, nodes.Output):
            rewrites.append(("text", rewriter.by_text(suspect.node)))
        yield from ((how, text) for how, text in rewrites if text is not None)

    def _cures(self, situation: Situation, text: str, decision: bool = False) -> bool:
        """Whether the target, given the rewritten template, gets further; and the reference is not disturbed.

        A refusal that turns into an error is progress only where a ``decision`` was put in words: another branch was
        taken then.
        """
        changed = replace(self._template, text=text)
        answer = situation.runtime.render(changed, situation.conversation)
        elsewhere = isinstance(situation.answer, Refused) and isinstance(answer, Failed) and answer.kind == "error"
        if not (decision and elsewhere) and not better(situation, answer):
            return False
        expected = self._subject.expected(situation.base, changed)
        return expected == situation.expected
