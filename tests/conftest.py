"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portable_tpl.model.source import Template
from tests.real_templates import read_templates

CORPUS_VARIABLE = "PORTABLE_TPL_CORPUS"
# No test keeps what showed a mismatch in the user's cache, or has any from there: nothing is ever below a file.
os.environ["PORTABLE_TPL_EXAMPLES"] = str(Path(__file__) / "none")


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    """The folder of real templates, or a skip that says how to get these tests to run."""
    value = os.environ.get(CORPUS_VARIABLE)
    if not value:
        pytest.skip(f"needs real templates: set {CORPUS_VARIABLE} to a folder with templates/ and manifest.jsonl")
    folder = Path(value)
    if not (folder / "templates").is_dir():
        pytest.fail(f"{CORPUS_VARIABLE}={value}: no templates/ folder there")
    return folder


@pytest.fixture(scope="session")
def corpus_templates(corpus_dir: Path) -> list[Template]:
    """Every real template, with newlines as they are in the file, and its model's own special tokens."""
    return read_templates(corpus_dir)


def pytest_report_header() -> str:
    """Say at the top of a run whether the tests over real templates run."""
    value = os.environ.get(CORPUS_VARIABLE)
    return f"real templates: {value}" if value else f"real templates: SKIPPED, {CORPUS_VARIABLE} is not set"
