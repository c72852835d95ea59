"""The sample's templates: a style that breaks, and a bare that prints the same bytes on every engine."""

from __future__ import annotations

import pytest

import portable_tpl as pt
from portable_tpl.model.rendering import Failed, Refused, Rendered, same
from portable_tpl.model.source import Template
from portable_tpl.sources import discover
from portable_tpl.targets.processes._base import Runtime
from tests.corpus.sample import ROOT, STYLES, Family, conversations, families

FAMILIES = families()
every_family = pytest.mark.parametrize("family", FAMILIES, ids=[f"{one.name}-{one.template}" for one in FAMILIES])

# Conversations beyond the sample's files that a bare must take like its engine-bound sibling, or refuse alike.
ODD = [
    "white space only", "<|im_start|>", "{{ x }}", "\\u003c \\\\u0027 \\", "\t", "'", '"', "a\\\\b", "</think>", "%",
]  # fmt: skip


@every_family
def test_twins_print_the_same_text(family: Family, reference: Runtime) -> None:
    cases = conversations(*family.conversations)
    python = reference.render_all(family.load("python"), cases)
    portable = reference.render_all(family.load("portable"), cases)
    assert all(isinstance(one, Rendered) and one.text for one in python), python
    for case, one, other in zip(cases, python, portable, strict=True):
        assert one == other, case.key


@every_family
def test_twins_print_the_same_odd_text(family: Family, reference: Runtime) -> None:
    (model,) = conversations(*family.conversations)[:1]
    cases = [model.with_changes(messages=[*model.messages[:-1], {"role": "user", "content": text}]) for text in ODD]
    python = reference.render_all(family.load("python"), cases)
    assert python == reference.render_all(family.load("portable"), cases)


@every_family
def test_the_portable_twin_is_portable(family: Family, reference: Runtime, engine: Runtime) -> None:
    cases = conversations(*family.conversations)
    if engine.id in family.known:
        cases.append(cases[0].with_changes(messages=[{"role": "user", "content": "\u3000wide\u00a0"}]))
    template = family.load("portable")
    expected = reference.render_all(template, cases)
    found = engine.render_all(template, cases)
    different = [
        (case.key, one, other)
        for case, one, other in zip(cases, expected, found, strict=True)
        if not same(one, other)
    ]
    assert bool(different) == (engine.id in family.known), different


def test_the_python_style_is_not(reference: Runtime, engine: Runtime) -> None:
    """What is shown to a newcomer must be there: each engine breaks on at least one template of the style."""
    broken = []
    for family in FAMILIES:
        cases = conversations(*family.conversations)
        template = family.load("python")
        pairs = zip(reference.render_all(template, cases), engine.render_all(template, cases), strict=True)
        if not all(same(one, other) for one, other in pairs):
            broken.append(f"{family.name}-{family.template}")
    assert broken
    if engine.id == "minijinja-strict":
        assert broken == [f"{family.name}-{family.template}" for family in FAMILIES]


@every_family
def test_refusals_keep_their_words(family: Family, reference: Runtime, engine: Runtime) -> None:
    (model,) = conversations("plain")[:1]
    twice = model.with_changes(messages=[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])
    one = reference.render(family.load("portable"), twice)
    other = reference.render(family.load("python"), twice)
    assert one == other or isinstance(other, Failed)
    if isinstance(one, Refused):
        assert engine.render(family.load("portable"), twice) == one


def test_every_template_of_the_sample_is_listed() -> None:
    for style in STYLES:
        containers = discover([str(ROOT / "templates" / style)])
        found: list[Template] = [template for container in containers for template in container.templates]
        assert {template.sha256 for template in found} == {family.load(style).sha256 for family in FAMILIES}
        assert not [conflict for container in containers for conflict in container.conflicts]


def test_conversations_are_listed_and_valid() -> None:
    names = {path.stem for path in (ROOT / "conversations").iterdir()}
    used = {name for family in FAMILIES for name in family.conversations}
    assert names == used
    for name in names:
        cases = conversations(name)
        assert cases
        assert len({case.key for case in cases}) == len(cases)


def test_the_corpus_as_a_whole_opens_as_the_first_command_does() -> None:
    containers = discover([str(ROOT)])
    assert sum(len(container.templates) for container in containers) == len(STYLES) * len(FAMILIES)
    assert {container.kind for container in containers} == {"jinja", "model"}


def test_the_portable_style_is_portable_in_ordinary_conversations() -> None:
    """What the README shows as portable is so on the default targets, whatever ordinary conversation comes."""
    report = pt.audit(str(ROOT / "templates" / "portable"), tier="ordinary", ignore=["REL"])
    assert all(target.status == "run" for target in report.targets)
    assert {
        template.template.label: template.verdicts
        for template in report.templates
        if set(template.verdicts.values()) != {"portable"}
    } == {}
