"""The tokenizer of a model's folder: what each file adds, and what a broken one takes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.sources import open_container
from portable_tpl.sources.beside import tokenizer_of

CONFIG: dict[str, Any] = {
    "bos_token": {"content": "<s>", "special": True},
    "eos_token": "</s>",
    "additional_special_tokens": ["<|more|>", {"content": "<|object|>"}],
    "add_bos_token": True,
    "added_tokens_decoder": {
        "0": {"content": "<s>", "special": True},
        "4": {"content": "<|end|>", "special": True},
        "5": {"content": "<think>", "special": False},
    },
}


def filled(folder: Path, **files: object) -> Tokenizer | None:
    (folder / "chat_template.jinja").write_text("{{ messages }}", "utf-8")
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text, "utf-8")
    return tokenizer_of(open_container(str(folder)))


def test_every_file_adds_what_it_knows(tmp_path: Path) -> None:
    tokenizer = filled(
        tmp_path,
        tokenizer_config=CONFIG,
        generation_config={"eos_token_id": [4, 99, 7]},
        added_tokens={"<|older|>": 6},
        tokenizer={
            "version": "1.0",
            "added_tokens": [{"id": 7, "content": "<|newer|>", "special": True}],
            "model": {"vocab": {"a": 1}},
        },
        special_tokens_map={"additional_special_tokens": ["<|map|>"]},
    )
    assert tokenizer is not None
    assert tokenizer.special == {"bos_token": "<s>", "eos_token": "</s>"}
    assert (tokenizer.adds_bos, tokenizer.adds_eos) == (True, None)
    assert (tokenizer.stops, tokenizer.unnamed_stops) == (("<|end|>", "<|newer|>"), (99,))
    special = {"<s>", "</s>", "<|end|>", "<|newer|>", "<|more|>", "<|object|>", "<|map|>"}
    assert tokenizer.control == {**dict.fromkeys(special, True), "<think>": False, "<|older|>": False}
    assert tokenizer.whole
    assert not tokenizer.problems


@pytest.mark.parametrize(
    "files, whole",
    [
        ({"tokenizer_config": {"eos_token": "</s>"}}, False),
        ({"tokenizer_config": CONFIG}, True),
        ({"tokenizer_config": {**CONFIG, "auto_map": {"AutoTokenizer": ["a.B", None]}}}, False),
        ({"tokenizer": {"added_tokens": []}}, True),
        ({"tokenizer_config": CONFIG, "tokenizer": '{"added_tokens": [{"id": 1,'}, False),
    ],
)
def test_whether_all_control_tokens_are_known(tmp_path: Path, files: dict[str, object], whole: bool) -> None:
    tokenizer = filled(tmp_path, **files)
    assert tokenizer is not None
    assert tokenizer.whole is whole


def test_a_vocabulary_that_is_no_text_may_hold_more(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(b"\0")
    tokenizer = filled(tmp_path, tokenizer_config=CONFIG)
    assert tokenizer is not None
    assert not tokenizer.whole


@pytest.mark.parametrize("name", ["generation_config", "added_tokens", "special_tokens_map", "tokenizer"])
@pytest.mark.parametrize("content", ["{", '{"added_tokens": [', "[]", "", '{"added_tokens": [1, {"id": []}]}'])
def test_a_broken_side_file_is_a_line(tmp_path: Path, name: str, content: str) -> None:
    tokenizer = filled(tmp_path, tokenizer_config=CONFIG, **{name: content})
    assert tokenizer is not None
    assert tokenizer.special["eos_token"] == "</s>"
    assert all("\n" not in problem and name in problem for problem in tokenizer.problems)
    if content == '{"added_tokens": [' or (content in ("{", "[]", "") and name != "tokenizer"):
        assert len(tokenizer.problems) == 1


def test_the_model_says_where_generation_ends_if_nothing_else_does(tmp_path: Path) -> None:
    tokenizer = filled(tmp_path, tokenizer_config=CONFIG, config={"eos_token_id": 4})
    assert tokenizer is not None
    assert tokenizer.stops == ("<|end|>",)


def test_a_folder_without_any_has_none(tmp_path: Path) -> None:
    assert filled(tmp_path, generation_config={"eos_token_id": 2}) is None
