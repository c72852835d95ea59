"""The gate from end to end: a team's git repository, pre-commit's own entry, and SARIF with a baseline."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
PACKAGE = ("portable_tpl", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
TEMPLATE = "models/chat/chat_template.jinja"
GOOD = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
DEFECT = "{% for m in messages %}{{ m.role }}: {{ m.content.rsplit('</think>', 1)[-1] }}\n{% endfor %}"
SECOND = "{% for m in messages %}{{ m.content.rsplit('</think>', 1)[-1] }}{% endfor %}\n"
OTHER = "{% if messages[0].role.rsplit(':', 1)[0] == 'x' %}x{% endif %}\n"
CONFIG = '[tool.portable-tpl]\ntargets = ["minijinja-strict"]\n'
AUTHOR = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
UNREACHABLE = re.compile("connection|network|resolution|timed? ?out|no matching distribution", re.IGNORECASE)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: the gate is not tested")


def environment(**more: str) -> dict[str, str]:
    """This process's, without what git and pre-commit set while a hook runs, and with this very package."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    return {**kept, **AUTHOR, "PYTHONPATH": str(ROOT), **more}


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    arguments = [str(part) for part in command]
    return subprocess.run(
        arguments, cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False, timeout=600
    )


def git(*arguments: str, cwd: Path) -> str:
    done = run("git", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Team:
    """A git repository with a template in it."""

    folder: Path

    def put(self, text: str, path: str = TEMPLATE) -> None:
        """Write a file and stage it."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        git("add", path, cwd=self.folder)

    def staged(self) -> list[str]:
        """What pre-commit would look at: the files of the index that differ from the last commit."""
        return git("diff", "--cached", "--name-only", "--diff-filter=ACMRTUXB", cwd=self.folder).splitlines()


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A repository whose last commit holds a portable template."""
    folder = tmp_path / "team"
    folder.mkdir()
    git("init", "-q", cwd=folder)
    made = Team(folder)
    made.put(CONFIG, "pyproject.toml")
    made.put(GOOD)
    git("commit", "-q", "-m", "Add a template", cwd=folder)
    return made


def hook(id_: str) -> dict[str, str]:
    """The keys of one hook in this repository's file, each a plain or quoted text on its line."""
    for block in HOOKS.read_text("utf-8").split("- id: ")[1:]:
        name, _, rest = block.partition("\n")
        if name.strip() == id_:
            return dict(re.findall(r"(?m)^  (\w+): '?(.*?)'?$", rest))
    raise AssertionError(f"no hook {id_}")


def run_entry(team: Team, id_: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a hook as pre-commit does, in this environment: its entry, the user's arguments, the staged files."""
    keys = hook(id_)
    assert set(keys) == {"name", "description", "entry", "language", "files", "require_serial"}
    program, *rest = shlex.split(keys["entry"])
    assert program == "portable-tpl"
    files = [path for path in team.staged() if re.search(keys["files"], path)]
    return run(sys.executable, "-m", "portable_tpl", *rest, *arguments, *files, cwd=team.folder)


def test_the_entry_is_green_on_what_is_portable_and_red_on_a_defect(team: Team) -> None:
    team.put("{# only words #}" + GOOD)
    done = run_entry(team, "portable-tpl-check")
    assert (done.returncode, done.stderr) == (0, "")
    team.put(DEFECT)
    done = run_entry(team, "portable-tpl-check")
    assert done.returncode == 1
    assert f"{TEMPLATE}:1:" in done.stdout
    assert "error PTL101  minijinja-strict" in done.stdout


def test_the_entry_takes_the_users_arguments(team: Team) -> None:
    team.put(DEFECT)
    assert run_entry(team, "portable-tpl-check", "--ignore", "PTL101").returncode == 0
    assert run_entry(team, "portable-tpl-check", "--target", "hf-jinja").returncode == 1
    assert run_entry(team, "portable-tpl-check", "--target", "nothing").returncode == 2


def test_the_entry_passes_over_a_configuration_without_a_template(team: Team) -> None:
    team.put('{"model_max_length": 4096}', "models/chat/tokenizer_config.json")
    done = run_entry(team, "portable-tpl-check")
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert line.startswith("portable-tpl: skipped: models/chat/tokenizer_config.json: no chat template in it")
    team.put('{"model_max_length": 4096,}', "models/chat/tokenizer_config.json")
    assert run_entry(team, "portable-tpl-check").returncode == 2


def test_the_fixing_entry_mends_the_file(team: Team) -> None:
    team.put(GOOD.replace("m.content", "m.content.strip()"))
    assert run_entry(team, "portable-tpl-fix").returncode == 0
    assert "m.content|trim" in (team.folder / TEMPLATE).read_text("utf-8")
    team.put((team.folder / TEMPLATE).read_text("utf-8"))
    assert run_entry(team, "portable-tpl-check").returncode == 0


def check_sarif(team: Team, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the results that a code scanner would show."""
    done = run(sys.executable, "-m", "portable_tpl", "check", "--format", "sarif", *arguments, ".", cwd=team.folder)
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0"
    return done.returncode, [each for each in log["runs"][0]["results"] if not each.get("suppressions")]


def test_a_baseline_lets_only_new_defects_through_to_sarif(team: Team) -> None:
    known = ("--baseline", "known.json")
    assert check_sarif(team) == (0, [])
    team.put(DEFECT)
    status, results = check_sarif(team)
    assert status == 1
    assert [result["ruleId"] for result in results] == ["PTL101"]
    [place] = [result["locations"][0]["physicalLocation"] for result in results]
    assert place["artifactLocation"]["uri"] == TEMPLATE
    assert place["region"]["startLine"] == 1

    assert check_sarif(team, "--write-baseline", "known.json")[0] == 0
    assert check_sarif(team, *known) == (0, [])
    team.put("{# a licence\n   of some lines #}\n\n{%- set turns = messages|length %}\n" + DEFECT)
    assert check_sarif(team, *known) == (0, [])

    team.put("{# a licence #}\n" + DEFECT + SECOND)  # the very same words a second time
    status, results = check_sarif(team, *known)
    assert (status, [result["ruleId"] for result in results]) == (1, ["PTL101"])
    team.put(OTHER + DEFECT)  # another place, of the same kind
    status, results = check_sarif(team, *known)
    assert (status, [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results]) == (
        1,
        [1],
    )
    team.put(GOOD)
    assert check_sarif(team, *known) == (0, [])


def test_a_second_template_is_no_part_of_the_baseline(team: Team) -> None:
    team.put(DEFECT)
    assert check_sarif(team, "--write-baseline", "known.json")[0] == 0
    team.put(DEFECT, "models/other/chat_template.jinja")
    status, results = check_sarif(team, "--baseline", "known.json")
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert (status, uris) == (1, ["models/other/chat_template.jinja"])


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This checkout as a git repository of its own, with its revision: what a team names under ``repo:``."""
    folder = tmp_path_factory.mktemp("portable-tpl")
    for name in PACKAGE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    git("init", "-q", cwd=folder)
    git("add", "-A", "-f", cwd=folder)
    git("commit", "-q", "-m", "All of it", cwd=folder)
    return folder, git("rev-parse", "HEAD", cwd=folder).strip()


def test_pre_commit_itself_gates_the_repository(
    team: Team, hook_repository: tuple[Path, str], tmp_path: Path
) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed (dependency group test)")
    folder, revision = hook_repository
    settings = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PYTHONPATH": ""}

    def pre_commit(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "pre_commit", *arguments, cwd=team.folder, **settings)

    def configure(arguments: list[str]) -> None:
        hooks = [{"id": "portable-tpl-check", "args": arguments}]
        repos = [{"repo": str(folder), "rev": revision, "hooks": hooks}]
        team.put(json.dumps({"repos": repos}), ".pre-commit-config.yaml")  # JSON is YAML

    configure([])
    built = pre_commit("install-hooks")
    if built.returncode and UNREACHABLE.search(built.stdout + built.stderr):
        pytest.skip("pre-commit cannot build the hook's environment without the package index")
    assert built.returncode == 0, built.stdout + built.stderr
    assert run("git", "commit", "-q", "-m", "Gate templates", cwd=team.folder).returncode == 0
    assert pre_commit("install").returncode == 0

    def commit() -> subprocess.CompletedProcess[str]:
        return run("git", "commit", "-m", "Change the template", cwd=team.folder, **settings)

    team.put(DEFECT)
    red = commit()
    assert red.returncode == 1, red.stdout + red.stderr
    assert "Failed" in red.stderr
    assert "PTL101" in red.stderr
    written = run(
        sys.executable, "-m", "portable_tpl", "check", "--write-baseline", "known.json", ".", cwd=team.folder
    )
    assert written.returncode == 0
    git("add", "known.json", cwd=team.folder)
    configure(["--baseline", "known.json"])
    assert "Passed" in (green := commit()).stderr, green.stdout + green.stderr
    team.put("{# a licence #}\n\n" + DEFECT)
    assert "Passed" in (moved := commit()).stderr, moved.stdout + moved.stderr
    team.put("{# a licence #}\n\n" + DEFECT + SECOND)
    assert (again := commit()).returncode == 1
    assert again.stderr.count("error PTL101") == 1
