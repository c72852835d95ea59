"""Every spelling that an engine does not take has a detector: ``check`` finds it in the feature's own probe."""

from __future__ import annotations

import pytest

from portable_tpl.checking.detection import probe_templates
from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Tier
from portable_tpl.support.features import load_features
from portable_tpl.support.table import load_table

TARGETS = ("minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine", "minja-engine")
# What cannot be seen in the text of the probe, with the reason.
UNSEEN = {
    "method.dict.get.shadowed": "a parameter called `get` is extended, the probe's mapping is not",
    "method.dict.keys.shadowed": "a parameter called `keys` is extended, the probe's mapping is not",
    "method.dict.values.shadowed": "a parameter called `values` is extended, the probe's mapping is not",
    "method.str.format.index": "the pattern is put together, and only a literal one is read",
    "method.str.format.spec": "the pattern is put together, and only a literal one is read",
    "filter.tojson.float-literal": "1.0 as a literal of a template is what no template has",
    "for.scope.shadow": "asked of names, not of types",
    "for.scope.variable": "asked of names, not of types",
    "layout.lstrip-blocks.after-text": "one character before a comment or tag is looked for, not the spaces behind it",
}


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_breaks_is_found_in_its_probe(target: str) -> None:
    table = load_table(target)
    assert table is not None
    missed = []
    for id_, support in table.broken.items():
        if support.tier is None or id_ in UNSEEN or id_ not in load_features() or not probe_templates(id_):
            continue
        # Of what may be anything it is not sure that ordinary requests bring the kind.
        tier = max(Tier(support.tier), Tier.EVERYDAY, key=lambda each: each.rank)
        if not any(lint(parsed, (target,), tier) for parsed in probe_templates(id_)):
            missed.append(id_)
    assert missed == []


def test_the_exceptions_are_features() -> None:
    assert set(UNSEEN) <= set(load_features())
