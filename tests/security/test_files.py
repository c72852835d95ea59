"""Files of strangers: each is one line and exit status 2, and the other templates of the run are still reported."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import discover, open_container, replace_files

GOOD = "{{ messages[0].content.strip() }}"
GGUF = b"GGUF" + struct.pack("<I", 3)


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", kind) + value


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def _model(*pairs: bytes, tensors: int = 0) -> bytes:
    return GGUF + struct.pack("<QQ", tensors, len(pairs)) + b"".join(pairs)


TEMPLATE = _pair("tokenizer.chat_template", 8, _text(GOOD))


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket may have 107 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


DIGITS = b"9" * 5000
CASES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a link to itself": ("x.jinja", _loop),
    "a link to nothing": ("x.jinja", lambda path: path.symlink_to("nowhere")),
    "a named pipe": ("x.jinja", os.mkfifo),
    "a named pipe as GGUF": ("x.gguf", os.mkfifo),
    "a socket": ("x.jinja", _socket),
    "a link to a device": ("x.jinja", lambda path: path.symlink_to("/dev/zero")),
    "UTF-16": ("x.jinja", _bytes(GOOD.encode("utf-16"))),
    "a number of 5,000 digits": (
        "m/tokenizer_config.json",
        _bytes(b'{"chat_template": "x", "model_max_length": ' + DIGITS + b"}"),
    ),
    "a pipe for a configuration": ("m/tokenizer_config.json", os.mkfifo),
    "deep JSON": ("m/tokenizer_config.json", _bytes(b'{"chat_template": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "alignment of 2 to the 31": (
        "x.gguf",
        _bytes(_model(_pair("general.alignment", 4, struct.pack("<I", 1 << 31)), TEMPLATE)),
    ),
    "alignment of 0": ("x.gguf", _bytes(_model(_pair("general.alignment", 4, struct.pack("<I", 0)), TEMPLATE))),
    "alignment of 24": ("x.gguf", _bytes(_model(_pair("general.alignment", 4, struct.pack("<I", 24)), TEMPLATE))),
    "a count that lies": ("x.gguf", _bytes(GGUF + struct.pack("<QQ", 0, 2**63) + TEMPLATE)),
    "tensors that are not there": ("x.gguf", _bytes(_model(TEMPLATE, tensors=2**40))),
    "a length that lies": (
        "x.gguf",
        _bytes(_model(_pair("tokenizer.chat_template", 8, struct.pack("<Q", 2**63 - 1)))),
    ),
    "an unknown type": ("x.gguf", _bytes(_model(_pair("a", 99, b""), TEMPLATE))),
    "a template that is a number": ("x.gguf", _bytes(_model(_pair("tokenizer.chat_template", 4, bytes(4))))),
    "arrays in arrays": (
        "x.gguf",
        _bytes(_model(_pair("a", 9, struct.pack("<IQ", 9, 1) * 9), TEMPLATE)),
    ),
    "a vocabulary that lies": (
        "x.gguf",
        _bytes(_model(_pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2**60)), TEMPLATE)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_bad_file_is_one_line(name: str, tmp_path: Path) -> None:
    file, make = CASES[name]
    bad = tmp_path / file
    bad.parent.mkdir(exist_ok=True)
    make(bad)
    (tmp_path / "good.jinja").write_text(GOOD)
    problems: list[SourceError] = []
    found = discover([str(tmp_path)], on_error=problems.append)
    assert [os.path.basename(each.path) for each in found] == ["good.jinja"]
    assert len(problems) == 1, problems
    words = str(problems[0])
    assert "\n" not in words
    assert words.startswith(str(bad.parent)), words


def test_the_run_goes_on_and_its_status_is_2(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jinja")
    (tmp_path / "good.jinja").write_text(GOOD)
    (tmp_path / "x.jinja").mkdir()  # a folder called so is a folder
    (tmp_path / "x.jinja" / "inner.jinja").write_text(GOOD)
    command = [sys.executable, "-m", "portable_tpl", "check", ".", "--format", "json"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert [each["path"] for each in json.loads(result.stdout)["templates"]] == [
        "./good.jinja",
        "./x.jinja/inner.jinja",
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "good.jinja").write_text(GOOD)
    problems: list[SourceError] = []
    assert len(discover([str(tmp_path)], on_error=problems.append)) == 1
    assert len(problems) == 1


def test_folders_may_be_very_deep(tmp_path: Path) -> None:
    deep = str(tmp_path)
    try:
        for _ in range(1500):
            deep = os.path.join(deep, "d")
            os.mkdir(deep)
        Path(deep, "a.jinja").write_text(GOOD)
        assert [each.path for each in discover([str(tmp_path)])] == [os.path.join(deep, "a.jinja")]
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # deeper than Python's own removal goes


def test_no_link_that_leaves_the_folder_is_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    outside = tmp_path / "outside.jinja"
    outside.write_text(GOOD)
    link = tmp_path / "mine" / "a.jinja"
    link.symlink_to(outside)
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(SourceError, match="a link to a file elsewhere"):
        open_container("a.jinja").replace("default", "y")
    assert outside.read_text() == GOOD


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from portable_tpl.sources import replace_files\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "replace_files({sys.argv[1]: [b'new']})\n"
    )
    path = tmp_path / ("a" * 250)  # as long as a name may be
    path.write_text("old")
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    replace_files({str(path): [b"new"]})
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    replace_files({str(path): [b"new"]})
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(SourceError, match="belongs to another user"):
        replace_files({str(path): [b"newer"]})
    assert path.read_text() == "new"


def _fix(folder: Path, shell: str) -> subprocess.CompletedProcess[str]:
    (folder / "a.jinja").write_text("{% for k, v in x.items() %}{{ k.strip() }}{% endfor %}")
    line = f"{sys.executable} -m portable_tpl fix a.jinja --target minijinja-strict {shell}"
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120)


def test_output_to_a_pipe_of_the_shell(tmp_path: Path) -> None:
    result = _fix(tmp_path, "-o >(cat > through.txt); sleep 0.5; cat through.txt")
    assert "{% for" in result.stdout, result.stderr
    result = _fix(tmp_path, "-o /dev/stdout > whole.txt; cat whole.txt")
    assert "{% for" in result.stdout, result.stderr


@pytest.mark.parametrize("name", ["a.jinja", "./a.jinja", "link.jinja"])
def test_output_onto_the_input_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "link.jinja").symlink_to("a.jinja")
    result = _fix(tmp_path, f"-o {name}")
    assert result.returncode == 2
    assert "is the input" in result.stderr
