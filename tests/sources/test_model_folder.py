"""A model's folder gives the templates that transformers gives, and says where other programs would take others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import discover, open_container
from portable_tpl.sources.model_folder import ADDITIONAL, CONFIG, JINJA, LEGACY, PROCESSOR
from portable_tpl.sources.special_tokens import LEGACY_MAP

TOKENIZER_JSON = {
    "version": "1.0",
    "added_tokens": [],
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "<s>": 1}, "unk_token": "[UNK]"},
}


def fill(folder: Path, files: Mapping[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if name.endswith(".jinja") else json.dumps(content)
        path.write_bytes(text.encode())
    return folder


FOLDERS: dict[str, dict[str, Any]] = {
    "a string in the configuration": {CONFIG: {"chat_template": "C"}},
    "a list in the configuration": {
        CONFIG: {"chat_template": [{"name": "default", "template": "D"}, {"name": "rag", "template": "R"}]}
    },
    "a list without a default": {CONFIG: {"chat_template": [{"name": "tool_use", "template": "T"}]}},
    "one name twice": {
        CONFIG: {"chat_template": [{"name": "default", "template": "1"}, {"name": "default", "template": "2"}]}
    },
    "a file over the configuration": {CONFIG: {"chat_template": "C"}, JINJA: "J"},
    "a file over a list": {
        CONFIG: {"chat_template": [{"name": "default", "template": "D"}, {"name": "rag", "template": "R"}]},
        JINJA: "J",
    },
    "files": {CONFIG: {}, JINJA: "J", f"{ADDITIONAL}/tool_use.jinja": "T", f"{ADDITIONAL}/rag.jinja": "R"},
    "an additional file alone": {CONFIG: {"chat_template": "C"}, f"{ADDITIONAL}/tool_use.jinja": "T"},
    "an additional default": {CONFIG: {}, JINJA: "J", f"{ADDITIONAL}/default.jinja": "A"},
    "a name with dots": {CONFIG: {}, f"{ADDITIONAL}/a.b.jinja": "AB"},
    "line ends": {CONFIG: {}, JINJA: "a\r\nb\n"},
    "a processor's key beside": {CONFIG: {"chat_template": "C"}, PROCESSOR: {"chat_template": "P"}},
    "a legacy file beside": {CONFIG: {"chat_template": "C"}, LEGACY: {"chat_template": "L"}},
    "byte order mark": {CONFIG: {}, JINJA: "\ufeffJ"},
}


@pytest.mark.parametrize("files", FOLDERS.values(), ids=list(FOLDERS))
def test_the_templates_are_those_of_transformers(tmp_path: Path, files: dict[str, Any]) -> None:
    transformers = pytest.importorskip("transformers")
    fill(tmp_path, {**files, "tokenizer.json": TOKENIZER_JSON})
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(str(tmp_path))
    loaded = tokenizer.chat_template
    expected = loaded if isinstance(loaded, dict) else {"default": loaded}
    found = {one.name: one.text.replace("\r\n", "\n") for one in open_container(str(tmp_path)).templates}
    assert found == expected


PROCESSORS: dict[str, dict[str, Any]] = {
    "a legacy file": {LEGACY: {"chat_template": "L"}},
    "a processor's key": {PROCESSOR: {"chat_template": "P"}},
    "a processor's key over a legacy file": {PROCESSOR: {"chat_template": "P"}, LEGACY: {"chat_template": "L"}},
}


@pytest.mark.parametrize("files", PROCESSORS.values(), ids=list(PROCESSORS))
def test_a_processor_counts_where_the_tokenizer_has_none(tmp_path: Path, files: dict[str, Any]) -> None:
    transformers = pytest.importorskip("transformers")
    fill(tmp_path, files)
    expected = transformers.ProcessorMixin.get_processor_dict(str(tmp_path))[0]["chat_template"]
    (template,) = open_container(str(tmp_path)).templates
    assert template.text == (expected if isinstance(expected, str) else expected["default"])


CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "strings": ({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "[UNK]"}, None),
    "null and empty": ({"bos_token": None, "eos_token": ""}, None),
    "serialised tokens": ({"bos_token": {"__type": "AddedToken", "content": "<b>", "lstrip": False}}, None),
    "the model's own": ({"image_token": "<img>", "extra_special_tokens": {"boi_token": "<boi>"}}, None),
    "lists do not reach it": ({"bos_token": "<s>", "additional_special_tokens": ["<x>", "<y>"]}, None),
    "flags are no tokens": ({"add_bos_token": True, "bos_token": "<s>"}, None),
    "a legacy map over it": ({"bos_token": "<a>", "eos_token": "<e>"}, {"bos_token": {"content": "<b>"}}),
    "a legacy map not over a decoder": (
        {"bos_token": "<a>", "added_tokens_decoder": {"1": {"content": "<s>"}}},
        {"bos_token": "<b>", "pad_token": "<p>"},
    ),
    "a legacy map with more": ({}, {"pad_token": "<p>", "additional_special_tokens": ["<x>"], "cls_token": "<c>"}),
}


@pytest.mark.parametrize("config,legacy", CONFIGURATIONS.values(), ids=list(CONFIGURATIONS))
def test_special_tokens_are_those_of_transformers(
    tmp_path: Path, config: dict[str, Any], legacy: dict[str, Any] | None
) -> None:
    transformers = pytest.importorskip("transformers")
    files = {CONFIG: config, JINJA: "J", "tokenizer.json": TOKENIZER_JSON}
    fill(tmp_path, files if legacy is None else {**files, LEGACY_MAP: legacy})
    expected = transformers.PreTrainedTokenizerFast.from_pretrained(str(tmp_path)).special_tokens_map
    assert open_container(str(tmp_path)).templates[0].special_tokens == expected
    assert open_container(str(tmp_path / JINJA)).templates[0].special_tokens == expected


def test_a_file_takes_the_tokens_of_the_tokenizer_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {CONFIG: {"bos_token": "<b>"}, JINJA: "J", f"{ADDITIONAL}/rag.jinja": "R", LEGACY: {"chat_template": "L"}}
    monkeypatch.chdir(fill(tmp_path, files))
    for path in (JINJA, f"{ADDITIONAL}/rag.jinja", LEGACY, f"./{JINJA}"):
        assert open_container(path).templates[0].special_tokens == {"bos_token": "<b>"}, path
    monkeypatch.chdir(tmp_path / ADDITIONAL)
    assert open_container("rag.jinja").templates[0].special_tokens == {"bos_token": "<b>"}


def test_a_broken_neighbour_does_not_matter_to_a_lone_file_but_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / JINJA).write_text("J")
    (tmp_path / CONFIG).write_text("{")
    assert open_container(str(tmp_path / JINJA)).templates[0].special_tokens == {}
    with pytest.raises(SourceError, match="not valid JSON"):
        open_container(str(tmp_path))


CONFLICTS: list[tuple[str, dict[str, Any], list[tuple[str, str, tuple[str, ...]]]]] = [
    ("none", {CONFIG: {"chat_template": "a\n"}, JINJA: "a", LEGACY: {"chat_template": "a\r\n"}}, []),
    (
        "file and configuration",
        {CONFIG: {"chat_template": "C"}, JINJA: "J"},
        [("differs", "default", (JINJA, CONFIG))],
    ),
    (
        "processor and tokenizer",
        {CONFIG: {"chat_template": "C"}, PROCESSOR: {"chat_template": "P"}},
        [("differs", "default", (CONFIG, PROCESSOR))],
    ),
    (
        "named templates only",
        {CONFIG: {"chat_template": "C"}, f"{ADDITIONAL}/tool_use.jinja": "T"},
        [("no-default", "default", (f"{ADDITIONAL}/tool_use.jinja", CONFIG))],
    ),
    (
        "legacy file with additional ones",
        {LEGACY: {"chat_template": "J"}, JINJA: "J", f"{ADDITIONAL}/tool_use.jinja": "T"},
        [("refused", "default", (JINJA, f"{ADDITIONAL}/tool_use.jinja", LEGACY))],
    ),
    (
        "two named alike",
        {
            CONFIG: {"chat_template": {"default": "J", "tool_use": "other"}},
            JINJA: "J",
            f"{ADDITIONAL}/tool_use.jinja": "T",
        },
        [("differs", "tool_use", (f"{ADDITIONAL}/tool_use.jinja", CONFIG))],
    ),
    (
        "two defaults",
        {JINJA: "J", f"{ADDITIONAL}/default.jinja": "A"},
        [
            ("overridden", "default", (JINJA, f"{ADDITIONAL}/default.jinja")),
            ("differs", "default", (f"{ADDITIONAL}/default.jinja", JINJA)),
        ],
    ),
]


@pytest.mark.parametrize("files,expected", [row[1:] for row in CONFLICTS], ids=[row[0] for row in CONFLICTS])
def test_conflicts(tmp_path: Path, files: dict[str, Any], expected: list[Any]) -> None:
    container = open_container(str(fill(tmp_path, files)))
    assert [(one.kind, one.name, one.files) for one in container.conflicts] == expected
    assert all(one.message and "\n" not in one.message for one in container.conflicts)


def test_equal_copies_change_together_and_others_stay(tmp_path: Path) -> None:
    fill(tmp_path, {CONFIG: {"chat_template": "same"}, JINJA: "same", PROCESSOR: {"chat_template": "other"}})
    container = open_container(str(tmp_path))
    assert container.templates[0].path == str(tmp_path / JINJA)
    container.replace("default", "new")
    assert (tmp_path / JINJA).read_text() == "new"
    assert (tmp_path / CONFIG).read_text() == '{"chat_template": "new"}'
    assert (tmp_path / PROCESSOR).read_text() == '{"chat_template": "other"}'


def test_output_is_the_one_file_in_effect(tmp_path: Path) -> None:
    fill(tmp_path, {CONFIG: {"chat_template": "same"}, JINJA: "same", f"{ADDITIONAL}/rag.jinja": "R"})
    container = open_container(str(tmp_path))
    assert container.new_bytes({"default": "new"}) == b"new"
    with pytest.raises(SourceError, match="several files"):
        container.new_bytes({"default": "new", "rag": "new"})


def test_a_folder_of_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.jinja", "a.j2", "sub/c.jinja2", "sub/no.txt", ".hidden/x.jinja", "node_modules/x.jinja"):
        fill(tmp_path, {})
        path = tmp_path / "t" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    fill(tmp_path / "t" / "model", {CONFIG: {"chat_template": "M", "bos_token": "<b>"}})
    fill(tmp_path / "t" / "tokenizer without template", {CONFIG: {"bos_token": "<b>"}})
    assert [(one.path, one.kind) for one in discover(["t"])] == [
        ("t/a.j2", "jinja"),
        ("t/b.jinja", "jinja"),
        ("t/model", "model"),
        ("t/sub/c.jinja2", "jinja"),
    ]
    with pytest.raises(SourceError, match=r"^t: holds 4 templates"):
        open_container("t")
    assert open_container("t/sub").templates[0].path == "t/sub/c.jinja2"


def test_a_chat_template_among_templates_makes_no_model(tmp_path: Path) -> None:
    (tmp_path / JINJA).write_text("J")
    assert open_container(str(tmp_path)).kind == "model"
    (tmp_path / "other.jinja").write_text("O")
    assert [one.kind for one in discover([str(tmp_path)])] == ["jinja", "jinja"]
    (tmp_path / CONFIG).write_text("{}")
    assert [one.kind for one in discover([str(tmp_path)])] == ["model"]
