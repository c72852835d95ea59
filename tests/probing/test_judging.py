"""From what an engine printed to an answer."""

from __future__ import annotations

from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.probing.measuring import judge
from portable_tpl.support.features import load_features
from portable_tpl.support.table import Support


def test_judging_takes_the_worst_of_the_mildest_tier() -> None:
    feature = load_features()["filter.tojson@int"]
    same = [Rendered("1")] * len(feature.probes)
    assert judge(feature, same, same).answer == "yes"
    hostile = [*same[:-1], Rendered("2")]
    assert judge(feature, same, hostile) == Support("differs", "hostile", "2")
    both: list[Rendering] = [Failed("error", "boom"), *hostile[1:]]
    assert judge(feature, same, both) == Support("no", "ordinary", "error: boom")


def test_judging_where_the_reference_fails() -> None:
    feature = load_features()["add@plain,none"]
    failed = [Failed("error", "TypeError")] * len(feature.probes)
    assert judge(feature, failed, failed).answer == "yes"
    lenient = judge(feature, failed, [Rendered("a")] * len(feature.probes))
    assert (lenient.answer, lenient.tier) == ("differs", None)


def test_judging_refusals() -> None:
    feature = load_features()["global.raise_exception"]
    refused = [Refused("boom")]
    assert judge(feature, refused, refused).answer == "yes"
    assert judge(feature, refused, [Refused("other")]).answer == "no"


def test_what_cannot_be_set_up_is_unknown() -> None:
    feature = load_features()["filter.upper@tuple"]
    setups = frozenset(probe.setup for probe in feature.probes)
    answers = [Rendered("x")] * len(feature.probes)
    assert judge(feature, answers, answers, setups).answer == "unknown"
