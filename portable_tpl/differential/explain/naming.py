"""What a construct is called as a cause: the feature that a rule sees there, and the rule's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from portable_tpl.checking.base import Use
from portable_tpl.checking.detection import code_of, uses_in
from portable_tpl.differential.explain.substitution import Rewriter
from portable_tpl.differential.explain.suspects import Suspect, Suspects, best_use
from portable_tpl.differential.grouping.divergence import Locus
from portable_tpl.model.conversation import Tier
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.rendering import Failed, Origin, Rendered, Rendering
from portable_tpl.model.source import Span
from portable_tpl.support.feature_names import KindOf, features_of, input_of, kind_of
from portable_tpl.support.features import load_features
from portable_tpl.support.value_kinds import kinds_within
from portable_tpl.template.syntax.parsing import ParsedTemplate

_Place = tuple[nodes.Node, Sequence[Use]]
_JOINING = ("concat", "print")  # what rules say of an operand that is joined to text


@dataclass(frozen=True)
class Cause:
    """The cause of a mismatch: ``name`` is ``None`` where none was confirmed; ``span`` is where its construct is."""

    origin: Origin
    name: str | None
    code: str | None
    line: int | None
    span: Span | None = None


class Naming:
    """Names the constructs of one template as its rules do.

    First by what the target is known to break, then by what a rule would say there of any target, and where no rule
    has a word, by the feature whose case it is.
    """

    def __init__(self, parsed: ParsedTemplate, suspects: Suspects) -> None:
        self._parsed = parsed
        self._suspects = suspects
        self._of_any: dict[int, list[Use]] | None = None

    def named(
        self,
        suspect: Suspect,
        tier: Tier,
        answer: Rendering,
        rewriter: Rewriter | None = None,
        printed: bool = False,
    ) -> Cause:
        """The name of a construct for the values that it had; ``printed``: of how its value is printed.

        Of the features that the target breaks there, those come first whose breaking gives such an ``answer``.
        """
        node = suspect.node
        lacking = self._lacking(node, tier)
        if lacking is not None:
            return lacking
        parts = () if printed else self._parts(node, rewriter)
        known = ((part, self._suspects.uses_of(part, tier)) for part in parts)
        places = [(node, suspect.uses), *known]
        likely = [(place, _giving(answer, uses)) for place, uses in places]
        best = self._best(likely, node, rewriter, printed) or self._best(places, node, rewriter, printed)
        names = features_of(self._parsed, node, kinds(rewriter), self._values(node, rewriter), printed)
        name = next((each for each in names if self._suspects.breaks(each)), names[0])
        if best is None and name not in load_features():
            best = self._best(self._seen_by_any((node, *parts)), node, rewriter, printed)
        return best or self.of_feature(name, node)

    def of_use(self, use: Use) -> Cause:
        """The cause where a rule's finding is confirmed to be it."""
        line = use.node.lineno if use.span is None else self._parsed.template.position(use.span.start)[0]
        return _caused_by(use, line, use.span or place_of(self._parsed, use.node))

    def of_feature(self, feature: str, node: nodes.Node) -> Cause:
        """The cause where a feature is confirmed to be it, which need not be one that a rule sees there."""
        return Cause("template", feature, code_of(feature), node.lineno, place_of(self._parsed, node))

    def at(self, locus: Locus, name: str | None) -> Cause:
        """The cause where no construct of the template was confirmed to be it: the place alone says something."""
        line = self._parsed.nodes[locus.node].lineno if locus.node is not None and locus.node >= 0 else locus.line
        return Cause("template", name, None, line)

    def _lacking(self, node: nodes.Node, tier: Tier) -> Cause | None:
        """The name that the target lacks, where all of a construct is read from it: ``self`` in ``self.x()``."""
        holder: nodes.Node = node
        while isinstance(holder, (nodes.Getattr, nodes.Getitem, nodes.Call)):
            holder = holder.node
        if holder is node or not isinstance(holder, nodes.Name):
            return None
        uses = self._suspects.uses_of(holder, tier)
        use = next((use for use in uses if use.feature == f"name.{holder.name}"), None)
        return None if use is None else _caused_by(use, holder.lineno, place_of(self._parsed, holder))

    def _best(
        self, places: Iterable[_Place], node: nodes.Node, rewriter: Rewriter | None, printed: bool
    ) -> Cause | None:
        """The first place with a use that is about the values that were there."""
        for place, uses in places:
            if place is not node and isinstance(node, (nodes.Concat, nodes.Filter)):
                about = [use for name in _JOINING for use in uses if FeatureId(use.feature).construct == name]
                kinds_there = self._own_kinds(place, rewriter)
            else:
                # What `~` does to it is said at an operand, and is a matter of what joins it.
                about = [use for use in uses if FeatureId(use.feature).construct != "concat"]
                about = [use for use in about if use.feature.startswith("print") == printed]
                kinds_there = self._kinds_in(place, rewriter)
            use = best_use(about, kinds_there)
            if use is not None:
                return _caused_by(use, place.lineno, use.span or place_of(self._parsed, place))
        return None

    def _parts(self, node: nodes.Node, rewriter: Rewriter | None) -> tuple[nodes.Node, ...]:
        """What rules speak of in the place of a node: what is called, tested or made text, and the operands of ``~``.

        Of operands that come first which are undefined, then what has to become text.
        """
        if isinstance(node, nodes.Call):
            return (node.node,)
        if isinstance(node, (nodes.Filter, nodes.Test)):
            return () if node.node is None else (node.node,)
        if not isinstance(node, nodes.Concat):
            return ()

        def rank(part: nodes.Node) -> int:
            if "undefined" in self._own_kinds(part, rewriter):
                return 0
            return 2 if all(isinstance(value, str) for value in self._own_values(part, rewriter)) else 1

        return tuple(sorted(node.nodes, key=rank))

    def _seen_by_any(self, places: Sequence[nodes.Node]) -> Iterator[_Place]:
        if self._of_any is None:
            self._of_any = {}
            for use in uses_in(self._parsed, load_features()):
                self._of_any.setdefault(id(use.node), []).append(use)
        for node in places:
            uses = self._of_any.get(id(node), [])
            yield node, sorted(uses, key=lambda use: not self._suspects.breaks(use.feature))

    def _values(self, node: nodes.Node, rewriter: Rewriter | None) -> list[Any]:
        """The values of a construct and of its parts, as far as they are known."""
        return [value for part in self._around(node) for value in self._own_values(part, rewriter)]

    def _around(self, node: nodes.Node) -> tuple[nodes.Node, ...]:
        """A construct and its parts; of a filter in a block's tag, the block whose text it takes, too."""
        block = input_of(self._parsed, node) if isinstance(node, nodes.Filter) and node.node is None else None
        return (node, *node.iter_child_nodes(), *(() if block is None else (block,)))

    def _kinds_in(self, node: nodes.Node, rewriter: Rewriter | None) -> set[str]:
        """The kinds of the values of a construct, of its parts, and of the value that a method is called of."""
        receiver = node.node.node if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) else None
        parts = (*self._around(node), *(() if receiver is None else (receiver,)))
        return {kind for part in parts for kind in self._own_kinds(part, rewriter)}

    def _own_kinds(self, node: nodes.Node, rewriter: Rewriter | None) -> set[str]:
        descriptions = [] if rewriter is None else rewriter.told(node)
        found = {"undefined" for each in descriptions if "undefined" in each}
        found.update(str(each["kind"]) for each in descriptions if each.get("kind"))
        return found.union(*map(kinds_within, self._own_values(node, rewriter)))

    @staticmethod
    def _own_values(node: nodes.Node, rewriter: Rewriter | None) -> list[Any]:
        seen = [] if rewriter is None else rewriter.values(node)
        return seen or ([node.value] if isinstance(node, nodes.Const) else [])


def _caused_by(use: Use, line: int, span: Span | None) -> Cause:
    return Cause("template", use.feature, use.rule, line, span)


def _giving(answer: Rendering, uses: Sequence[Use]) -> list[Use]:
    """The uses of features that a target breaks by an error, for an error; by another text, for a text."""
    wanted = ("no", "flag") if isinstance(answer, Failed) else ("differs",) if isinstance(answer, Rendered) else ()
    return [use for use in uses if any(support.answer in wanted for _, support in use.hits)]


def place_of(parsed: ParsedTemplate, node: nodes.Node) -> Span | None:
    """Where an expression is; a statement may reach over half the template, and its line says more."""
    return parsed.span(node) if isinstance(node, nodes.Expr) else None


def kinds(rewriter: Rewriter | None) -> KindOf:
    """The kinds of the values that the rewriter looks at; of literals alone where there is none."""

    def kind(node: nodes.Node | None) -> str:
        value = None if node is None or rewriter is None else rewriter.current(node)
        if value is None:
            return kind_of(node.value) if isinstance(node, nodes.Const) else ""
        if "value" not in value:
            return "undefined" if "undefined" in value else ""
        return str(value.get("kind") or kind_of(value["value"]))

    return kind
