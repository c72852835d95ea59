"""The samples of the page and of the docstrings run, and hold."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import portable_tpl
from portable_tpl.rendering.chat_template import ChatTemplate

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "portable_tpl" / "rendering" / "instead_of_apply_chat_template.md"
PUBLIC = [getattr(portable_tpl, name) for name in portable_tpl.__all__]
FUNCTIONS: list[Any] = [
    *(each for each in PUBLIC if inspect.isfunction(each)),
    *(ChatTemplate.render, ChatTemplate.render_batch, ChatTemplate.render_with_spans, ChatTemplate.render_request),
]


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(python|console)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [kind for kind, _ in blocks].count("python") >= 8
    names: dict[str, Any] = {}
    for kind, code in blocks:
        if kind == "python":
            exec(compile(code, PAGE.name, "exec"), names)
            continue
        for line in code.splitlines():
            _, program, *arguments = shlex.split(line)
            assert program == "portable-tpl"
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            subprocess.run(
                [sys.executable, "-m", "portable_tpl", *arguments], check=True, env=environment, timeout=60
            )
    assert len((tmp_path / "prompts.jsonl").read_text().splitlines()) == 9


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_samples_in_docstrings(function: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = inspect.getdoc(function) or ""
    samples = re.findall(r"::\n\n((?:(?: {4}.*)?\n?)+)", text)
    assert samples, "no sample"
    assert "Raises" in text or "raises" in text
    for sample in samples:
        assert "assert" in sample
        exec(textwrap.dedent(sample), {"portable_tpl": portable_tpl})
