"""Models on the hub, with a client that needs no network."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import open_container
from portable_tpl.sources.hub import is_hub_id


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A stand-in for huggingface_hub, without a network."""
    names = ("GatedRepoError", "RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError")
    errors = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in names})
    fake = SimpleNamespace(errors=errors, utils=SimpleNamespace(disable_progress_bars=lambda: None), calls=[])

    def snapshot_download(repo: str, revision: str | None = None, allow_patterns: list[str] | None = None) -> str:
        fake.calls.append((repo, revision, allow_patterns))
        if isinstance(fake.answer, Exception):
            raise fake.answer
        return str(fake.answer)

    fake.snapshot_download = snapshot_download
    fake.answer = tmp_path / "snapshot"
    fake.answer.mkdir()
    monkeypatch.setitem(sys.modules, "huggingface_hub", fake)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    monkeypatch.setitem(sys.modules, "huggingface_hub.utils", fake.utils)
    monkeypatch.chdir(tmp_path)
    return fake


def test_a_model(client: Any) -> None:
    (client.answer / "chat_template.jinja").write_text("J")
    (client.answer / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<b>", "chat_template": "C"}))
    container = open_container("org/name@refs/pr/1")
    (template,) = container.templates
    assert (template.text, template.path, template.special_tokens) == (
        "J",
        "org/name@refs/pr/1",
        {"bos_token": "<b>"},
    )
    assert [one.files for one in container.conflicts] == [("chat_template.jinja", "tokenizer_config.json")]
    (repo, revision, patterns) = client.calls[0]
    assert (repo, revision) == ("org/name", "refs/pr/1")
    assert "*.gguf" not in patterns
    assert "tokenizer.json" not in patterns
    with pytest.raises(SourceError, match="cannot be changed in place"):
        container.replace("default", "x")
    assert (client.answer / "chat_template.jinja").read_text() == "J"
    assert container.new_bytes({"default": "x"}) == b"x"


def test_a_local_path_wins(client: Any) -> None:
    Path("org").mkdir()
    Path("org/name").write_text("local")
    assert open_container("org/name").templates[0].text == "local"
    assert client.calls == []


@pytest.mark.parametrize(
    "error,expected",
    [
        ("GatedRepoError", "is gated"),
        ("RepositoryNotFoundError", "no such public model"),
        ("RevisionNotFoundError", "has no revision 'r'"),
        ("HFValidationError", "not a valid hub id"),
        (ConnectionError("offline\nmode"), "cannot be reached"),
        (PermissionError(13, "Permission denied"), "cache cannot be written"),
    ],
)
def test_failures_are_one_line(client: Any, error: str | Exception, expected: str) -> None:
    client.answer = getattr(client.errors, error)("a\nb") if isinstance(error, str) else error
    with pytest.raises(SourceError) as raised:
        open_container("org/name@r")
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_model_without_a_template(client: Any) -> None:
    with pytest.raises(SourceError, match=r"^org/name: this model has no chat template"):
        open_container("org/name")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("huggingface_hub"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SourceError, match=r"no such file or folder.*pip install 'portable-tpl\[hub\]'$"):
        open_container("org/name")


def test_the_real_client_has_what_is_used() -> None:
    real = pytest.importorskip("huggingface_hub")
    pytest.importorskip("huggingface_hub.utils")
    errors = pytest.importorskip("huggingface_hub.errors")
    assert callable(real.snapshot_download)
    assert callable(real.utils.disable_progress_bars)
    for name in ("GatedRepoError", "RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"):
        assert issubclass(getattr(errors, name), Exception)
    assert issubclass(errors.GatedRepoError, errors.RepositoryNotFoundError)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("a/b", True),
        ("a-b.c/D_1@main", True),
        ("a/b@refs/pr/2", True),
        ("a/b/c", False),
        ("/a/b", False),
        ("a", False),
    ],
)
def test_the_form_of_an_id(text: str, expected: bool) -> None:
    assert is_hub_id(text) is expected
