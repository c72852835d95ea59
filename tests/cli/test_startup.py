"""``check`` runs on every keystroke, ``render`` in loops of shells: they import nothing that they do not need."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "corpus" / "templates" / "python" / "chatml.jinja"
COSTLY = (
    "asyncio",
    "concurrent.futures",
    "hypothesis",
    "importlib.metadata",
    "minijinja",
    "multiprocessing",
    "numpy",
    "portable_tpl.differential",
    "portable_tpl.checking.rule_reference",
    "portable_tpl.targets.registry",
    "portable_tpl.strategies",
    "rich",
    *(() if sys.version_info < (3, 11) else ("subprocess",)),  # imported by uuid there, and by click that
    "transformers",
    "xllamacpp",
)
# The engine runs in a worker; the program itself has no use for jinja2, for other targets, or for reports.
COSTLY_FOR_A_PROMPT = (
    *("asyncio", "concurrent.futures", "hypothesis", "jinja2", "minijinja", "multiprocessing", "numpy", "rich"),
    *("portable_tpl.auditing", "portable_tpl.differential", "portable_tpl.model.report"),
    *("portable_tpl.targets.deployments", "portable_tpl.targets.engines.minijinja", "transformers"),
)
CODE = """
import sys
from portable_tpl.cli import run
status = run(sys.argv[1:])
print(status, *sorted(sys.modules), file=sys.stderr)
"""
# How much CPU time a check may take, in that of starting Python with the two libraries that it stands on: some 100 ms
# on the machine this was measured on, where a check takes twice that. A ratio, so that a slow or busy machine passes.
MOST = 3.0


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_check_imports_nothing_costly(form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, "check", str(TEMPLATE), "--format", form],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=True,
    )
    status, *modules = done.stderr.split()
    assert status == "1"
    assert "portable_tpl.checking.linting" in modules
    assert not set(COSTLY) & set(modules)


def test_render_imports_nothing_costly(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text('[{"role": "user", "content": "Hi"}]')
    done = subprocess.run(
        [sys.executable, "-c", CODE, "render", str(TEMPLATE), "--messages", str(tmp_path / "chat.json")],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=True,
    )
    status, *modules = done.stderr.split()
    assert (status, "Hi" in done.stdout) == ("0", True)
    assert "portable_tpl.targets.engines.transformers" in modules
    assert not set(COSTLY_FOR_A_PROMPT) & set(modules)


def cpu_seconds(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment(), capture_output=True, timeout=60, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_check_is_fast() -> None:
    check = ("-m", "portable_tpl", "check", str(TEMPLATE))
    libraries = ("-c", "import click, jinja2, json")
    for arguments in (check, libraries):
        cpu_seconds(*arguments)  # writes the bytecode
    pairs = [(cpu_seconds(*check), cpu_seconds(*libraries)) for _ in range(4)]
    assert min(first for first, _ in pairs) < MOST * min(second for _, second in pairs)
