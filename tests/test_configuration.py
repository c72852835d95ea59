"""The configuration file: where it is found, what it may hold, and what is said about what it may not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portable_tpl.configuration import Configuration, load_configuration
from portable_tpl.model.errors import ConfigError

FULL = """\
targets = ["minijinja@2.8.0", "hf-jinja"]
select = ["PTL1"]
ignore = ["PTL305"]
provided = ["now"]
examples = 50
seed = 7
min-branch-coverage = 0.9
baseline = "ci/baseline.json"

[{table}per-file-ignores]
"old/*.jinja" = ["PTL101", "PTL102"]
"legacy.jinja" = ["PTL102"]
"""


def section(text: str) -> str:
    return "[tool.portable-tpl]\n" + text.replace("{table}", "tool.portable-tpl.")


@pytest.mark.parametrize("name", ["portable-tpl.toml", "pyproject.toml", "other.toml"])
def test_every_key(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(section(FULL) if name == "pyproject.toml" else FULL.replace("{table}", ""))
    found = load_configuration(str(path)) if name == "other.toml" else load_configuration(folder=str(tmp_path))
    assert found == Configuration(
        path=str(path),
        targets=("minijinja@2.8.0", "hf-jinja"),
        select=("PTL1",),
        ignore=("PTL305",),
        per_file_ignores={"old/*.jinja": ("PTL101", "PTL102"), "legacy.jinja": ("PTL102",)},
        provided=("now",),
        examples=50,
        seed=7,
        min_branch_coverage=0.9,
        baseline=str(tmp_path / "ci" / "baseline.json"),
    )


def test_nearest_file_wins_and_a_project_without_our_table_does_not_count(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "portable-tpl.toml").write_text("seed = 1\n")
    (tmp_path / "pyproject.toml").write_text(section("seed = 2\n"))
    (inner / "pyproject.toml").write_text('[project]\nname = "portable-tpl"\n[tool.other]\nseed = 3\n')
    assert load_configuration(folder=str(inner)).seed == 1
    (tmp_path / "a" / "pyproject.toml").write_text(section("seed = 4\n"))
    assert load_configuration(folder=str(inner)).seed == 4
    (inner / "pyproject.toml").write_text("this is no TOML, but nobody asked\n")
    assert load_configuration(folder=str(inner)).seed == 4


@pytest.mark.parametrize(
    "text",
    [
        "[tool.portable-tpl]\nseed = 5",
        "[ tool . portable-tpl ]\nseed = 5",
        '[tool."portable-tpl"]\nseed = 5',
        "tool.portable-tpl.seed = 5",
        "[tool]\nportable-tpl = {seed = 5}",
        "[tool]\nportable-tpl.seed = 5",
    ],
)
def test_every_spelling_of_the_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert load_configuration(folder=str(tmp_path)).seed == 5


def test_without_a_file(tmp_path: Path) -> None:
    assert load_configuration(folder=str(tmp_path)) == Configuration()


WRONG: list[tuple[str, str]] = [
    ("target = ['x']", "unknown key 'target'; did you mean targets?"),
    ("min_branch_coverage = 1", "unknown key 'min_branch_coverage'; did you mean min-branch-coverage?"),
    ("zzz = 1", "unknown key 'zzz'; known keys: targets, select"),
    ("targets = 'hf-jinja'", "'targets' must be a list of strings, found 'hf-jinja'"),
    ("targets = []", "'targets' must not be empty"),
    ("ignore = [1]", "'ignore' must be a list of strings, found [1]"),
    ("examples = -1", "'examples' must be a whole number from 0, found -1"),
    ("examples = true", "'examples' must be a whole number from 0, found True"),
    ("seed = 1.5", "'seed' must be a whole number from 0, found 1.5"),
    ("min-branch-coverage = 97", "'min-branch-coverage' must be a number from 0 to 1, found 97"),
    ("min-branch-coverage = nan", "'min-branch-coverage' must be a number from 0 to 1, found nan"),
    ("baseline = ''", "'baseline' must be a string that is not empty"),
    ("per-file-ignores = ['x']", "'per-file-ignores' must be a table"),
    ("per-file-ignores = {'a' = 'PTL101'}", "'per-file-ignores'['a'] must be a list of strings"),
    ("seed = ", "not valid TOML: "),
    ("seed = '''\n", "not valid TOML: "),
]


@pytest.mark.parametrize("text,expected", WRONG)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "portable-tpl.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_configuration(folder=str(tmp_path))
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert "\n" not in message


def test_a_file_asked_for_by_name_must_be_there_and_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_configuration(str(tmp_path / "none.toml"))
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"no table \[tool.portable-tpl\]"):
        load_configuration(str(tmp_path / "pyproject.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_configuration(str(tmp_path / "binary.toml"))


def test_per_file_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "portable-tpl.toml").write_text(FULL.replace("{table}", ""))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    found = load_configuration()
    assert found.ignored_in("../old/a.jinja") == ("PTL101", "PTL102")
    assert found.ignored_in(str(tmp_path / "old" / "deep" / "a.jinja")) == ("PTL101", "PTL102")
    assert found.ignored_in("legacy.jinja") == ("PTL102",)
    assert found.ignored_in("../old.jinja") == ()
    assert found.ignored_in("-") == ()
    assert found.ignored_in(None) == ()


def test_no_toml_parser_is_loaded_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    code = (
        "import sys\nfrom portable_tpl.configuration import load_configuration\n"
        f"load_configuration(folder={str(tmp_path)!r})\nprint({{'tomllib', 'tomli', 'difflib'}} & set(sys.modules))"
    )
    root = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, timeout=60
    )
    assert run.stdout == "set()\n"
