"""Input that goes wrong: each in one clear line, with the right status, and never with a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import STRIP, Cli

MESSAGE = '[{"role": "user", "content": "x"}]'

UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "binary": ("b.jinja", bytes(range(256)) * 8, "binary file"),
    "no UTF-8": ("l.jinja", b"caf\xe9 {{ messages }}", "not UTF-8"),
    "empty": ("e.jinja", b"", "empty"),
    "white space": ("w.jinja", b" \n", "empty"),
    "JSON without a template": ("tokenizer_config.json", b'{"bos_token": "<s>"}', "no chat template"),
    "JSON that is none": ("chat_template.json", b'{"chat_template": ', "JSON"),
    "JSON too deep": ("deep.json", b'{"chat_template":' + b"[" * 100_000, "nested too deeply"),
    "a template that is no text": ("n.json", b'{"chat_template": 3}', "chat_template"),
    "GGUF cut short": ("g.gguf", b"GGUF\x03\x00\x00\x00", "GGUF"),
}

UNPARSABLE: dict[str, tuple[str, str]] = {
    "unclosed": ("{% for m in messages %}{{ m.content", "end of print statement"),
    "unknown tag": ("{% frob %}", "frob"),
    "two blocks of one name": ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "block 'a'"),
    "brackets": ("{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}", "nested too deeply"),
    "ifs": ("{% if x %}" * 3000 + "{% endif %}" * 3000, "nested too deeply"),
    "sums": ("{{ " + " + ".join(["x"] * 3000) + " }}", "nested too deeply"),
    "filters": ("{{ x" + "|trim" * 5000 + " }}", "nested too deeply"),
    "loops": ("{% for a in messages %}" * 25 + "{% endfor %}" * 25, "nested"),
    "a stray break": ("{% break %}", "break"),
}

RUNAWAYS = {
    "a huge range": ("{% for i in range(100000000) %}{{ i }}{% endfor %}", "Range too big"),
    "macros without an end": ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "recursion"),
    "a division": ("{{ messages|length // 0 }}", "by zero"),
}


@pytest.mark.parametrize("command", ["check", "fix", "compare", "render"])
@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_files(cli: Cli, folder: Path, case: str, command: str) -> None:
    name, data, words = UNREADABLE[case]
    (folder / name).write_bytes(data)
    more = ["--messages", "messages.json"] if command == "render" else ["-t", "minijinja"]
    result = cli(command, name, *more)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert result.lines[0].startswith(f"portable-tpl: error: {name}:")
    assert words in result.stderr
    assert (folder / name).read_bytes() == data


@pytest.mark.parametrize("case", UNPARSABLE)
def test_templates_that_the_reference_does_not_accept(cli: Cli, folder: Path, case: str) -> None:
    text, words = UNPARSABLE[case]
    (folder / "u.jinja").write_text(text)
    for command in ("check", "fix"):
        result = cli(command, "u.jinja", "-t", "minijinja")
        assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
        assert result.lines[0].startswith("portable-tpl: error: u.jinja")
        assert words in result.stderr
    assert (folder / "u.jinja").read_text() == text


@pytest.mark.parametrize("text", ["{{ x|nofilter }}", "{{ x is notest }}", "{{ nomacro(x) }}"])
def test_a_name_that_exists_nowhere_is_a_finding_and_ends_no_run(cli: Cli, folder: Path, text: str) -> None:
    (folder / "u.jinja").write_text(text)
    for command in (("check",), ("fix",), ("audit", "--examples", "5")):
        result = cli(*command, "u.jinja", "plain.jinja", "-t", "minijinja", "--format", "json", "--ignore", "REL102")
        assert (result.status, result.stderr) == (1, "")
        (finding,) = [each for each in result.json["templates"][0]["findings"] if each["code"] == "REL116"]
        assert finding["severity"] == "error"
        assert "no" in finding["message"]
    assert result.json["templates"][0]["verdicts"] == {"minijinja": "unknown"}
    assert result.json["templates"][1]["verdicts"] == {"minijinja": "portable"}
    assert cli("check", "u.jinja", "-t", "minijinja", "--ignore", "REL116").status == 0
    assert (folder / "u.jinja").read_text() == text


@pytest.mark.parametrize("case", ["unclosed", "two blocks of one name", "sums"])
def test_engines_are_not_asked_about_them(cli: Cli, folder: Path, case: str) -> None:
    text, words = UNPARSABLE[case]
    (folder / "u.jinja").write_text(text)
    for arguments in (("audit", "-t", "minijinja"), ("render", "--conversation", MESSAGE)):
        result = cli(arguments[0], "u.jinja", *arguments[1:])
        assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
        assert words in result.stderr


@pytest.mark.parametrize("case", RUNAWAYS)
def test_templates_that_never_print(cli: Cli, folder: Path, case: str) -> None:
    text, words = RUNAWAYS[case]
    (folder / "r.jinja").write_text(text)
    assert cli("check", "r.jinja", "-t", "minijinja").status in (0, 1)
    rendered = cli("render", "r.jinja", "--conversation", MESSAGE)
    assert (rendered.status, rendered.stdout, len(rendered.lines)) == (1, b"", 1)
    assert words in rendered.stderr
    compared = cli("compare", "r.jinja", "-t", "minijinja", "--examples", "5", "--format", "json")
    assert (compared.status, compared.stderr) == (1, "")
    (template,) = compared.json["templates"]
    (failure,) = template["comparison"]["reference_failures"]
    assert failure["cases"] == template["comparison"]["cases"]
    assert words in failure["reference"]["error"]


def test_a_template_that_never_prints_is_portable_to_nothing(cli: Cli, folder: Path) -> None:
    (folder / "r.jinja").write_text(RUNAWAYS["a division"][0])
    data = cli("compare", "r.jinja", "-t", "minijinja", "--examples", "5", "--format", "json").json
    (template,) = data["templates"]
    assert template["verdicts"] == {"minijinja": "unknown"}
    assert template["comparison"]["targets"]["minijinja"]["identical"] == 0


def test_a_large_template(cli: Cli, folder: Path) -> None:
    (folder / "text.jinja").write_text("x" * 2_000_000)
    assert cli("check", "text.jinja", "-t", "minijinja-strict").status == 0
    (folder / "large.jinja").write_text(STRIP * 500)
    result = cli("check", "large.jinja", "-t", "minijinja-strict", "--format", "json")
    assert result.status == 1
    assert len(result.json["templates"][0]["findings"]) == 500


@pytest.mark.parametrize(
    "text, words",
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('[{"role": "user", "content": ' + "9" * 5000 + "}]", "a number of too many digits"),
        ("{", "not valid JSON"),
        ("3", "expected a JSON object with a 'messages' list, found a number"),
        ('{"messages": [3]}', "'messages'[0] must be an object"),
        ('{"messages": [], "mesages": []}', "unknown key 'mesages'"),
        ('{"messages": [], "clock": "noon"}', "'clock'"),
        ('{"messages": [], "special_tokens": {"bos_token": 1}}', "'special_tokens'"),
    ],
)
def test_conversations_that_are_none(cli: Cli, folder: Path, text: str, words: str) -> None:
    (folder / "c.json").write_text(text)
    result = cli("render", "strip.jinja", "--messages", "c.json")
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert result.lines[0].startswith("portable-tpl: error: c.json: ")
    assert words in result.stderr


def test_bad_lines_of_conversations_are_named(cli: Cli, folder: Path) -> None:
    good = json.dumps({"messages": json.loads(MESSAGE)})
    (folder / "c.jsonl").write_text(f'{good}\n\n{{"messages": 3}}\n')
    for arguments in (
        ("compare", "strip.jinja", "-t", "minijinja", "--conversations", "c.jsonl"),
        ("render", "strip.jinja", "--input", "c.jsonl", "--output", "out.jsonl"),
    ):
        result = cli(*arguments)
        assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
        assert "c.jsonl:3: 'messages' must be a list of objects" in result.stderr
    assert not (folder / "out.jsonl").exists()
    (folder / "c.jsonl").write_text("\n")
    assert "holds no conversation" in cli("render", "strip.jinja", "--input", "c.jsonl").stderr


@pytest.mark.parametrize("arguments", ["check -", "render plain.jinja --messages -", "render plain.jinja --input -"])
def test_a_closed_standard_input_is_an_empty_one(folder: Path, arguments: str) -> None:
    command = [sys.executable, "-m", "portable_tpl", *arguments.split()]
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(closed, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    "arguments", ["check strip.jinja", "check strip.jinja --format json", "targets list", "explain PTL101", "--help"]
)
def test_a_report_for_a_closed_standard_output_is_not_lost_in_silence(folder: Path, arguments: str) -> None:
    command = [sys.executable, "-m", "portable_tpl", *arguments.split()]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(closed, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done


def test_a_report_for_a_file_needs_no_standard_streams(folder: Path) -> None:
    command = [sys.executable, "-m", "portable_tpl", "check", "strip.jinja", "--output", "report.txt"]
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(closed, cwd=folder, check=False, timeout=60).returncode == 0
    assert "PTL101" in (folder / "report.txt").read_text()


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_one_clear_line(cli: Cli, folder: Path, word: str) -> None:
    conversation = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "variables": {"x": "__"}})
    (folder / "c.jsonl").write_text(conversation.replace('"__"', word) + "\n")
    for arguments in (
        ("render", "plain.jinja", "--messages", "c.jsonl"),
        ("render", "plain.jinja", "--conversation", "[]", "--var", f"x={word}"),
        ("compare", "plain.jinja", "--conversations", "c.jsonl"),
    ):
        done = cli(*arguments)
        assert (done.status, len(done.lines)) == (2, 1), done
        assert word in done.stderr
        assert "JSON" in done.stderr


def test_a_number_that_json_can_say_and_no_double_can_hold_is_what_python_reads(cli: Cli, folder: Path) -> None:
    (folder / "x.jinja").write_text("{{ x }} {{ x | tojson }}")
    assert cli("render", "x.jinja", "--messages", "messages.json", "--var", "x=1e999").out == "inf Infinity"
