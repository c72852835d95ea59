"""``check`` beside jinja2's own parse, and beside j2lint and djlint, over the same templates in this one process.

Then the command, started anew for one template, beside a process that only imports jinja2 and minijinja.

Run it from the repository: ``python tests/benchmarks/bench_check.py [ROUNDS [EVERY]]``; EVERY takes each n-th template.
The templates are those of PORTABLE_TPL_CORPUS, else of ``corpus/``. The limit is on one ratio: ``check``, that is parsing,
types, rules and the JSON report, is to take at most 2 times what jinja2 takes to parse with the reference's extensions.
``check with fixes`` is the command's own service: it says, too, which fixes help, for which the changed text of each is
checked as well, and what works only because engines imitate Python. Each round runs every contestant once, warm; ratios
are taken within a round and their median is printed. Time is the CPU time of this process, of j2lint and djlint too:
both are called as libraries, through the modules behind their commands; of the command, that of its process.
"""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from portable_tpl.auditing.choice import Choice  # noqa: E402
from portable_tpl.auditing.static import static_report  # noqa: E402
from portable_tpl.checking.linting import lint  # noqa: E402
from portable_tpl.cli import GARBAGE  # noqa: E402
from portable_tpl.model.conversation import Tier  # noqa: E402
from portable_tpl.model.errors import TemplateSyntaxError  # noqa: E402
from portable_tpl.model.report import Report, TemplateReport  # noqa: E402
from portable_tpl.model.source import Template  # noqa: E402
from portable_tpl.reports import json as json_report  # noqa: E402
from portable_tpl.targets.catalogue import static_targets  # noqa: E402
from portable_tpl.template import compile_check, parse  # noqa: E402
from portable_tpl.template.syntax.environment import reference_environment  # noqa: E402

LIMIT = 2.0
LIMIT_OF_ONE = 3.0
_ROUNDS = 5
_STARTS = 9
Run = Callable[[], object]


def templates(every: int) -> list[Template]:
    """The real templates where there are some, else this repository's, without those that do not parse."""
    folder = Path(os.environ.get("PORTABLE_TPL_CORPUS") or ROOT / "corpus") / "templates"
    found = []
    for path in sorted(folder.rglob("*.jinja"))[::every]:
        template = Template(path.read_bytes().decode("utf-8"), path=path.name)
        try:
            compile_check(parse(template))
        except TemplateSyntaxError:
            continue
        found.append(template)
    return found


def checked(everything: Sequence[Template]) -> str:
    """What ``check --format json`` does, without the files; the garbage is looked for as often as the command does."""
    usual = gc.get_threshold()
    gc.set_threshold(GARBAGE)
    try:
        return _checked(everything)
    finally:
        gc.set_threshold(*usual)


def _checked(everything: Sequence[Template]) -> str:
    statuses = static_targets(())
    targets = [status.id for status in statuses]
    reports = []
    for template in everything:
        parsed = parse(template)
        compile_check(parsed)
        reports.append(TemplateReport(template, findings=tuple(lint(parsed, targets))))
    return json_report.render(Report("check", Tier.EVERYDAY, 0, statuses, tuple(reports)))


def with_fixes(everything: Sequence[Template]) -> object:
    """What the command does with each template before a report is written."""
    statuses = static_targets(())
    return [static_report(template, statuses, Tier.EVERYDAY, Choice()) for template in everything]


