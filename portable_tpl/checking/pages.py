"""The pages of rules, release checks, features, steps and targets, for reports and for ``explain``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from portable_tpl.checking.base import Rule
from portable_tpl.checking.registry import rules
from portable_tpl.model.findings import Severity
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.plugs import find_coded
from portable_tpl.model.report import RuleDoc
from portable_tpl.model.words import in_one_line
from portable_tpl.release._base import Check
from portable_tpl.release._registry import checks

_UNDERLINED = re.compile(r"(?m)^(?P<title>\S.*)\n-{3,}$")
_COMMENT_RULES = "PTL0"
_MOST_PROBES = 3  # of a feature, on its page
_MOST_EXAMPLES = 2  # of a release check, of each kind


@lru_cache(maxsize=1)
def rule_docs() -> Mapping[str, RuleDoc]:
    """What reports may say about each rule and release check, by code."""
    docs = {}
    for code, rule in rules().items():
        severity = Severity.WARNING if code.startswith(_COMMENT_RULES) else Severity.ERROR
        docs[code] = RuleDoc(code, rule.name, f"{rule.title}.", rule_page(rule), severity)
    for code, check in checks().items():
        docs[code] = RuleDoc(code, check.name, f"{check.title}.", check_page(check), _worst(check))
    return MappingProxyType(docs)


def _worst(check: Check) -> Severity:
    """The worst that a check says of its examples."""
    return min((example.severity for example in check.invalid), key=list(Severity).index)


def page_of(subject: str) -> str | None:
    """The page of a rule or check, by code or name, of a feature or target, by id, or of steps; else ``None``."""
    rule = find_coded(rules().values(), subject)
    if rule is not None:
        return rule_page(rule)
    check = find_coded(checks().values(), subject)
    if check is not None:
        return check_page(check)
    page = feature_page(subject.strip()) or construct_page(subject.strip())
    if page is not None:
        return page
    from portable_tpl.checking.step_pages import steps_page
    from portable_tpl.checking.target_pages import target_page

    return steps_page(subject) or target_page(subject.strip())


def known_subjects() -> list[str]:
    """Everything that has a page."""
    from portable_tpl.checking.step_pages import step_names
    from portable_tpl.checking.target_pages import target_names
    from portable_tpl.support.features import load_features

    names = [*(rule.name for rule in rules().values()), *(check.name for check in checks().values())]
    return [*rules(), *checks(), *names, *load_features(), *step_names(), *target_names()]


def rule_page(rule: Rule) -> str:
    """The page of a rule."""
    return _page(rule) + _examples(rule)


def check_page(check: Check) -> str:
    """The page of a release check, with the shortest of its examples."""
    lines = ["", "## Checked examples", ""]
    for words, examples in (("Found", check.invalid), ("Not found", check.valid)):
        shown = sorted(examples, key=lambda example: example.template.count("\n"))[:_MOST_EXAMPLES]
        for example in shown:
            severity = f", {example.severity}" if words == "Found" else ""
            lines += [f"{words}{severity}:", "", *_block(example.template)]
        if len(examples) > len(shown):
            lines += [f"and {len(examples) - len(shown)} more.", ""]
    return _page(check) + "\n".join(lines[:-1]) + "\n"


def _page(subject: Rule | Check) -> str:
    _, _, body = subject.docs.partition("\n")
    sections = _UNDERLINED.sub(lambda match: f"## {match['title']}\n", body.strip())
    return f"# {subject.code} {subject.name}\n\n{subject.title}.\n\n{sections}\n"


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


def construct_page(name: str) -> str | None:
    """The page of a construct that is no feature itself: the features that are cases of it."""
    from portable_tpl.support.feature_names import constructs
    from portable_tpl.support.features import load_features

    ids = constructs().get(name)
    if ids is None:
        return None
    features = load_features()
    families = dict.fromkeys(FeatureId(id_).family for id_ in ids)
    titles = {
        family: features[next(id_ for id_ in ids if FeatureId(id_).family == family)].title for family in families
    }
    rows = [f"| {family} | {_cell(title)} |" for family, title in titles.items()]
    return "\n".join([f"# {name}", "", "| feature | for example |", "| --- | --- |", *rows]) + "\n"


def _cell(note: str) -> str:
    return in_one_line(note).replace("|", "\\|")
