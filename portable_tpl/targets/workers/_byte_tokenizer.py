"""A model whose tokenizer knows the 256 bytes and nothing else, so that a prompt's token ids are its bytes."""

from __future__ import annotations

import json
from pathlib import Path

# The bytes that byte-level BPE writes as themselves; each other one has a character past U+00FF, in order.
_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))


def byte_vocabulary() -> dict[str, int]:
    """The character that stands for each byte, and the byte."""
    others = [byte for byte in range(256) if byte not in _PRINTABLE]
    return {
        **{chr(byte): byte for byte in _PRINTABLE},
        **{chr(256 + number): byte for number, byte in enumerate(others)},
    }


def write_model(folder: Path, template: str, tokens: dict[str, str]) -> None:
    """Write a model's files: a tokenizer, a template, special tokens by name, and a configuration without weights."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "tokenizer.json": _tokenizer(),
        "tokenizer_config.json": {
            "chat_template": template,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 100_000_000,
            **tokens,
        },
        "config.json": {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": 256,
            "hidden_size": 8,
            "intermediate_size": 8,
            "num_attention_heads": 1,
            "num_key_value_heads": 1,
            "num_hidden_layers": 1,
            "max_position_embeddings": 100_000_000,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "torch_dtype": "float32",
        },
        "generation_config.json": {"eos_token_id": 1},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")


def _tokenizer() -> dict[str, object]:
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model: dict[str, object] = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": byte_vocabulary(),
        "merges": [],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": model,
    }
