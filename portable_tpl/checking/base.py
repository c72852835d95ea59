"""What a rule is, and what it may ask.

A rule is a module of this package with

* a docstring: the title, then the headings ``What it does``, ``Why it breaks``, ``Example`` and ``Fix safety``;
* ``CODE`` (``PTL101``, never used again for anything else); its name is the module's, in words with dashes;
* ``VISITS``: for each kind of node the function that looks at such a node;
* ``FIX``, where it has one: the function that gives the :class:`Fix` for a node that it found, or ``None``;
* ``IMITATED = True``, where engines that imitate Python may have what it looks for: such rules are asked for notes;
* ``VALID`` and ``INVALID``: examples, which are tests.

A function gets the node and a :class:`Look` and calls :meth:`Look.use` with each feature that the node uses. Whether
that is a finding is not for the rule to say: the support table answers, for the targets asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from jinja2 import nodes

from portable_tpl.checking.constants import Spare
from portable_tpl.checking.kinds import Kinds, brief, kinds_of
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.plugs import Coded
from portable_tpl.model.source import Span
from portable_tpl.support.table import Support, supports

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate
    from portable_tpl.template.types.lattice.lattice import Type
    from portable_tpl.template.types.types import Types

Visit = Callable[[Any, "Look"], None]
FixMaker = Callable[[], "Fix | None"]
FixRule = Callable[[Any, "Look"], "Fix | None"]
Hits = tuple[tuple[str, Support], ...]

DEFAULT_TARGETS = ("minijinja-strict",)


@dataclass(frozen=True)
class Example:
    """A template on which a rule has something to say (``INVALID``) or not (``VALID``) for ``targets``.

    ``fixed`` is what the template becomes when the rule's fix is applied, ``None`` where there is none.
    """

    template: str
    targets: tuple[str, ...] = DEFAULT_TARGETS
    fixed: str | None = None


@dataclass(frozen=True)
class Rule(Coded):
    """A rule, as the registry has it."""

    valid: tuple[Example, ...]
    invalid: tuple[Example, ...]
    visits: Mapping[type[nodes.Node], Visit]
    fix: FixRule | None = None
    imitated: bool | None = None


FactT = TypeVar("FactT")


def known_once(fact: Callable[[Look], FactT]) -> Callable[[Look], FactT]:
    """A question about the template at hand, whose answer is worked out once."""

    @wraps(fact)
    def ask(look: Look) -> FactT:
        try:
            answer: FactT = look.facts[fact]
        except KeyError:
            answer = look.facts[fact] = fact(look)
        return answer

    return ask


class Use(NamedTuple):
    """A feature that a template uses and that some targets break."""

    rule: str
    feature: str
    node: nodes.Node
    hits: Hits
    fix: FixMaker | None
    span: Span | None
    least: Tier


class Broken:
    """What some targets break: single features, and families of features by kind of value."""

    def __init__(self, answers: Mapping[str, Mapping[str, Support]], targets: tuple[str, ...] | None = None) -> None:
        """``targets`` are those that fixes are for: those of the answers, where nothing else is said."""
        self.targets = tuple(answers) if targets is None else targets
        single: dict[str, list[tuple[str, Support]]] = {}
        for target, broken in answers.items():
            missing = {
                feature for feature, support in broken.items() if support.answer in ("no", "flag") and support.tier
            }
            special: dict[str, bool] = {}  # by family, which many kinds of values share
            for feature, support in broken.items():
                if support.tier is not None and not _implied(feature, missing, special):
                    single.setdefault(feature, []).append((target, support))
        self.single: dict[str, Hits] = {feature: tuple(hits) for feature, hits in single.items()}
        self.families: dict[str, dict[str, Hits]] = {}
        for feature, hits in self.single.items():
            family, at, kind = feature.partition("@")
            if at:
                self.families.setdefault(family, {})[kind] = hits
        self._pairs: dict[tuple[str, Kinds, Kinds], list[tuple[str, Hits]]] = {}

    def pairs(self, family: str, left: Kinds, right: Kinds) -> list[tuple[str, Hits]]:
        """The features of a family of operators that break on some values of these kinds, with who breaks them.

        Kept: the same few rows of kinds come again and again, and their pairs are many.
        """
        key = (family, left, right)
        brokens = self._pairs.get(key)
        if brokens is None:
            broken = self.families[family]
            pairs = [f"{one},{other}" for one in left for other in right]
            brokens = self._pairs[key] = [(f"{family}@{pair}", broken[pair]) for pair in pairs if pair in broken]
        return brokens


def _implied(feature: str, missing: set[str], special: dict[str, bool]) -> bool:
    """Whether a feature fails because something fails that it is a special case of: that alone is worth saying.

    ``special`` keeps the answers for families.
    """
    family, of_kinds, _ = feature.partition("@")
    if of_kinds and family in missing:
        return True
    if family not in special:
        special[family] = any(wider in missing for wider in FeatureId(family).wider())
    return special[family]


class Look:
    """What a rule may ask about the template at hand, and where it says what it sees."""

    def __init__(self, parsed: ParsedTemplate, types: Types, broken: Broken) -> None:
        self.parsed = parsed
        self.types = types
        self.targets = broken.targets
        self.single = broken.single
        self.families = broken.families
        self._broken = broken
        self.rule = ""
        self.least = Tier.ORDINARY  # what the next use needs at least to show, where a rule knows that
        self.uses: list[Use] = []
        self.facts: dict[Any, Any] = {}  # see `known_once`
        self._kinds: dict[Type, Kinds] = {}

    def type(self, node: nodes.Node) -> Type:
        """What an expression can be."""
        return self.types.of(node)

    def kinds(self, node: nodes.Node) -> Kinds:
        """The kinds of values that an expression can have, as the support table names them."""
        type_ = self.types.of(node)
        kinds = self._kinds.get(type_) or self._kinds_of(type_)
        return kinds or (("dict",) if isinstance(node, nodes.Dict) and node.items else ())

    def brief(self, node: nodes.Node) -> Kinds:
        """The same, with all text that is not empty as ``plain``."""
        return brief(self._kinds_of(self.types.of(node)))

    def _kinds_of(self, type_: Type) -> Kinds:
        """Kept: many nodes are of the same few types, which are one object each."""
        kinds = self._kinds.get(type_)
        if kinds is None:
            kinds = self._kinds[type_] = kinds_of(type_)
        return kinds

    def parent(self, node: nodes.Node) -> nodes.Node | None:
        """The node that holds this one."""
        return self.parsed.parent(node)

    def use(
        self,
        feature: str,
        node: nodes.Node,
        fix: FixMaker | None = None,
        span: Span | None = None,
        unless: str | None = None,
        within: str | None = None,
    ) -> bool:
        """The node uses a feature; gives whether some target breaks it.

        ``unless`` is a narrower feature that the node uses, too: a target that was seen to support that is fine.
        ``within`` is a wider one, without which there is nothing more to say of a target.
        """
        hits = self.single.get(feature)
        if hits is not None and unless is not None:
            hits = tuple(hit for hit in hits if not supports(hit[0], unless))
        if hits is not None and within is not None:
            hits = tuple(hit for hit in hits if supports(hit[0], within))
        if not hits:
            return False
        self.uses.append(Use(self.rule, feature, node, hits, fix, span, self.least))
        return True

    def use_by_kind(
        self,
        family: str,
        kinds: Kinds,
        node: nodes.Node,
        fix: FixMaker | None = None,
        only: frozenset[str] | None = None,
        spare: Spare | None = None,
    ) -> bool:
        """The node uses a feature on values of these kinds; gives whether some target breaks it.

        ``only`` are the kinds that the rule is about; ``spare`` says which answers do not apply to the value at hand.
        """
        broken = self.families.get(family)
        if broken is None:
            return False
        used = False
        for kind in kinds:
            hits = broken.get(kind)
            if hits is not None and spare is not None:
                hits = tuple(hit for hit in hits if not spare(*hit))
            if hits and (only is None or kind in only):
                self.uses.append(Use(self.rule, f"{family}@{kind}", node, hits, fix, None, self.least))
                used = True
        return used

    def use_by_pair(self, family: str, left: Kinds, right: Kinds, node: nodes.Node) -> bool:
        """The node uses an operator on two values of these kinds; gives whether some target breaks it."""
        if family not in self.families:
            return False
        broken = self._broken.pairs(family, left, right)
        for feature, hits in broken:
            self.uses.append(Use(self.rule, feature, node, hits, None, None, self.least))
        return bool(broken)

    def breaks(self, feature: str) -> bool:
        """Whether some target breaks a feature: a question to ask before looking at the text for it."""
        return feature in self.single
