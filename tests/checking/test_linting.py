"""What ``lint`` makes of the rules' uses: tiers, targets, places, order."""

from __future__ import annotations

import pytest

from portable_tpl.checking.base import Broken
from portable_tpl.checking.imitations import IMITATION, imitations
from portable_tpl.checking.linting import lint
from portable_tpl.checking.registry import looked, rules
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding
from portable_tpl.model.source import Template
from portable_tpl.support.features import load_features
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.types.types import infer


def check(text: str, *targets: str, tier: Tier = Tier.EVERYDAY) -> list[Finding]:
    return lint(parse(Template(text)), targets, tier)


def codes(text: str, *targets: str, tier: Tier = Tier.EVERYDAY) -> list[str]:
    return [finding.code for finding in check(text, *targets, tier=tier)]


def test_finding_has_place_feature_and_targets() -> None:
    (finding,) = check("a\n  {{ messages[0].content.strip() }}", "minijinja", "minijinja-strict")
    assert (finding.code, finding.rule) == ("PTL101", "python-method")
    assert finding.feature == "method.str.strip"
    assert finding.targets == ("minijinja-strict",)
    assert (finding.location.line, finding.location.column) == (2, 6)
    assert finding.location.start == 7
    assert "minijinja-strict" in finding.message


def test_targets_are_gathered_in_one_finding() -> None:
    (finding,) = check("{{ add_generation_prompt }}", "hf-jinja", "llama.cpp-engine", "minijinja")
    assert finding.targets == ("hf-jinja",)
    (finding,) = check("{{ messages }}", "hf-jinja", "llama.cpp-engine")
    assert finding.targets == ("hf-jinja", "llama.cpp-engine")


def test_stack_targets_and_versions_answer_from_a_table() -> None:
    assert codes("{{ 7 // 2 }}", "llama.cpp") == ["PTL203"]
    assert codes("{{ 7 // 2 }}", "hf-jinja") == []
    assert codes("{{ 7 // 2 }}", "hf-jinja@0.3.0") == ["PTL203"]


def test_unknown_target_has_no_findings() -> None:
    assert codes("{{ 7 // 2 }}", "no-such-engine") == []


def test_branch_that_cannot_be_reached_is_left_out() -> None:
    assert codes("{% if false %}{{ messages[0].content.zfill(2) }}{% endif %}", "minijinja") == []
    assert codes("{% if messages[0].content is mapping %}{{ messages[0].content }}{% endif %}", "hf-jinja") == []


def test_what_stops_a_template_at_load_counts_anywhere() -> None:
    assert codes("{% if false %}{% generation %}x{% endgeneration %}{% endif %}", "minijinja") == ["PTL501"]


def test_what_the_reference_cannot_render_is_no_finding() -> None:
    assert codes("{{ 'a' + 1 }}", "hf-jinja") == []
    assert codes("{% for x in none %}{{ x }}{% endfor %}", "minijinja") == []


def test_what_follows_a_filter_that_nobody_has_is_not_reached() -> None:
    text = "{% if tools %}{% set t = messages[0].content|regex_replace('a', 'b') %}{{ t[0]|e + '<' }}{{ t.x.y() }}{% endif %}"
    assert codes(text, "minijinja", "llama.cpp-engine") == []
    assert codes("{% if tools and tools is shiny %}{{ messages }}{% endif %}", "llama.cpp-engine") == []
    provided = "{% if tools is shiny %}{% set s = 1|shined %}{{ messages[0].content.strip() }}{% endif %}"
    assert lint(parse(Template(provided)), ("minijinja-strict",), provided=("shiny", "shined"))
    assert not lint(parse(Template(provided)), ("minijinja-strict",), provided=("shiny",))


def test_a_test_that_was_measured_speaks_for_its_filter() -> None:
    text = "{{ messages|map(attribute='role')|reject('equalto', 'user')|join(', ') }}"
    assert codes(text, "llama.cpp-engine") == []
    assert codes(text, "hf-jinja") == ["PTL301"]
    assert codes(text.replace("equalto", "none").replace(", 'user'", ""), "llama.cpp-engine") == ["PTL404"]


def test_a_schema_of_a_list_need_not_say_of_what() -> None:
    text = (
        "{% if tools %}{% for name, p in tools[0].function.parameters.properties|items %}"
        "{% if p.type == 'array' and p['items'] %}{{ name }}{% endif %}{% endfor %}{% endif %}"
    )
    assert codes(text, "llama.cpp-engine") == ["PTL211"]
    assert codes(text.replace("and p['items']", ""), "llama.cpp-engine") == []


def test_messages_are_compared_by_what_they_hold() -> None:
    text = "{% for m in messages %}{% if m == messages[-1] %}{{ m.content }}{% endif %}{% endfor %}"
    users = text.replace("in messages", "in messages|selectattr('role', 'equalto', 'user')")
    assert codes(text, "llama.cpp-engine") == ["PTL204"]  # an assistant's message may hold a list of calls
    assert (
        codes(
            users.replace("messages[-1]", "(messages|selectattr('role', 'equalto', 'user')|list)[-1]"),
            "llama.cpp-engine",
        )
        == []
    )


@pytest.mark.parametrize("tier", list(Tier))
def test_tier_is_the_mildest_in_which_it_shows(tier: Tier) -> None:
    text = "{% for m in messages %}{% if m.tool_calls %}{{ m.tool_calls[0].function.arguments.x|tojson }}{% endif %}{% endfor %}"
    milder = {(f.code, f.location.start) for f in check(text, "hf-jinja", "llama.cpp-engine")}
    assert milder <= {(f.code, f.location.start) for f in check(text, "hf-jinja", "llama.cpp-engine", tier=tier)}


def test_findings_are_in_the_order_of_the_template() -> None:
    found = check("{{ 7 // 2 }}{{ messages }}{{ messages[0].content.zfill(3) }}", "llama.cpp-engine", "minijinja")
    starts = [finding.location.start for finding in found]
    assert starts == sorted(starts)
    assert len(found) == 3


def test_macro_of_the_same_name_is_no_global() -> None:
    assert codes("{% macro dict(a) %}{{ a }}{% endmacro %}{{ dict(a=1) }}", "hf-jinja") == []


def test_provided_filters_and_functions_are_not_looked_at() -> None:
    parsed = parse(Template("{{ [1]|sum }}{{ lipsum() }}"))
    assert [f.code for f in lint(parsed, ("hf-jinja",))] == ["PTL301", "PTL801"]
    assert lint(parsed, ("hf-jinja",), provided=("sum", "lipsum")) == []


def test_no_targets_no_findings() -> None:
    assert codes("{% generation %}x{% endgeneration %}{{ messages }}") == []


def test_only_rules_that_say_so_note_what_engines_imitate() -> None:
    broken = Broken({IMITATION: imitations()})
    features = load_features()
    noted: set[str] = set()
    for probe in (probe for name in imitations() for probe in features[name].probes):
        parsed = parse(Template(probe.template))
        for tier in Tier:
            types = infer(parsed, tier)
            uses, noted_uses = (
                [(use.rule, use.feature, use.node) for use in looked(parsed, types, broken, imitated).uses]
                for imitated in (False, True)
            )
            assert uses == noted_uses, probe.template
            noted |= {rule for rule, _, _ in uses}
    assert noted == {rule.code for rule in rules().values() if rule.imitated}
