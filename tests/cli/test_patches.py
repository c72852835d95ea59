"""``fix --diff | git apply`` does what ``fix`` does, for every kind of container and of name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PLAIN, STRIP, Cli

STRICT = ("-t", "minijinja-strict")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def model(folder: Path, **files: object) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json").replace("_jinja", ".jinja")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False))


NAMED = [{"name": "default", "template": PLAIN + STRIP}, {"name": "tool_use", "template": STRIP}]


@pytest.mark.parametrize(
    "path, files",
    [
        ("a.jinja", {"a_jinja": PLAIN + "\n" + STRIP}),
        ("a.jinja", {"a_jinja": STRIP + "\n"}),
        ("a.jinja", {"a_jinja": (PLAIN + "\n\n\n" + STRIP + "\n").replace("\n", "\r\n")}),
        ("sub/a.jinja", {"sub__a_jinja": "é\x0c\x85\u2028\n" + STRIP}),
        ("tokenizer_config.json", {"tokenizer_config_json": {"x": "é", "chat_template": STRIP, "y": [1, 2]}}),
        ("tokenizer_config.json", {"tokenizer_config_json": {"chat_template": NAMED}}),
        ("chat_template.json", {"chat_template_json": {"chat_template": STRIP}}),
        ("processor_config.json", {"processor_config_json": {"image_size": 3, "chat_template": STRIP}}),
        ("m", {"m__tokenizer_config_json": {"chat_template": STRIP}, "m__config_json": {}}),
        ("m", {"m__chat_template_jinja": STRIP, "m__additional_chat_templates__rag_jinja": PLAIN + STRIP}),
        (".", {"chat_template_jinja": STRIP, "tokenizer_config_json": {"chat_template": STRIP}, "config_json": {}}),
        ("folder", {"folder__one_jinja": STRIP, "folder__two_jinja": PLAIN, "folder__deep__three_jinja": STRIP}),
    ],
)
def test_the_patch_does_what_fix_does(cli: Cli, folder: Path, path: str, files: dict[str, object]) -> None:
    for each in ("strip.jinja", "plain.jinja", "unclosed.jinja"):
        (folder / each).unlink()
    model(folder, **files)
    before = tree(folder)
    shown = cli("fix", path, *STRICT, "--diff")
    assert shown.status == 1
    assert tree(folder) == before
    assert cli("fix", path, *STRICT).status == 0
    fixed = tree(folder)
    assert fixed != before
    for name, data in before.items():
        (folder / name).write_bytes(data)
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=folder, input=shown.stdout, check=True)
    assert tree(folder) == fixed


@pytest.mark.parametrize(
    "name", ["with space.jinja", 'quo"te.jinja', "back\\slash.jinja", "tab\there.jinja", "é漢.jinja"]
)
def test_any_name_can_be_patched(cli: Cli, folder: Path, name: str) -> None:
    (folder / name).write_text(STRIP)
    shown = cli("fix", name, *STRICT, "--diff")
    subprocess.run(["git", "apply"], cwd=folder, input=shown.stdout, check=True)
    assert (folder / name).read_text() == STRIP.replace(".strip()", "|trim")


def test_a_binary_file_is_said_to_have_no_patch(cli: Cli, folder: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="needs the extra llamacpp")
    writer = gguf.GGUFWriter(str(folder / "m.gguf"), "llama")
    writer.add_chat_template(STRIP)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    shown = cli("fix", "m.gguf", *STRICT, "--diff")
    assert shown.out == ""
    assert "m.gguf: a binary file has no patch" in shown.stderr
