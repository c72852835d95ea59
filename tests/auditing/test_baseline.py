"""Baselines: what is known no longer counts, wherever it has moved."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from portable_tpl.auditing import baseline
from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import ConfigError
from portable_tpl.model.rendering import Failed, Mismatch, Rendered
from portable_tpl.model.report import Comparison, Coverage, Report, TargetComparison, TemplateReport, counts
from portable_tpl.model.source import Template
from portable_tpl.sources import open_container
from portable_tpl.template.syntax.parsing import parse

TARGETS = ("minijinja-strict",)
BAD = "{{ messages[0].content.strip() }}"


def checked(text: str, targets: tuple[str, ...] = TARGETS, path: str = "t.jinja", name: str = "default") -> Report:
    template = Template(text, name, path)
    found = tuple(lint(parse(template), targets))
    return Report("check", Tier.EVERYDAY, 0, (), (TemplateReport(template, findings=found),))


def compared(text: str, line: int, count: int = 1, target: str = "minijinja") -> Report:
    mismatch = Mismatch(
        f"{target} target-error template method.str.strip line {line}", "target-error", "template", Tier.EVERYDAY,
        "method.str.strip", "PTL101", line, 3, Conversation([]), Rendered("a"), Failed("error", "no"), "…",
    )  # fmt: skip
    comparison = Comparison(5, Coverage(1, 1), {target: TargetComparison(5, 2, (mismatch,) * count)})
    return Report(
        "audit", Tier.EVERYDAY, 0, (), (TemplateReport(Template(text, path="t.jinja"), comparison=comparison),)
    )


def known(report: Report, path: str = "base.json") -> baseline.Baseline:
    return baseline.read(baseline.write(report, path), path)


def left(report: Report, base: baseline.Baseline) -> list[str]:
    applied = baseline.apply(report, base)
    return [finding.code for finding in applied.templates[0].findings if not finding.suppressed]


def deciding(report: Report) -> int:
    targets = report.templates[0].comparison.targets.values()  # type: ignore[union-attr]
    return sum(counts(mismatch, report.tier) for target in targets for mismatch in target.mismatches)


def test_what_is_known_is_suppressed() -> None:
    report = checked(BAD)
    assert left(report, known(report)) == []
    assert len(baseline.apply(report, known(report)).templates[0].findings) == 1


def test_moved_lines_and_edits_elsewhere_do_not_matter() -> None:
    base = known(checked("{% if tools %}\n" + BAD + "\n{% endif %}"))
    assert left(checked("{{ bos_token }}\n\n\n{% if tools and messages %}x\n  " + BAD + "{% endif %}"), base) == []


def test_a_new_finding_counts() -> None:
    base = known(checked(BAD))
    assert left(checked(BAD + "{{ messages[0].role.strip() }}"), base) == ["PTL101"]


def test_equal_findings_are_counted() -> None:
    base = known(checked(BAD + "\n" + BAD))
    assert left(checked(BAD + "\n" + BAD), base) == []
    assert left(checked(BAD + "\n" + BAD + "\n" + BAD), base) == ["PTL101"]


def test_a_finding_for_one_more_target_counts_for_that_one() -> None:
    text = "{{ tools|tojson(ensure_ascii=false) }}"
    base = known(checked(text, ("minijinja",)))
    applied = baseline.apply(checked(text, ("minijinja", "minijinja-strict")), base)
    open_ones = [finding for finding in applied.templates[0].findings if not finding.suppressed]
    assert open_ones
    assert all(finding.targets == ("minijinja-strict",) for finding in open_ones)
    assert all(set(finding.fails) <= {"minijinja-strict"} for finding in open_ones)


def test_another_template_is_not_known() -> None:
    base = known(checked(BAD))
    assert left(checked(BAD, path="other.jinja"), base) == ["PTL101"]
    base = known(checked(BAD, path="t.json"))
    assert left(checked(BAD, path="t.json", name="tool_use"), base) == ["PTL101"]


def test_known_mismatches_no_longer_decide() -> None:
    text = "\n" + BAD
    report = compared(text, 2)
    assert deciding(report) == 1
    base = known(report)
    assert deciding(baseline.apply(report, base)) == 0
    assert deciding(baseline.apply(compared("\n\n\n" + text, 5), base)) == 0  # moved
    assert deciding(baseline.apply(compared(text, 2, target="minijinja@3.1.0"), base)) == 0  # another version
    assert deciding(baseline.apply(compared(text, 2, count=2), base)) == 1
    assert deciding(baseline.apply(compared("{{ x }}" + text, 1), base)) == 1  # another line
    assert deciding(baseline.apply(compared(text, 2, target="hf-jinja"), base)) == 1


def test_equal_reports_give_equal_text() -> None:
    report = checked(BAD + "{{ tools|tojson }}")
    text = baseline.write(report)
    assert text == baseline.write(report)
    assert text.endswith("}\n")
    assert json.loads(text)["version"] == 1


def test_paths_are_relative_to_the_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "chat"
    folder.mkdir()
    (folder / "t.jinja").write_text(BAD)
    path = str(tmp_path / "base.json")
    text = baseline.write(checked(BAD, path=str(folder / "t.jinja")), path)
    assert list(json.loads(text)["templates"]) == ["chat/t.jinja"]
    base = baseline.read(text, path)
    monkeypatch.chdir(folder)
    assert left(checked(BAD, path="t.jinja"), base) == []


def test_a_file_has_one_key_however_it_was_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "additional_chat_templates").mkdir()
    path = tmp_path / "additional_chat_templates" / "tool_use.jinja"
    (tmp_path / "chat_template.jinja").write_text("x")
    path.write_text(BAD)
    monkeypatch.chdir(tmp_path)
    keys = []
    for given in (".", str(tmp_path), str(path), os.path.relpath(path)):
        templates = [each for each in open_container(given).templates if each.text == BAD]
        reports = tuple(TemplateReport(each, findings=tuple(lint(parse(each), TARGETS))) for each in templates)
        keys.append(baseline.write(Report("check", Tier.EVERYDAY, 0, (), reports), "base.json"))
    assert len(set(keys)) == 1
    assert '"additional_chat_templates/tool_use.jinja": {' in keys[0]


def test_an_entry_says_what_it_is_about() -> None:
    (entry,) = json.loads(baseline.write(checked("\n" + BAD)))["templates"]["t.jinja"]["findings"].values()
    assert (entry["code"], entry["lines"]) == ("PTL101", [2])
    assert entry["message"].startswith("`str.strip()`")
    (entry,) = json.loads(baseline.write(compared(BAD, 1)))["templates"]["t.jinja"]["mismatches"].values()
    assert (entry["code"], entry["lines"]) == ("PTL101", [1])


def test_what_a_comment_suppresses_is_not_in_the_baseline() -> None:
    report = checked(BAD + "{# portable-tpl: ignore[PTL101] #}")
    assert json.loads(baseline.write(report))["templates"] == {}


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "{}", "null", '{"version": 2, "templates": {}}', '{"version": 1, "templates": []}',
        '{"version": 1, "templates": {"t": {}}}', '{"version": 1, "templates": {"t": {"findings": 1, "mismatches": {}}}}',
        '{"version": 1, "templates": {"t": {"findings": {"a": {}}, "mismatches": {}}}}', "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_one_clear_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^base\.json: ") as caught:
        baseline.read(text, "base.json")
    assert "\n" not in str(caught.value)
