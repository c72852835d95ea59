"""The pages of rules and features."""

from __future__ import annotations

import pytest

from portable_tpl.checking.pages import known_subjects, page_of, rule_docs
from portable_tpl.checking.registry import rules
from portable_tpl.model.findings import Severity
from portable_tpl.release._registry import checks

HEADINGS = ("## What it does", "## Why it breaks", "## Example", "## Fix safety", "## Checked examples")


@pytest.mark.parametrize("code", list(rules()))
def test_every_rule_has_a_whole_page(code: str) -> None:
    page = page_of(code)
    assert page is not None
    assert page.startswith(f"# {code} {rules()[code].name}\n")
    assert [heading for heading in HEADINGS if heading not in page] == []
    assert "----" not in page
    assert page == page_of(rules()[code].name) == page_of(code.lower())


def test_a_release_check_has_its_page_too() -> None:
    page = page_of("unstable-history")
    assert page == page_of("REL101")
    assert page is not None
    assert page.startswith("# REL101 unstable-history\n")
    assert "## What to do" in page


def test_reports_get_a_doc_for_every_rule() -> None:
    docs = rule_docs()
    assert list(docs) == [*rules(), *checks()]
    assert docs["PTL001"].severity is Severity.WARNING
    assert docs["PTL101"].severity is Severity.ERROR
    assert all(doc.summary.endswith(".") and doc.help for doc in docs.values())


def test_a_feature_has_a_page_with_each_answer() -> None:
    page = page_of("method.str.strip")
    assert page is not None
    assert "{{ x.strip() }}" in page
    assert "| minijinja-strict | 3.0.5 | flag |" in page
    assert "| hf-jinja | 0.5.11 | yes |" in page


def test_what_is_unknown_has_no_page_and_what_is_known_has_one() -> None:
    assert page_of("PTL777") is page_of("method.str.nope") is page_of("") is None
    subjects = known_subjects()
    assert {"PTL101", "python-method", "method.str.strip"} <= set(subjects)
    assert len(subjects) == len(set(subjects))
