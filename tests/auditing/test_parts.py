"""Containers of one run that share files, and what a configuration makes of mismatches."""

from __future__ import annotations

import json
from pathlib import Path

from portable_tpl.api import compare
from portable_tpl.auditing.audit import AuditSettings, audit
from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.joining import joined, unforeseen
from portable_tpl.checking.linting import lint
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.source import Template
from portable_tpl.sources import discover
from portable_tpl.template.syntax.parsing import parse

TARGET = "minijinja-strict"
STRIPPED = "{% for m in messages %}{{ m.content.strip() }}{% endfor %}"


def test_a_cause_that_no_rule_foresaw_is_a_proved_finding() -> None:
    template, target = Template("{% for m in messages %}{{ [m.content]|min ~ '!' }}{% endfor %}"), "hf-jinja"
    comparison = compare(template, targets=[target], examples=4)
    tier = Tier.EVERYDAY
    (finding,) = unforeseen(template, (), comparison, tier, comparison)
    assert (finding.code, finding.feature, finding.evidence) == ("PTL301", "filter.min", "proved")
    assert (finding.targets, finding.fails) == ((target,), (target,))
    assert template.text[finding.location.start : finding.location.end] == "[m.content]|min"
    assert finding.witness is not None
    foreseen = joined(lint(parse(template), [target]), comparison, tier)
    assert [each.evidence for each in foreseen if each.code == "PTL301"] == ["proved"]
    assert unforeseen(template, foreseen, comparison, tier, comparison) == ()


def model(folder: Path) -> Path:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": STRIPPED}), "utf-8")
    (folder / "config.json").write_text("{}", "utf-8")
    return folder


def test_a_folder_and_a_file_of_it_are_audited_once(tmp_path: Path) -> None:
    folder = model(tmp_path)
    file = folder / "tokenizer_config.json"
    settings = AuditSettings(CompareSettings(examples=2))
    for paths in ((folder, file), (file, folder), (file, file)):
        report = audit(discover([str(path) for path in paths]), [TARGET], settings)
        assert len(report.templates) == 1


def test_severities_that_are_set_hold_for_mismatches(tmp_path: Path) -> None:
    containers = discover([str(model(tmp_path))])
    for chosen in (Severity.NOTE, Severity.WARNING):
        settings = AuditSettings(CompareSettings(examples=2), Choice(severities={"PTL101": chosen}))
        for command in ("audit", "compare"):
            (template,) = audit(containers, [TARGET], settings, command=command).templates
            assert template.comparison is not None
            mismatches = template.comparison.targets[TARGET].mismatches
            assert {each.severity for each in mismatches if each.code == "PTL101"} == {chosen}
