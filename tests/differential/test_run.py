"""Many templates: order, processes, the journal, interrupts."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.templates import Examination, Examined
from portable_tpl.differential.run.journal import Journal, job_key
from portable_tpl.differential.run.plain import from_plain, to_plain
from portable_tpl.differential.run.run import Outcome, Plan, run_all
from portable_tpl.differential.run.session import Session
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
WORK = Examination(CompareSettings(examples=30))
TARGETS = ("minijinja-strict",)
Outcomes = list[Outcome[Examined]]


def run(plan: Plan, templates: list[Template] = TEMPLATES) -> Outcomes:
    return list(run_all(templates, WORK, plan))


def plain(outcomes: Outcomes) -> str:
    return json.dumps([[o.template.path, o.error, to_plain(o.result)] for o in outcomes])


@pytest.fixture(scope="module")
def expected() -> Outcomes:
    return run(Plan(TARGETS))


def test_outcomes_come_in_order(expected: Outcomes) -> None:
    assert [outcome.template.path for outcome in expected] == [template.path for template in TEMPLATES]
    assert expected[2].result is None
    assert str(expected[2].error).startswith("broken.jinja:1: the template does not parse")


def test_equal_templates_are_compared_once_and_told_apart(expected: Outcomes) -> None:
    one, copy = expected[1].result, expected[3].result
    assert one is not None
    assert copy is not None
    (mismatch,) = copy.comparison.targets["minijinja-strict"].mismatches
    assert " copy.jinja " in mismatch.reproduce
    assert one.comparison.targets["minijinja-strict"].mismatches[0].conversation == mismatch.conversation


def test_processes_change_nothing(expected: Outcomes) -> None:
    seen = []
    outcomes = run(Plan(TARGETS, jobs=2, progress=lambda done, total, template: seen.append((done, total))))
    assert plain(outcomes) == plain(expected)
    assert seen == [(number, 5) for number in range(1, 6)]


def test_a_journal_saves_what_was_done(expected: Outcomes, tmp_path: Path) -> None:
    journal = tmp_path / "deep" / "journal.jsonl"
    outcomes = run_all(TEMPLATES, WORK, Plan(TARGETS, journal=journal))
    next(outcomes)
    next(outcomes)
    outcomes.close()  # as an interrupt does
    kept = journal.read_text().splitlines()
    assert len(kept) == 2
    # A torn last line, as a killed process leaves it.
    journal.write_text("\n".join(kept) + "\n" + kept[0][:40])
    assert plain(run(Plan(TARGETS, journal=journal, resume=True))) == plain(expected)
    # Now nothing is left to do: no engine is even started.
    assert plain(run(Plan(TARGETS, journal=journal, resume=True))) == plain(expected)


def test_without_resume_a_journal_begins_anew(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"key": "old"}\n')
    run(Plan(TARGETS, journal=journal), TEMPLATES[:1])
    assert "old" not in journal.read_text()


def test_a_result_depends_on_settings_targets_and_tokens() -> None:
    template = TEMPLATES[0]

    def key(changed: Template = template, targets: tuple[str, ...] = TARGETS, work: Examination = WORK) -> str:
        return job_key(changed, targets, work.parts(changed))

    keys = {
        key(),
        key(targets=("minijinja",)),
        key(work=Examination(CompareSettings(examples=31))),
        key(work=Examination(CompareSettings(examples=30, seed=1))),
        key(Template(template.text, special_tokens={"eos_token": "x"})),
        key(work=Examination(CompareSettings(examples=30), with_findings=True)),
        key(work=Examination(CompareSettings(examples=30), choice=Choice(ignore=("PTL1",)), with_findings=True)),
    }
    assert len(keys) == 7
    assert key(Template(template.text, path="other")) in keys


def test_comparisons_survive_json(expected: Outcomes) -> None:
    result = expected[1].result
    assert result is not None
    assert from_plain(Examined, json.loads(json.dumps(to_plain(result)))) == result


def test_an_unknown_target_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget):
        run(Plan(("nope",)), TEMPLATES[:1])
    with pytest.raises(UnknownTarget):
        run(Plan(("nope",), jobs=2))


def test_a_journal_ignores_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('not json\n[]\n{"no": "key"}\n{"key": "k", "result": null, "error": "e"}\n')
    journal = Journal(path, resume=True)
    assert journal.get("k") == {"key": "k", "result": None, "error": "e"}
    journal.put("n", {"result": None, "error": "f"})
    journal.close()
    assert Journal(path, resume=True).get("n") is not None


@dataclass(frozen=True)
class Faulty(Examination):
    """Work that goes wrong on some templates: by our own fault, or so that its process dies."""

    def do(self, session: Session, template: Template) -> Examined:
        if template.path == "strip.jinja":
            raise KeyError("messages")
        if template.path == "title.jinja":
            if multiprocessing.parent_process() is None:
                raise MemoryError
            os._exit(3)
        return super().do(session, template)

    def parts(self, template: Template) -> list[Any]:
        return [*super().parts(template), template.path]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_costs_one_template_its_result(jobs: int, expected: Outcomes) -> None:
    work = Faulty(WORK.settings)
    outcomes = list(run_all(TEMPLATES, work, Plan(TARGETS, jobs=jobs)))
    errors = [outcome.error for outcome in outcomes]
    assert str(errors[1]).startswith("strip.jinja: internal error: KeyError: 'messages'; this is a bug")
    assert (
        errors[4] == f"title.jinja: {'error: out of memory' if jobs == 1 else 'the process that looked at it died'}"
    )
    # The others have what they have without a fault; so has an equal template that is asked for by itself.
    assert [plain([outcomes[n]]) for n in (0, 2, 3)] == [plain([expected[n]]) for n in (0, 2, 3)]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_the_run_and_its_processes(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    # A shell that runs the tests in the background has its children ignore interrupts.
    code = f"""
import signal
from pathlib import Path
from portable_tpl.auditing.templates import Examination
from portable_tpl.differential.run.run import Plan, run_all
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.source import Template
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    templates = [Template("{{{{ messages[0].content.strip() }}}}" + " " * n) for n in range(400)]
    try:
        plan = Plan(("minijinja-strict",), jobs=2, journal=Path({str(journal)!r}))
        for outcome in run_all(templates, Examination(CompareSettings(examples=30)), plan):
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
