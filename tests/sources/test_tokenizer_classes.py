"""The tokens that no file names: those of the tokenizer's class, as transformers has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.model.errors import PromptWarning
from portable_tpl.sources import special_tokens
from portable_tpl.sources.tokenizer_classes import defaults_of
from tests.sources.measure_tokenizers import DATA, measure

transformers = pytest.importorskip("transformers", minversion="5.20", reason="compares with the real package")
tokenizers = pytest.importorskip("tokenizers", reason="compares with the real package")

SHOWN = "{{ bos_token }}|{{ eos_token }}|{{ unk_token }}|{{ pad_token is defined }}"
# Of each: the tokenizer's configuration, the model's, and whether its text is cut into bytes.
CONFIGURATIONS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    *(({"tokenizer_class": name}, {}, False) for name in (
        "PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend", "BloomTokenizerFast", "Qwen2Tokenizer",
        "Qwen2TokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast", "CohereTokenizerFast", "LlamaTokenizer",
        "LlamaTokenizerFast", "CodeLlamaTokenizer", "GPT2Tokenizer", "GPT2TokenizerFast", "GPTNeoXTokenizerFast",
        "DebertaTokenizer", "BertTokenizer", "RobertaTokenizerFast", "WhisperTokenizer", "CLIPTokenizer", "BartTokenizer",
    )),
    ({"tokenizer_class": "LlamaTokenizer"}, {}, True),
    ({"tokenizer_class": "GPT2Tokenizer"}, {"model_type": "granite"}, True),
    ({"tokenizer_class": "GPT2Tokenizer"}, {"model_type": "gpt2"}, True),
    ({"tokenizer_class": "LlamaTokenizer"}, {"model_type": "qwen2"}, True),
    ({"tokenizer_class": "LlamaTokenizer"}, {"model_type": "llama"}, False),
    ({"tokenizer_class": "LlamaTokenizer"}, {"model_type": "phi3"}, False),
    ({"tokenizer_class": "PreTrainedTokenizerFast"}, {"model_type": "gemma"}, False),
    ({}, {"model_type": "qwen2"}, True),
    ({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": None}, {}, True),
    ({"tokenizer_class": "GemmaTokenizer", "bos_token": {"content": "<b>", "__type": "AddedToken"}}, {}, False),
    ({"tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "extra_special_tokens": {"image_token": "<i>"}}, {}, True),
]  # fmt: skip


def model(folder: Path, config: dict[str, Any], of_model: dict[str, Any], byte_level: bool) -> Path:
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocab={"a": 0, "b": 1, "ab": 2}, merges=[("a", "b")]))
    if byte_level:
        made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "chat_template": SHOWN}))
    if of_model:
        (folder / "config.json").write_text(json.dumps(of_model))
    return folder


@pytest.mark.parametrize("case", CONFIGURATIONS, ids=lambda case: json.dumps(case[:2]))
def test_the_tokens_of_a_class(case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = model(tmp_path, *case)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    template = pt.load(folder)
    assert dict(template.special_tokens) == tokenizer.special_tokens_map
    messages = [{"role": "user", "content": "Hi"}]
    expected = tokenizer.apply_chat_template(messages, tokenize=False)
    assert pt.render(template, messages) == pt.render(template, messages, isolated=True) == expected
    assert pt.render(pt.load(folder / "tokenizer_config.json"), messages) == expected


def test_the_table_is_that_of_the_installed_transformers() -> None:
    kept = json.loads(DATA.read_text("utf-8"))
    assert {**measure(), "transformers": kept["transformers"]} == kept


def test_a_class_that_is_not_known_is_said(tmp_path: Path) -> None:
    assert defaults_of("HouseTokenizer") is None
    folder = model(tmp_path, {"tokenizer_class": "HouseTokenizer", "bos_token": "<b>"}, {}, False)
    with pytest.warns(PromptWarning, match="eos_token, pad_token, unk_token.*HouseTokenizer"):
        assert pt.render(pt.load(folder), [{"role": "user", "content": "Hi"}]) == "<b>|||False"


def test_without_a_tokenizer_there_are_usual_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.jinja").write_text("{{ bos_token }}")
    assert special_tokens.near(str(tmp_path / "a.jinja")).tokenizer is None
    assert pt.render(pt.load(tmp_path / "a.jinja"), [{"role": "user", "content": "Hi"}]) == "<s>"
