"""Which constructs of a template may be behind a mismatch, the likeliest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes

from portable_tpl.checking.base import Broken, Look, Use
from portable_tpl.checking.registry import fix_of, looked
from portable_tpl.differential.explain.substitution import Rewriter
from portable_tpl.differential.grouping.divergence import Locus
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import apply_edits
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.printing import as_json
from portable_tpl.support.table import load_table
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.types.types import infer

MOST_TRIALS = 60  # rewritten templates for one mismatch; an engine may need a tenth of a second to load one
_FOREIGN = frozenset({"function"})  # kinds of what an engine finds there, and the reference does not
_MOST_EVERYWHERE = 400  # of a whole template: an engine that names no line is asked for each of its constructs


@dataclass(frozen=True)
class Suspect:
    """A construct, with the features of it that the target is known to break."""

    node: nodes.Node
    uses: tuple[Use, ...] = ()


class Suspects:
    """The suspects of one template on one target."""

    def __init__(self, parsed: ParsedTemplate, target: str) -> None:
        self._parsed = parsed
        self._broken = _broken(target)
        self._target = target
        self._seen: dict[Tier, tuple[Look, dict[int, list[Use]]]] = {}

    def breaks(self, feature: str) -> bool:
        """Whether the target is known to break a feature."""
        return feature in self._broken.single

    def uses_of(self, node: nodes.Node, tier: Tier) -> list[Use]:
        """The features of one node that the target is known to break."""
        return self._by_node(tier).get(id(node), [])

    def known(self, tier: Tier) -> list[Suspect]:
        """Every node with features that the target breaks, in the order of the template."""
        by_node = self._by_node(tier)
        return [Suspect(node, tuple(by_node[id(node)])) for node in self._parsed.nodes if id(node) in by_node]

    def near(self, locus: Locus, rewriter: Rewriter, tier: Tier) -> list[Suspect]:
        """Evaluated constructs from the place of the mismatch outwards: known ones first, then any."""
        by_node = self._by_node(tier)
        here = list(self._here(locus, rewriter))
        inside = {id(node) for node in here}
        around = [node for node in self._around(locus, rewriter) if id(node) not in inside]
        known = [Suspect(node, tuple(by_node[id(node)])) for node in (*here, *around) if id(node) in by_node]
        others = [Suspect(node) for node in (*here, *around) if id(node) not in by_node]
        return [*known, *others][:MOST_TRIALS]

    def here(self, locus: Locus, rewriter: Rewriter, tier: Tier) -> list[Suspect]:
        """The constructs at the place of the mismatch and those that feed it, inner ones first."""
        by_node = self._by_node(tier)
        return [Suspect(node, tuple(by_node.get(id(node), ()))) for node in self._here(locus, rewriter)][:MOST_TRIALS]

    def everywhere(self, rewriter: Rewriter, tier: Tier) -> list[Suspect]:
        """Every evaluated construct, inner ones first, for engines that do not say where they fail."""
        by_node = self._by_node(tier)
        expressions = [
            node for node in self._parsed.nodes if isinstance(node, nodes.Expr) and rewriter.evaluated(node)
        ]
        suspects = [Suspect(node, tuple(by_node.get(id(node), ()))) for node in sorted(expressions, key=self._length)]
        return suspects[:_MOST_EVERYWHERE]

    def feeding(self, node: nodes.Node, rewriter: Rewriter, tier: Tier) -> list[Suspect]:
        """The evaluated constructs that make a variable's value or a macro's text, inner ones first.

        What a variable is part of does not make it: of ``set c = c.split()``, the ``c`` there was set before.
        """
        by_node = self._by_node(tier)
        sources: list[nodes.Node] = []
        name = node.name if isinstance(node, nodes.Name) else _macro_called(node)
        for other in self._parsed.nodes:
            if isinstance(other, (nodes.Assign, nodes.For)) and isinstance(node, nodes.Name):
                value = other.node if isinstance(other, nodes.Assign) else other.iter
                if name in _targets(other.target) and not any(each is node for each in _walk(value)):
                    sources += _inside_out(value, rewriter)
            elif isinstance(other, nodes.AssignBlock) and isinstance(node, nodes.Name):
                if name in _targets(other.target):
                    sources += _within(other.body, rewriter)
            elif isinstance(other, nodes.Macro) and other.name == name:
                sources += _within(other.body, rewriter)
        suspects = [Suspect(each, tuple(by_node.get(id(each), ()))) for each in sources if each is not node]
        return sorted(suspects, key=lambda suspect: not suspect.uses)

    def fixed(self, tier: Tier) -> Iterator[tuple[Suspect, str]]:
        """For each feature that the target breaks: where it is used first, and the template after all its fixes."""
        by_feature: dict[str, list[Suspect]] = {}
        for suspect in self.known(tier):
            for use in suspect.uses:
                by_feature.setdefault(use.feature, []).append(Suspect(suspect.node, (use,)))
        for suspects in by_feature.values():
            fixes = [fix_of(suspect.uses[0], self._look(tier)[0]) for suspect in suspects]
            edits = {edit: None for fix in fixes if fix is not None for edit in fix.edits}
            with suppress(ValueError):  # fixes of one place within another
                if edits:
                    yield suspects[0], apply_edits(self._parsed.text, tuple(edits))

    def printed_as_json(self, tier: Tier) -> Iterator[tuple[Suspect, str]]:
        """For each printed value that the target prints otherwise: the template that prints it as JSON."""
        look = self._look(tier)[0]
        for suspect in self.known(tier):
            fix = as_json(suspect.node, look) if isinstance(suspect.node, nodes.Expr) else None
            printing = tuple(use for use in suspect.uses if FeatureId(use.feature).construct == "print")
            if fix is not None and printing:
                yield Suspect(suspect.node, printing), apply_edits(self._parsed.text, fix.edits)

    def _by_node(self, tier: Tier) -> dict[int, list[Use]]:
        return self._look(tier)[1]

    def _look(self, tier: Tier) -> tuple[Look, dict[int, list[Use]]]:
        """What the rules have seen, and what of it at which node."""
        if tier not in self._seen:
            look = looked(self._parsed, infer(self._parsed, tier), self._broken)
            uses: dict[int, list[Use]] = {}
            for use in look.uses:
                uses.setdefault(id(use.node), []).append(use)
            self._seen[tier] = look, uses
        return self._seen[tier]

    def _here(self, locus: Locus, rewriter: Rewriter) -> Iterator[nodes.Node]:
        """The expressions of the printing node, or of the line that the target names; inner ones first."""
        if locus.node is not None and locus.node >= 0:
            top = self._parsed.nodes[locus.node]
            block = self._parsed.parent(top)
            if isinstance(block, nodes.FilterBlock) and block.filter is top:
                yield from _within(block.body, rewriter)  # the text that it was given may be wrong already
            for node in self._feeding(top, rewriter):
                yield from _inside_out(node, rewriter)
        elif locus.line is not None:
            on_line = [
                node for node in self._parsed.nodes if isinstance(node, nodes.Expr) and node.lineno == locus.line
            ]
            yield from sorted((node for node in on_line if rewriter.evaluated(node)), key=self._length)

    def _feeding(self, top: nodes.Node, rewriter: Rewriter) -> Iterator[nodes.Node]:
        """An expression, and what the names in it were set to, nearest first."""
        todo, seen = [top], {id(top)}
        while todo:
            node = todo.pop(0)
            yield node
            names = {name.name for name in (node, *node.find_all(nodes.Name)) if isinstance(name, nodes.Name)}
            calls = {each.name for each in node.find_all(nodes.NSRef)}
            for other in reversed(self._parsed.nodes):
                if isinstance(other, nodes.Assign) and _targets(other.target) & (names | calls):
                    value = other.node
                elif isinstance(other, nodes.For) and _targets(other.target) & names:
                    value = other.iter
                else:
                    continue
                if id(value) not in seen and rewriter.evaluated(value):
                    seen.add(id(value))
                    todo.append(value)

    def _around(self, locus: Locus, rewriter: Rewriter) -> Iterator[nodes.Node]:
        """All other evaluated expressions, those of enclosing statements first, then backwards from the place."""
        place = self._parsed.nodes[locus.node] if locus.node is not None and locus.node >= 0 else None
        parent = self._parsed.parent(place) if place is not None else None
        while parent is not None:
            for test in (getattr(parent, "test", None), getattr(parent, "iter", None)):
                if isinstance(test, nodes.Node):
                    yield from _inside_out(test, rewriter)
            parent = self._parsed.parent(parent)
        at = locus.node if locus.node is not None and locus.node >= 0 else len(self._parsed.nodes)
        before = [
            node for node in self._parsed.nodes[:at] if isinstance(node, nodes.Expr) and rewriter.evaluated(node)
        ]
        after = [
            node for node in self._parsed.nodes[at:] if isinstance(node, nodes.Expr) and rewriter.evaluated(node)
        ]
        conditions = [node for node in reversed(before) if self._decides(node)]
        yield from conditions
        yield from reversed(before)
        yield from after

    def _decides(self, node: nodes.Node) -> bool:
        parent = self._parsed.parent(node)
        return isinstance(parent, (nodes.If, nodes.CondExpr)) and node is parent.test

    def _length(self, node: nodes.Node) -> tuple[int, int]:
        span = self._parsed.span(node)
        return span.end - span.start, span.start


def _inside_out(node: nodes.Node, rewriter: Rewriter) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield from _inside_out(child, rewriter)
    if isinstance(node, nodes.Expr) and rewriter.evaluated(node):
        yield node


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    yield from node.find_all(nodes.Node)


def _within(body: Sequence[nodes.Node], rewriter: Rewriter) -> Iterator[nodes.Node]:
    """The evaluated expressions in some statements, printed ones first, inner ones before outer ones."""
    tops = [expression for statement in body for expression in statement.find_all(nodes.Expr)]
    printed = [child for statement in body for output in _outputs(statement) for child in output.nodes]
    for node in (*printed, *tops):
        if not isinstance(node, nodes.TemplateData):
            yield from _inside_out(node, rewriter)


def _outputs(statement: nodes.Node) -> list[nodes.Output]:
    return [statement] if isinstance(statement, nodes.Output) else list(statement.find_all(nodes.Output))


def _macro_called(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return node.node.name
    return None


def is_indirect(node: nodes.Node) -> bool:
    """Whether a node only passes on what was made elsewhere: a variable, a macro's text."""
    return isinstance(node, nodes.Name) or _macro_called(node) is not None


def _targets(target: nodes.Node) -> set[str]:
    if isinstance(target, nodes.NSRef):
        return {target.name}
    return {name.name for name in (target, *target.find_all(nodes.Name)) if isinstance(name, nodes.Name)}


@lru_cache(maxsize=64)
def _broken(target: str) -> Broken:
    table = load_table(target)
    return Broken({} if table is None else {target: table.broken})


def best_use(uses: Sequence[Use], kinds: Collection[str]) -> Use | None:
    """Of the features of one node, one about a kind of value that was there; ``None`` where none is.

    Without any kinds, nothing is known of the values.
    """

    def rank(use: Use) -> int:
        wanted = FeatureId(use.feature).kinds
        if not wanted or _FOREIGN.intersection(wanted):
            return 1
        return 0 if set(wanted) <= set(kinds) else 2

    best = min(uses, key=rank, default=None)
    return best if best is not None and (rank(best) < 2 or not kinds) else None
