"""The pages of rules and features, for reports and for ``explain``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from portable_tpl.checking.base import Rule
from portable_tpl.checking.registry import find_rule, rules
from portable_tpl.model.findings import Severity
from portable_tpl.model.report import RuleDoc

_UNDERLINED = re.compile(r"(?m)^(?P<title>\S.*)\n-{3,}$")
_COMMENT_RULES = "PTL0"
_MOST_PROBES = 3


@lru_cache(maxsize=1)
def rule_docs() -> Mapping[str, RuleDoc]:
    """What reports may say about each rule, by code."""
    docs = {}
    for code, rule in rules().items():
        severity = Severity.WARNING if code.startswith(_COMMENT_RULES) else Severity.ERROR
        docs[code] = RuleDoc(code, rule.name, f"{rule.title}.", rule_page(rule), severity)
    return MappingProxyType(docs)


def page_of(subject: str) -> str | None:
    """The page of a rule, by code or name, or of a feature, by id, in Markdown; ``None`` where there is none."""
    rule = find_rule(subject)
    if rule is not None:
        return rule_page(rule)
    return feature_page(subject.strip())


def known_subjects() -> list[str]:
    """Everything that has a page."""
    from portable_tpl.support.features import load_features

    return [*rules(), *(rule.name for rule in rules().values()), *load_features()]


def rule_page(rule: Rule) -> str:
    """The page of a rule."""
    _, _, body = rule.docs.partition("\n")
    sections = _UNDERLINED.sub(lambda match: f"## {match['title']}\n", body.strip())
    return f"# {rule.code} {rule.name}\n\n{rule.title}.\n\n{sections}\n{_examples(rule)}"


def _examples(rule: Rule) -> str:
    lines = ["", "## Checked examples", ""]
    for example in rule.invalid:
        lines += [f"Found for {', '.join(example.targets)}:", "", *_block(example.template)]
        if example.fixed is not None:
            lines += ["which `fix` makes", "", *_block(example.fixed)]
    for example in rule.valid:
        lines += [f"Not found for {', '.join(example.targets)}:", "", *_block(example.template)]
    return "\n".join(lines[:-1]) + "\n" if rule.invalid or rule.valid else ""


def _block(template: str) -> list[str]:
    shown = template.replace("\r", "␍")
    return ["```jinja", *shown.split("\n"), "```", ""]


def feature_page(id_: str) -> str | None:
    """The page of a feature: how it is probed, and what each target answers, by version."""
    from portable_tpl.support.features import load_features
    from portable_tpl.support.table import measured_targets, measured_versions, support

    feature = load_features().get(id_)
    if feature is None:
        return None
    lines = [f"# {feature.id}", "", f"{feature.title}.".replace("..", "."), "", "## Probes", ""]
    templates = list(dict.fromkeys(probe.template for probe in feature.probes))
    for template in templates[:_MOST_PROBES]:
        lines += _block(template)
    if len(templates) > _MOST_PROBES:
        lines += [f"and {len(templates) - _MOST_PROBES} more.", ""]
    lines += ["## Targets", "", "| target | version | answer | note |", "| --- | --- | --- | --- |"]
    for target in measured_targets():
        for version in measured_versions(target):
            answer = support(id_, target, version)
            lines.append(f"| {target} | {version} | {answer.answer} | {_cell(answer.note)} |")
    return "\n".join(lines) + "\n"


def _cell(note: str) -> str:
    return " ".join(note.split()).replace("|", "\\|")
