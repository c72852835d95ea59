"""Whatever cannot be opened ends in one line that says what, where and what to do."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import discover, open_container, read_input

FILES: list[tuple[str, str, bytes, str]] = [
    ("empty file", "a.jinja", b"", "the file is empty"),
    ("empty JSON file", "tokenizer_config.json", b"", "the file is empty"),
    ("only white space", "a.jinja", b" \n\t\n", "the template is empty"),
    ("image", "a.jinja", b"\x89PNG\r\n\x1a\n\x00\x00", "a binary file"),
    ("latin-1", "a.jinja", b"caf\xe9 {{ x }}", "not UTF-8 text (byte 0xe9 at offset 3)"),
    ("utf-16", "a.jinja", "{{ x }}".encode("utf-16"), "a binary file"),
    ("broken JSON", "tokenizer_config.json", b'{\n  "chat_template": "x"\n;}', ":3:1: not valid JSON"),
    ("raw newline in JSON", "chat_template.json", b'{"chat_template": "a\nb"}', ":1:21: not valid JSON"),
    ("JSON list", "chat_template.json", b'["a"]', "a JSON object with the key 'chat_template' is expected"),
    ("no template", "tokenizer_config.json", b'{"bos_token": "<s>"}', "the key 'chat_template' is missing or null"),
    ("null", "tokenizer_config.json", b'{"chat_template": null}', "the key 'chat_template' is missing or null"),
    ("a number", "tokenizer_config.json", b'{"chat_template": 3}', "must be a string, a list or an object, not a number"),
    ("empty string", "tokenizer_config.json", b'{"chat_template": ""}', "the template is empty"),
    ("empty list", "tokenizer_config.json", b'{"chat_template": []}', "an empty list"),
    ("empty object", "tokenizer_config.json", b'{"chat_template": {}}', "an empty object"),
    ("list of strings", "tokenizer_config.json", b'{"chat_template": ["a"]}', "chat_template[0] must be an object"),
    ("no name", "tokenizer_config.json", b'{"chat_template": [{"template": "a"}]}', "with 'name' and 'template'"),
    ("not a text", "tokenizer_config.json", b'{"chat_template": {"rag": [1]}}', "'rag' in 'chat_template' must be a string"),
    ("too deep", "a.json", b'{"chat_template": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ("GGUF that stops", "a.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 9), "stops in the middle"),
    ("GGUF with huge length", "a.gguf", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63), "stops in the middle"),
    ("GGUF of version 9", "a.gguf", b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9 is not 2 or 3"),
    ("no GGUF", "a.gguf", b"something else", "does not begin with GGUF"),
    ("GGUF without template", "a.bin", b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "no chat template in this GGUF file"),
]  # fmt: skip


def one_line(error: pytest.ExceptionInfo[SourceError], path: str) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(path)
    return message


@pytest.mark.parametrize("name,data,expected", [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_files(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError) as error:
        open_container(str(path))
    assert expected in one_line(error, str(path))


@pytest.mark.parametrize(
    "path", ["missing.jinja", "no/such/folder/a.jinja", "missing", "./a/b", "no such/model", "a/b/c", "a/b.json"]
)
def test_missing_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as error:
        open_container(path)
    assert "no such file or folder" in one_line(error, path)


def test_a_missing_file_in_a_folder_of_ours_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    with pytest.raises(SourceError, match=r"^corpus/typo: no such file or folder$"):
        open_container("corpus/typo")


def test_an_empty_path_and_an_impossible_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="an empty path"):
        open_container("")
    with pytest.raises(SourceError):
        open_container("a\0b.jinja")


def test_a_folder_without_templates(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.jinja").write_text("x")
    with pytest.raises(SourceError) as error:
        open_container(str(tmp_path))
    assert "no template in this folder" in one_line(error, str(tmp_path))


def test_a_folder_with_a_broken_configuration_says_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"a":')
    with pytest.raises(SourceError) as error:
        open_container(str(tmp_path))
    with pytest.raises(SourceError) as of_the_file:
        open_container(str(tmp_path / "tokenizer_config.json"))
    assert str(error.value) == str(of_the_file.value)
    assert "not valid JSON" in str(error.value)


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything, so the system's answer is given here

        def denied(*_: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(SourceError, match="permission denied"):
        open_container(str(path))


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with path.open("wb") as stream:
        stream.truncate(65 * 1024 * 1024)
    with pytest.raises(SourceError, match="larger than 64 MB"):
        open_container(str(path))


def test_an_unknown_name(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer_config.json"
    path.write_text('{"chat_template": [{"name": "a", "template": "A"}, {"name": "b", "template": "B"}]}')
    with pytest.raises(SourceError, match=r"no template named 'tool_use'; it holds: a, b$"):
        open_container(str(path)).template("tool_use")


def test_other_input(tmp_path: Path) -> None:
    path = tmp_path / "messages.json"
    path.write_bytes("\ufeff[]\r\n".encode())
    assert read_input(str(path)) == "[]\r\n"
    path.write_bytes(b"")
    assert read_input(str(path)) == ""
    path.write_bytes(b"[\xff]")
    with pytest.raises(SourceError, match=r"not UTF-8 text \(at offset 1\)"):
        read_input(str(path))
    with pytest.raises(SourceError, match="no such file"):
        read_input(str(tmp_path / "none"))


def test_standard_input_errors() -> None:
    with pytest.raises(SourceError, match=r"^standard input: the file is empty"):
        open_container("-", io.BytesIO(b""))


def test_discovery_goes_on_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jinja").write_text("A")
    (tmp_path / "b.jinja").write_bytes(b"\0")
    (tmp_path / "c.jinja").write_text("C")
    errors: list[SourceError] = []
    found = discover([str(tmp_path), str(tmp_path / "none.jinja")], on_error=errors.append)
    assert [one.templates[0].text for one in found] == ["A", "C"]
    assert [Path(str(error).split(":")[0]).name for error in errors] == ["b.jinja", "none.jinja"]
    with pytest.raises(SourceError, match="binary"):
        discover([str(tmp_path)])
