"""Why a target takes a template in no conversation: its engine does not load it, or it does not start with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

from jinja2 import nodes

from portable_tpl.differential.explain.isolation import Alone
from portable_tpl.differential.explain.naming import Cause, Naming
from portable_tpl.differential.explain.situation import Situation
from portable_tpl.differential.explain.suspects import MOST_TRIALS, Suspect, Suspects
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Tier
from portable_tpl.model.rendering import Failed
from portable_tpl.targets.steps.refusals import TEMPLATE_REFUSED

_UNLOADABLE = (nodes.TemplateData, nodes.Operand, nodes.Pair, nodes.Keyword, nodes.Slice, nodes.NSRef)


class LoadCauses:
    """Finds why one target does not load one template, or does not start with it."""

    def __init__(self, subject: Subject, suspects: Suspects, alone: Alone, naming: Naming) -> None:
        self._subject = subject
        self._suspects = suspects
        self._alone = alone
        self._naming = naming

    def find(self, situation: Situation, failure: Failed, tier: Tier) -> Cause | None:
        """The cause of a failure of kind ``syntax``; ``None`` where none was confirmed."""
        return self._at_start(situation, tier) or self._at_load(failure, tier)

    def _at_load(self, failure: Failed, tier: Tier) -> Cause | None:
        """The construct that the target does not accept: refused when it stands alone, too."""
        known = self._suspects.known(tier)
        # Where the target names a line, what stands there comes first.
        for suspect in sorted(known, key=lambda each: each.node.lineno != failure.line):
            uses = [use for use in suspect.uses if any(support.at_load for _, support in use.hits)]
            if uses and self._alone.refused(suspect.node):
                return self._naming.of_use(uses[0])
        node = self._smallest_refused(self._subject.parsed.tree)
        if node is None:
            return None
        return self._naming.named(Suspect(node, tuple(self._suspects.uses_of(node, tier))), tier, failure)

    def _at_start(self, situation: Situation, tier: Tier) -> Cause | None:
        """Why a deployment does not start with a template that its engine renders.

        What it tries there, it does not tell; a fix with which it starts does. What is asked then has no part in it.
        """
        engine, template = self._subject.engine, self._subject.template
        if engine is None or isinstance(engine.render(template, situation.base), Failed):
            return None
        # A server may look for JSON in what it tries: text that Python makes of a mapping is right, and does not do.
        rewrites = chain(self._suspects.fixed(tier), self._suspects.printed_as_json(tier))
        for suspect, text in islice(rewrites, MOST_TRIALS):
            answer = situation.runtime.render(replace(template, text=text), situation.conversation)
            if not isinstance(answer, Failed) or answer.kind != "syntax":
                return self._naming.of_use(suspect.uses[0])
        return self._naming.at(situation.locus, TEMPLATE_REFUSED)

    def _smallest_refused(self, node: nodes.Node) -> nodes.Node | None:
        """The innermost node that the target refuses by itself."""
        smallest: nodes.Node | None = None
        while True:
            inner = next((child for child in _parts(node) if self._alone.refused(child)), None)
            if inner is None:
                return smallest
            smallest = node = inner


def _parts(node: nodes.Node) -> Sequence[nodes.Node]:
    return [
        child
        for child in node.iter_child_nodes()
        if not isinstance(child, _UNLOADABLE)
        and not (isinstance(child, (nodes.Name, nodes.Tuple)) and child.ctx != "load")
    ]
