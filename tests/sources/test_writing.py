"""A file is replaced whole or not at all, and keeps what is not its text."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import discover, open_container


def test_newlines_and_byte_order_mark_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_bytes("\ufeffone\r\ntwo\rthree\n\n".encode())
    container = open_container(str(path))
    assert container.templates[0].text == "\ufeffone\r\ntwo\rthree\n\n"
    container.replace("default", container.templates[0].text.replace("two", "2"))
    assert path.read_bytes() == "\ufeffone\r\n2\rthree\n\n".encode()


def test_permission_bits_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    path.chmod(0o640)
    open_container(str(path)).replace("default", "y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.jinja"
    target.write_text("x")
    link = tmp_path / "link.jinja"
    link.symlink_to(Path("real") / "a.jinja")
    open_container(str(link)).replace("default", "y")
    assert link.is_symlink()
    assert target.read_text() == "y"


def test_nothing_is_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x" * 100)
    container = open_container(str(path))

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        container.replace("default", "y")
    assert path.read_text() == "x" * 100
    assert list(tmp_path.iterdir()) == [path]


def test_two_files_are_prepared_before_either_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chat_template.jinja").write_text("same")
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "same"}')
    container = open_container(str(tmp_path))
    real = os.fsync
    calls: list[int] = []

    def fail_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(SourceError):
        container.replace("default", "new")
    assert (tmp_path / "chat_template.jinja").read_text() == "same"
    assert "same" in (tmp_path / "tokenizer_config.json").read_text()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    container = open_container(str(path))
    path.write_text("somebody else's")
    with pytest.raises(SourceError, match="changed on disk since it was read"):
        container.replace("default", "y")
    assert path.read_text() == "somebody else's"


def test_output_elsewhere_leaves_the_source(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jinja", tmp_path / "out.jinja"
    path.write_text("x")
    container = open_container(str(path))
    assert container.write({"default": "y"}, output=str(output)) == (str(output),)
    assert (path.read_text(), output.read_text()) == ("x", "y")
    container.write({}, output=str(output))
    assert output.read_text() == "x"
    with pytest.raises(SourceError, match="is a folder"):
        container.write({"default": "y"}, output=str(tmp_path))
    with pytest.raises(SourceError, match="cannot be written"):
        container.write({"default": "y"}, output=str(tmp_path / "none" / "out"))


def test_a_read_only_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    path.chmod(0o444)
    if os.geteuid() == 0:  # root may write everything, so the system's answer is given here
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SourceError, match="read-only"):
        open_container(str(path)).replace("default", "y")


def test_a_lone_surrogate_cannot_be_stored_raw_but_can_in_json(tmp_path: Path) -> None:
    raw, packed = tmp_path / "a.jinja", tmp_path / "tokenizer_config.json"
    raw.write_text("x")
    packed.write_text('{"chat_template": "x"}')
    with pytest.raises(SourceError, match="lone surrogate"):
        open_container(str(raw)).replace("default", "\ud800")
    assert raw.read_text() == "x"
    open_container(str(packed)).replace("default", "\ud800")
    assert packed.read_text() == '{"chat_template": "\\ud800"}'


def test_writing_to_a_device(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    open_container(str(path)).write({"default": "y"}, output=os.devnull)
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    "data,kind,tokens",
    [
        (b"{{ x }}\r\n", "jinja", {}),
        (b'{"not": json}\n', "jinja", {}),
        (b'{"chat_template": "{{ x }}\\r\\n", "bos_token": "<s>"}', "tokenizer", {"bos_token": "<s>"}),
    ],
)
def test_standard_input(data: bytes, kind: str, tokens: dict[str, Any]) -> None:
    container = open_container("-", io.BytesIO(data))
    template = container.templates[0]
    assert template.path == "-"
    assert template.special_tokens == tokens
    if kind == "tokenizer":
        assert template.text == "{{ x }}\r\n"
    assert container.new_bytes({}) == data
    with pytest.raises(SourceError, match="standard input cannot be written"):
        container.replace("default", "y")


def test_a_container_named_twice_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jinja").write_text("x")
    assert len(discover(["a.jinja", "./a.jinja", "."])) == 1
