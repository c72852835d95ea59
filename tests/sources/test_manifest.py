"""The manifest of known hub templates: facts in a fixed shape, and fetching by them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.model.source import Template
from portable_tpl.sources import hub, manifest
from portable_tpl.sources._container import Container


def test_the_entries_are_sound() -> None:
    entries = manifest.known_templates()
    assert len(entries) > 500
    assert len({entry.slug for entry in entries}) == len(entries)
    assert len({entry.sha256 for entry in entries}) == len(entries)
    assert [entry.slug for entry in entries] == sorted(entry.slug for entry in entries)
    for entry in entries:
        assert len(entry.sha256) == 64
        assert entry.size > 0
        assert entry.kind in ("chat", "rerank/embed")
        assert entry.licenses
        assert all(hub.is_hub_id(model) for model in entry.models)
        assert set(entry.special_tokens) <= {"bos_token", "eos_token"}
        assert "://" not in entry.found_in


def test_the_entries_are_those_of_the_real_templates(corpus_templates: list[Template]) -> None:
    known = {entry.slug: entry for entry in manifest.known_templates()}
    for template in corpus_templates:
        entry = known[Path(template.path or "").stem]
        assert (entry.sha256, entry.size) == (template.sha256, len(template.text.encode())), entry.slug


def entry(text: str, *models: str) -> manifest.Entry:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return manifest.Entry("org--name", digest, len(text), "chat", models, ("MIT",), "a/b:c@d")


def serve(monkeypatch: pytest.MonkeyPatch, models: dict[str, list[str]]) -> None:
    def open_hub(model: str) -> Container:
        if model not in models:
            raise SourceError(f"{model}: not there")
        templates = tuple(Template(text, str(index), model) for index, text in enumerate(models[model]))
        return Container(model, "model", templates, ())

    monkeypatch.setattr(hub, "open_hub", open_hub)


def test_fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, {"a/old": ["newer"], "a/right": ["other", "wanted\r\n"]})
    folder = tmp_path / "new" / "folder"
    wanted = entry("wanted\r\n", "a/gone", "a/old", "a/right")
    found = manifest.fetch(wanted, str(folder))
    assert found == manifest.Fetched(wanted, "fetched", str(folder / "org--name.jinja"))
    assert (folder / "org--name.jinja").read_bytes() == b"wanted\r\n"
    monkeypatch.setattr(hub, "open_hub", None)
    assert manifest.fetch(wanted, str(folder)).status == "present"


def test_what_has_changed_and_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, {"a/old": ["newer"]})
    found = manifest.fetch(entry("wanted", "a/gone", "a/old"), str(tmp_path))
    assert (found.status, (tmp_path / "org--name.jinja").read_text()) == ("changed", "newer")
    assert manifest.fetch(entry("x", "a/gone"), str(tmp_path)).reason == "a/gone: not there"
    assert manifest.fetch(entry("x"), str(tmp_path)).reason == "not on the hub; found in a/b:c@d"


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, {"a/b": ["x"]})
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be made"):
        manifest.fetch(entry("x", "a/b"), str(tmp_path / "file" / "sub"))
