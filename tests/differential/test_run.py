"""Many templates: order, processes, the journal, interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portable_tpl.differential.run.journal import Journal, from_plain, job_key, to_plain
from portable_tpl.differential.run.run import Outcome, compare_all
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.errors import UnknownTarget
from portable_tpl.model.source import Template

TEMPLATES = [
    Template("{% for m in messages %}{{ m.content }}{% endfor %}", path="plain.jinja"),
    Template("{{ messages[0].content.strip() }}", path="strip.jinja"),
    Template("{% if %}", path="broken.jinja"),
    Template("{{ messages[0].content.strip() }}", path="copy.jinja"),
    Template("{{ messages[0].content.title() }}", path="title.jinja"),
]
SETTINGS = CompareSettings(examples=30)
TARGETS = ("minijinja-strict",)


def plain(outcomes: list[Outcome]) -> str:
    return json.dumps(
        [[o.template.path, o.error, None if o.comparison is None else to_plain(o.comparison)] for o in outcomes]
    )


@pytest.fixture(scope="module")
def expected() -> list[Outcome]:
    return list(compare_all(TEMPLATES, TARGETS, SETTINGS))


def test_outcomes_come_in_order(expected: list[Outcome]) -> None:
    assert [outcome.template.path for outcome in expected] == [template.path for template in TEMPLATES]
    assert expected[2].comparison is None
    assert str(expected[2].error).startswith("broken.jinja:1: the template does not parse")


def test_equal_templates_are_compared_once_and_told_apart(expected: list[Outcome]) -> None:
    one, copy = expected[1].comparison, expected[3].comparison
    assert one is not None
    assert copy is not None
    (mismatch,) = copy.targets["minijinja-strict"].mismatches
    assert " copy.jinja " in mismatch.reproduce
    assert one.targets["minijinja-strict"].mismatches[0].conversation == mismatch.conversation


def test_processes_change_nothing(expected: list[Outcome]) -> None:
    seen = []
    outcomes = list(
        compare_all(
            TEMPLATES, TARGETS, SETTINGS, jobs=2, progress=lambda done, total, template: seen.append((done, total))
        )
    )
    assert plain(outcomes) == plain(expected)
    assert seen == [(number, 5) for number in range(1, 6)]


def test_a_journal_saves_what_was_done(expected: list[Outcome], tmp_path: Path) -> None:
    journal = tmp_path / "deep" / "journal.jsonl"
    run = compare_all(TEMPLATES, TARGETS, SETTINGS, journal=journal)
    next(run)
    next(run)
    run.close()  # as an interrupt does
    kept = journal.read_text().splitlines()
    assert len(kept) == 2
    # A torn last line, as a killed process leaves it.
    journal.write_text("\n".join(kept) + "\n" + kept[0][:40])
    again = list(compare_all(TEMPLATES, TARGETS, SETTINGS, journal=journal, resume=True))
    assert plain(again) == plain(expected)
    # Now nothing is left to do: no engine is even started.
    assert plain(list(compare_all(TEMPLATES, TARGETS, SETTINGS, journal=journal, resume=True))) == plain(expected)


def test_without_resume_a_journal_begins_anew(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"key": "old"}\n')
    list(compare_all(TEMPLATES[:1], TARGETS, SETTINGS, journal=journal))
    assert "old" not in journal.read_text()


def test_a_result_depends_on_settings_targets_and_tokens() -> None:
    template = TEMPLATES[0]
    keys = {
        job_key(template, TARGETS, SETTINGS),
        job_key(template, ("minijinja",), SETTINGS),
        job_key(template, TARGETS, CompareSettings(examples=31)),
        job_key(template, TARGETS, CompareSettings(examples=30, seed=1)),
        job_key(Template(template.text, special_tokens={"eos_token": "x"}), TARGETS, SETTINGS),
    }
    assert len(keys) == 5
    assert job_key(Template(template.text, path="other"), TARGETS, SETTINGS) in keys


def test_comparisons_survive_json(expected: list[Outcome]) -> None:
    comparison = expected[1].comparison
    assert comparison is not None
    assert from_plain(json.loads(json.dumps(to_plain(comparison)))) == comparison


def test_an_unknown_target_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget):
        next(compare_all(TEMPLATES[:1], ("nope",), SETTINGS))


def test_a_journal_ignores_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('not json\n[]\n{"no": "key"}\n{"key": "k", "comparison": null, "error": "e"}\n')
    journal = Journal(path, resume=True)
    assert journal.get("k") == {"key": "k", "comparison": None, "error": "e"}
    journal.put("n", {"comparison": None, "error": "f"})
    journal.close()
    assert Journal(path, resume=True).get("n") is not None


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_the_run_and_its_processes(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    # A shell that runs the tests in the background has its children ignore interrupts.
    code = f"""
import signal
from pathlib import Path
from portable_tpl.differential.run.run import compare_all
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.source import Template
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    templates = [Template("{{{{ messages[0].content.strip() }}}}" + " " * n) for n in range(400)]
    try:
        for outcome in compare_all(templates, ["minijinja-strict"], CompareSettings(examples=30), jobs=2,
                                   journal=Path({str(journal)!r})):
            print("done", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "done\n"
    os.killpg(process.pid, signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(60) == 0
    assert rest.endswith("interrupted\n")
    assert len(journal.read_text().splitlines()) >= 1
    assert ends_within(30, process.pid)


def ends_within(seconds: float, group: int) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
