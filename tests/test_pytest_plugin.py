"""The pytest fixture: what it passes on, when it fails a test, and that it loads without the package."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import portable_tpl
from portable_tpl import api
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed
from portable_tpl.model.report import Comparison, Coverage, ReferenceFailure, TargetComparison
from portable_tpl.model.source import Template
from portable_tpl.pytest_plugin import AssertPortable, _assert_portable
from tests.reports import samples

EVERYTHING_ALIKE = Comparison(9, Coverage(1, 1), {"minijinja": TargetComparison(9, 9)})
SOMETHING_DIFFERS = Comparison(9, Coverage(1, 1), {"minijinja": TargetComparison(9, 7, (samples.mismatch(),))})
STACK_ONLY = Comparison(
    9, Coverage(1, 1), {"minijinja": TargetComparison(9, 7, (samples.mismatch(origin="stack", decides=False),))}
)


class Calls(list[tuple[Template, dict[str, Any]]]):
    """Stands in for ``api.compare``: remembers its arguments and answers what it was told."""

    answer = EVERYTHING_ALIKE

    def __call__(self, template: Template, **options: Any) -> Comparison:
        self.append((template, options))
        return self.answer


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    monkeypatch.setattr(api, "compare", made)
    return made


@pytest.fixture
def portable() -> AssertPortable:
    return _assert_portable


def test_a_portable_template_gives_its_comparison(calls: Calls, portable: AssertPortable) -> None:
    assert portable("{{ messages }}", ["minijinja"], examples=5, seed=3) is EVERYTHING_ALIKE
    [(template, options)] = calls
    assert template == Template("{{ messages }}")
    assert options == {"targets": ["minijinja"], "examples": 5, "seed": 3, "tier": "everyday", "conversations": ()}


def test_a_path_is_loaded(calls: Calls, portable: AssertPortable, tmp_path: Path) -> None:
    path = tmp_path / "t.jinja"
    path.write_text("{{ messages[0].content }}", "utf-8")
    given = [Conversation([])]
    portable(path, conversations=given)
    portable(str(path))
    assert [template.text for template, _ in calls] == ["{{ messages[0].content }}"] * 2
    assert calls[0][1]["conversations"] is given


def test_a_mismatch_fails_the_test_and_is_shown(calls: Calls, portable: AssertPortable) -> None:
    calls.answer = SOMETHING_DIFFERS
    with pytest.raises(pytest.fail.Exception) as failure:
        portable(Template(samples.TEXT, path="chat.jinja"))
    said = str(failure.value)
    matrix, row = said.splitlines()[:2]
    assert (matrix.split(), row.split()) == (["minijinja"], ["chat.jinja", "≠"])
    assert "portable-tpl render" in said


def test_the_tier_asked_for_is_the_one_told(calls: Calls, portable: AssertPortable) -> None:
    stranger = samples.mismatch(tier=Tier.HOSTILE)
    calls.answer = Comparison(9, Coverage(1, 1), {"minijinja": TargetComparison(9, 7, (stranger,))})
    with pytest.raises(pytest.fail.Exception) as failure:
        portable(Template(samples.TEXT, path="chat.jinja"), tier="hostile")
    assert str(failure.value).splitlines()[1].split() == ["chat.jinja", "≠"]


def test_a_reference_that_fails_fails_the_test(calls: Calls, portable: AssertPortable) -> None:
    failure = ReferenceFailure(9, Tier.EVERYDAY, Conversation([]), Failed("error", "division by zero", 1))
    calls.answer = Comparison(9, Coverage(1, 1), {"minijinja": TargetComparison(9, 0, (), 9)}, failures=(failure,))
    with pytest.raises(pytest.fail.Exception, match="in 9 of 9 conversations: division by zero"):
        portable(Template(samples.TEXT, path="chat.jinja"))


def test_what_decides_no_verdict_fails_no_test(calls: Calls, portable: AssertPortable) -> None:
    calls.answer = STACK_ONLY
    assert portable("{{ messages }}") is STACK_ONLY


def run(*command: str, cwd: Path) -> str:
    """Run this Python in a folder, with this very package within its reach; its output."""
    environment = {**os.environ, "PYTHONPATH": str(Path(portable_tpl.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_plugin_loads_without_the_package(tmp_path: Path) -> None:
    program = (
        "import sys, portable_tpl.pytest_plugin\n"
        "loaded = sorted(name for name in sys.modules if name.startswith(('portable_tpl', 'jinja2', 'hypothesis')))\n"
        "print(loaded)"
    )
    assert run("-c", program, cwd=tmp_path).strip() == "['portable_tpl', 'portable_tpl.pytest_plugin']"


def test_pytest_finds_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it(assert_portable):\n    assert callable(assert_portable)\n", "utf-8"
    )
    installed = any(point.name == "portable_tpl" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "portable_tpl.pytest_plugin"]
    said = run("-m", "pytest", "-q", *plugin, "-p", "no:cacheprovider", str(tmp_path), cwd=tmp_path)
    assert "1 passed" in said
