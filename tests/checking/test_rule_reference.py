"""The generated page of all rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portable_tpl.checking.pages import rule_docs
from portable_tpl.checking.rule_reference import FAMILIES, PAGE, RELEASE, family, main, reference_page
from portable_tpl.release._base import HEADINGS as RELEASE_HEADINGS
from portable_tpl.release._registry import checks

HEADINGS = ("#### What it does", "#### Why it breaks", "#### Example", "#### Fix safety")


def test_the_page_in_the_repository_is_what_the_rules_say() -> None:
    assert main(["--check"]) == 0
    assert PAGE.read_text("utf-8") == reference_page()


def test_the_index_has_every_rule_in_order_and_points_to_its_section() -> None:
    page = reference_page()
    row = r"^\| \[((?:PTL|REL)\d+)\]\(#([a-z0-9-]+)\) \| ([a-z-]+) \| (\w+) \| ([^|]+) \|"
    rows = re.findall(row, page, re.MULTILINE)
    docs = rule_docs()
    assert [code for code, *_ in rows] == list(docs) == sorted(docs)
    for code, anchor, name, severity, group in rows:
        assert (name, severity, group) == (docs[code].name, docs[code].severity.value, family(code))
        assert f"\n### {code} {name}\n" in page
        assert anchor == f"{code}-{name}".lower()
    assert {group for *_, group in rows} == {*FAMILIES.values(), RELEASE}


@pytest.mark.parametrize("code", list(rule_docs()))
def test_every_rule_has_its_four_sections_on_the_page(code: str) -> None:
    section = re.split(r"(?m)^###? ", reference_page().partition(f"\n### {code} ")[2])[0]
    headings = [f"#### {heading}" for heading in RELEASE_HEADINGS] if code in checks() else HEADINGS
    assert [heading for heading in headings if f"\n{heading}\n" not in section] == []


def test_a_stale_or_missing_page_is_told_and_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "REFERENCE.md"
    assert main(["--check", str(page)]) == 1
    assert "is missing" in capsys.readouterr().err
    assert not page.exists()
    assert main([str(page)]) == 0
    written = page.read_bytes()
    assert main(["--check", str(page)]) == 0
    page.write_bytes(written + b"\n")
    assert main(["--check", str(page)]) == 1
    assert "is stale; `python -m portable_tpl.checking.rule_reference` writes it" in capsys.readouterr().err
    assert page.read_bytes() == written + b"\n"
