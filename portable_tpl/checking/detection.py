"""Which rule a feature belongs to: the one that sees it in the feature's own probes, where a target breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from portable_tpl.checking.base import Broken, Use
from portable_tpl.checking.registry import looked
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import PortableTplError
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.source import Template
from portable_tpl.support.feature_names import constructs
from portable_tpl.support.features import Probe, load_features
from portable_tpl.support.literals import assignments
from portable_tpl.support.table import Support
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from portable_tpl.template.types.types import infer

_MOST_PROBES = 8
_ANY = "any target"  # stands for one that breaks whatever is asked about
_BREAKS = Support("differs", Tier.ORDINARY.value)


def breaking(features: Iterable[str]) -> Broken:
    """The answers of a target that prints something else for these features."""
    return Broken({_ANY: dict.fromkeys(features, _BREAKS)})


def uses_in(parsed: ParsedTemplate, features: Iterable[str]) -> list[Use]:
    """Where rules see some features in a template, whoever breaks them, in conversations of any tier."""
    return looked(parsed, infer(parsed, Tier.HOSTILE), breaking(features)).uses


@lru_cache(maxsize=512)
def code_of(feature: str) -> str | None:
    """The code of the rule that a feature is a matter of; ``None`` where no rule is about it.

    That is the rule that sees the feature in its own probes; or else the same feature on other kinds of values there;
    or else, in the probes of the feature, what else its construct is. A construct that is no feature itself, as
    ``layout.raw``, has the rule of the first of its cases that has one.
    """
    wanted, cases = FeatureId(feature), constructs().get(feature, ())
    kinds = [each for each in constructs().get(wanted.family, ()) if FeatureId(each).family == wanted.family]
    for each in dict.fromkeys((feature, wanted.family, *kinds)):
        for use in _uses_of_probes(each, (each,)):
            return use.rule
    for use in _uses_of_probes(feature, load_features()):
        if FeatureId(use.feature).construct == wanted.construct:
            return use.rule
    known = feature in load_features()
    return next((code for code in map(code_of, () if known else cases) if code is not None), None)


def _uses_of_probes(feature: str, features: Iterable[str]) -> Iterator[Use]:
    """Where rules see some features in the probes of one."""
    for parsed in probe_templates(feature):
        yield from uses_in(parsed, features)


@lru_cache(maxsize=512)
def probe_templates(feature: str) -> tuple[ParsedTemplate, ...]:
    """The first probes of a feature as templates that set what the probe is given."""
    known = load_features().get(feature)
    return () if known is None else tuple(_parsed(known.probes[:_MOST_PROBES]))


def _parsed(probes: Iterable[Probe]) -> Iterator[ParsedTemplate]:
    for probe in probes:
        given = {} if probe.bare else probe.variables
        try:
            yield parse(Template(assignments(given) + probe.template))
        except PortableTplError:
            continue
