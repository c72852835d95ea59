"""From findings without a proof to what conversations are to be aimed at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from itertools import islice

from jinja2 import nodes

from portable_tpl.auditing.joining import milder, speaks
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.differential.aims import Aim
from portable_tpl.fixing.proof import witnesses
from portable_tpl.model.conversation import Json, Tier
from portable_tpl.model.findings import Effect, Finding
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import counts
from portable_tpl.template import ParsedTemplate

_MOST = 24  # places and kinds of one template; a template that breaks everywhere shows it without


def aims_of(
    parsed: ParsedTemplate, unproved: Iterable[tuple[Finding, Effect]], tier: Tier | None = None
) -> list[Aim]:
    """One aim for each place and feature, to be shown by conversations of a tier, or else as mild as what is said."""
    targets: dict[tuple[int, int, str], set[str]] = {}
    tiers: dict[tuple[int, int, str], Tier] = {}
    findings: dict[tuple[int, int, str], Finding] = {}
    for finding, effect in unproved:
        if not finding.suppressed:
            key = (finding.location.start, finding.location.end, effect.feature)
            findings.setdefault(key, finding)
            targets.setdefault(key, set()).add(effect.target)
            tiers[key] = tier or milder(tiers.get(key, effect.tier), effect.tier)
    aims = []
    sought = frozenset(feature for _, _, feature in findings)
    for key, finding in islice(findings.items(), _MOST):
        places = tuple(witnesses(parsed, finding))
        if places:
            samples = _samples(key[2])
            shows = partial(_shows, finding, key[2], tiers[key])
            hides = partial(_hides, finding, FeatureId(key[2]), sought)
            aims.append(
                Aim(
                    places,
                    _operands((*map(_receiver, places), *places) if samples else places),
                    _kinds(key[2]),
                    frozenset(targets[key]),
                    shows,
                    hides,
                    tiers[key],
                    samples,
                )
            )
    return aims


def _shows(finding: Finding, feature: str, tier: Tier, mismatch: Mismatch) -> bool:
    return counts(mismatch, tier) and speaks(finding, feature, mismatch)


def _hides(finding: Finding, feature: FeatureId, sought: Collection[str], mismatch: Mismatch) -> bool:
    """Whether a place may break unseen behind a mismatch of another: one in the same lines, or of a feature sought.

    Behind one of a wider feature there is nothing more to see: whatever the value, that fails first.
    """
    if mismatch.cause is None or mismatch.cause in sought:
        return True
    line, place = mismatch.line, finding.location
    near = line is not None and place.line <= line <= place.end_line
    return near and mismatch.cause not in set(feature.wider())


def _kinds(feature: str) -> tuple[str, ...]:
    """The kinds of values that a feature is about: those after its ``@``, or the text that its variant names."""
    id_ = FeatureId(feature)
    return id_.kinds or tuple(kind for kind in (id_.variant, f"{id_.variant}-spaced") if kind in TEXT_KINDS)


def _samples(feature: str) -> tuple[Json, ...]:
    """Mappings with a key that hides a method: an argument of that name, a parameter of that name."""
    words = feature.split(".")
    if "shadowed" not in words or words[-1] == "missing":
        return ()
    hidden = words[-2] if words[-1] == "shadowed" else words[-1]
    return ({hidden: "a"}, {hidden: {"type": "string", "description": "a"}})


def _receiver(place: nodes.Node) -> nodes.Node:
    """What an attribute or an item is read from, or a method called of."""
    called = place.node if isinstance(place, nodes.Call) else place
    return called.node if isinstance(called, (nodes.Getattr, nodes.Getitem)) else place


def _operands(places: Iterable[nodes.Node]) -> tuple[nodes.Expr, ...]:
    """The parts of some expressions that may come from the input, the outermost first."""
    parts: list[nodes.Expr] = []
    for place in places:
        if isinstance(place, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            parts.append(place)
        parts += place.find_all((nodes.Getattr, nodes.Getitem, nodes.Name))
    return tuple({id(part): part for part in parts}.values())
