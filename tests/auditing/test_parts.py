"""Containers of one run that share files, and what a configuration makes of mismatches."""

from __future__ import annotations

import json
from pathlib import Path

from portable_tpl.auditing.audit import AuditSettings, audit
from portable_tpl.auditing.choice import Choice
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.findings import Severity
from portable_tpl.sources import discover

TARGET = "minijinja-strict"
STRIPPED = "{% for m in messages %}{{ m.content.strip() }}{% endfor %}"


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
