"""Every id that a finding or a cause can name has a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from portable_tpl.checking.base import Broken
from portable_tpl.checking.pages import page_of
from portable_tpl.checking.registry import looked, rules
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.source import Template
from portable_tpl.support.feature_names import feature_of
from portable_tpl.support.features import load_features
from portable_tpl.support.table import Support
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from portable_tpl.template.types.types import infer

EVERYTHING = Broken({"any": {id_: Support("no", "everyday", "error: x") for id_ in load_features()}})
IDIOMS = Path(__file__).parent.parent / "checking" / "idioms.json"
KINDS = ("none", "undefined", "plain", "int", "list", "dict", "")


def templates() -> Iterator[ParsedTemplate]:
    for rule in rules().values():
        for example in (*rule.valid, *rule.invalid):
            yield parse(Template(example.template))
    for text in json.loads(IDIOMS.read_text("utf-8")):
        yield parse(Template(text))


def test_ids_take_apart_what_they_are_made_of() -> None:
    for id_ in map(FeatureId, load_features()):
        assert FeatureId.of(id_.construct, id_.variant, kinds=id_.kinds) == id_
    wide = [str(each) for each in FeatureId("filter.tojson.indent@none").wider()]
    assert wide == ["filter.tojson.indent", "filter.tojson", "filter"]
    assert FeatureId("method.str.strip.chars").name == "str.strip"


def test_what_rules_name_has_a_page() -> None:
    named = {use.feature for parsed in templates() for use in looked(parsed, infer(parsed), EVERYTHING).uses}
    assert len(named) > 150
    assert [id_ for id_ in sorted(named) if page_of(id_) is None] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_causes_name_has_a_page(kind: str) -> None:
    named: dict[FeatureId, str] = {}
    for parsed in templates():
        for node in parsed.nodes:
            if isinstance(node, (nodes.Expr, nodes.Stmt)):
                for printed in (False, True):
                    id_ = feature_of(parsed, node, lambda each: kind if each is not None else "", printed)
                    named.setdefault(id_, parsed.source(node))
    assert len(named) > 40
    assert {id_: source for id_, source in named.items() if page_of(id_) is None} == {}


def test_causes_and_rules_name_alike() -> None:
    """What a rule says of a plain use of a construct is what a cause says of it, too."""
    for text, id_ in {
        "{{ x == y }}": "eq@none,none",
        "{{ x in y }}": "in@none,undefined",
        "{{ x[0] }}": "item.int@none",
        "{{ x['a'] }}": "item.word@none",
        "{{ x.0 }}": "item.dotted@none",
        "{{ x[1:] }}": "slice.from@none",
        "{{ x|trim }}": "filter.trim@none",
        "{{ x and y }}": "and.value@none",
        "{{ x.strip() }}": "method.str.strip",
    }.items():
        parsed = parse(Template(text))
        output = next(node for node in parsed.nodes if isinstance(node, nodes.Output))
        kinds = {"x": "none", "y": id_.partition(",")[2] or "none"}

        def kind(node: nodes.Node | None, kinds: dict[str, str] = kinds) -> str:
            return kinds[node.name] if isinstance(node, nodes.Name) else ""

        assert feature_of(parsed, output.nodes[0], kind) == id_
        assert id_ in load_features()