def start_seconds(arguments: Sequence[str]) -> float:
    """The CPU time of one process of this interpreter."""
    before = os.times()
    subprocess.run(
        [sys.executable, *arguments], cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def of_one_file(template: Path) -> float:
    """The command on one template, in bare imports of the two engines that Python has; compiled, and taken in pairs."""
    command = ["-m", "portable_tpl", "check", str(template)]
    bare = ["-c", "import jinja2, minijinja"]
    start_seconds(command)
    return median(start_seconds(command) / start_seconds(bare) for _ in range(_STARTS))


def j2lint(folder: Path) -> Run | None:
    """j2lint's own linter over the folder; ``None`` where it is not installed."""
    try:
        package = importlib.import_module("j2lint")
        collection = importlib.import_module("j2lint.linter.collection")
        runner = importlib.import_module("j2lint.linter.runner")
    except ImportError:
        return None
    rules = Path(str(package.__file__)).parent / "rules"
    files = sorted(folder.iterdir())

    def run() -> None:
        chosen = collection.RulesCollection.create_from_directory(rules, [], [])
        for file in files:
            runner.Runner(chosen, file, []).run()

    return run


def djlint(folder: Path) -> Run | None:
    """djlint's linter over the folder (its modules are compiled); ``None`` where it is not installed."""
    try:
        settings = importlib.import_module("djlint.settings")
        lint_module = importlib.import_module("djlint.lint")
    except ImportError:
        return None
    files = sorted(folder.iterdir())

    def run() -> None:
        config = settings.Config(str(folder), profile="jinja", lint=True)
        for file in files:
            lint_module.lint_file(config, file)

    return run


def cpu_seconds(run: Run) -> float:
    """The CPU time of one run; what it prints goes nowhere."""
    gc.collect()
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        start = time.process_time()
        run()
        return time.process_time() - start


def contestants(everything: Sequence[Template], folder: Path) -> dict[str, Run]:
    """All that is measured, by name; the first one is what the others are measured in."""
    environment = reference_environment()
    runs: dict[str, Run | None] = {
        "jinja2 parse": lambda: [environment.parse(each.text) for each in everything],
        "jinja2 compile": lambda: [environment.compile(each.text, raw=True) for each in everything],
        "portable-tpl check": lambda: checked(everything),
        "check with fixes": lambda: with_fixes(everything),
        "j2lint": j2lint(folder),
        "djlint": djlint(folder),
    }
    for name, run in runs.items():
        if run is None:
            print(f"{name}: not installed (dependency group benchmarks): left out")
    return {name: run for name, run in runs.items() if run is not None}


def measure(runs: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each contestant, by round; one that fails is left out, and said to."""
    seconds: dict[str, list[float]] = {}
    for name, run in list(runs.items()):
        try:
            cpu_seconds(run)  # warm
        except Exception as error:
            print(f"{name}: cannot run here ({type(error).__name__}: {error}): left out")
            continue
        seconds[name] = []
    for _ in range(rounds):
        for name, times in seconds.items():
            times.append(cpu_seconds(runs[name]))
    return seconds


def main(arguments: Sequence[str]) -> int:
    """Print every ratio; the exit status is 1 where ``check`` is over the limit."""
    rounds = int(arguments[0]) if arguments else _ROUNDS
    everything = templates(int(arguments[1]) if len(arguments) > 1 else 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, template in enumerate(everything):
            (folder / f"{number:04}.j2").write_bytes(template.text.encode("utf-8"))
        seconds = measure(contestants(everything, folder), rounds)
        middle = sorted(folder.iterdir(), key=lambda file: file.stat().st_size)[len(everything) // 2]
        one = of_one_file(middle)
    base = seconds["jinja2 parse"]
    print(f"{len(everything)} templates, {rounds} rounds, CPU time, medians")
    ratios = {}
    for name, times in seconds.items():
        ratios[name] = median(one / other for one, other in zip(times, base, strict=True))
        print(f"{name:<20} {median(times):8.3f} s  {ratios[name]:7.2f} x jinja2 parse")
    ratio = ratios["portable-tpl check"]
    print(f"check / parse = {ratio:.2f}; the limit is {LIMIT}: {'met' if ratio <= LIMIT else 'NOT met'}")
    print(
        f"one file / bare import = {one:.2f}; the limit is {LIMIT_OF_ONE}: {'met' if one <= LIMIT_OF_ONE else 'NOT met'}"
    )
    return 0 if ratio <= LIMIT and one <= LIMIT_OF_ONE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
