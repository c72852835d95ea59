"""The special tokens that transformers hands to a template.

Facts from transformers 5.24, tokenization_utils_base.py: ``special_tokens_map`` holds the seven standard tokens and
the model's own (``extra_special_tokens`` as an object, ``model_specific_special_tokens`` and any other ``*_token``
that is a token), each as a string; lists such as ``additional_special_tokens`` do not reach the template.
``special_tokens_map.json`` is read over the configuration only where the latter has no ``added_tokens_decoder``.
What neither file names is the tokenizer class's own; see :mod:`portable_tpl.sources.tokenizer_classes`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_tpl.model.errors import SourceError
from portable_tpl.sources._container import NO_TOKENS, SpecialTokens

STANDARD = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
CONFIG = "tokenizer_config.json"
LEGACY_MAP = "special_tokens_map.json"
MODEL = "config.json"
_MOST_BYTES = 64 << 20  # of a tokenizer.json that are looked at


def from_config(
    config: Mapping[str, Any],
    legacy: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    bytes_only: bool = False,
) -> SpecialTokens:
    """The special tokens of a tokenizer's configuration.

    ``legacy`` and ``model`` are its ``special_tokens_map.json`` and the model's ``config.json``, if there are any.
    ``bytes_only``: its ``tokenizer.json`` cuts text into bytes, which LlamaTokenizer never does.
    """
    from portable_tpl.sources.tokenizer_classes import class_of, defaults_of

    kind = class_of(config, model or {})
    if kind == "LlamaTokenizer" and bytes_only:
        kind = "TokenizersBackend"
    return SpecialTokens(_texts({**(defaults_of(kind) or {}), **config}, config, legacy), kind)


def _texts(
    merged: dict[str, Any], config: Mapping[str, Any], legacy: Mapping[str, Any] | None = None
) -> dict[str, str]:
    if legacy is not None and "added_tokens_decoder" not in config:
        merged.update(legacy)
    tokens = {key: _content(merged.get(key)) for key in STANDARD}
    tokens.update((key, _content(value)) for key, value in merged.items() if key.endswith("_token"))
    for group in ("extra_special_tokens", "model_specific_special_tokens"):
        if isinstance(merged.get(group), dict):
            tokens.update((key, _content(value)) for key, value in merged[group].items())
    return {key: token for key, token in tokens.items() if token is not None}


def _content(value: Any) -> str | None:
    """The text of a token: a string, or the ``content`` of a serialised AddedToken."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None


def beside(folder: str, config: Mapping[str, Any] | None = None) -> SpecialTokens:
    """The special tokens of the tokenizer in a folder; empty where there is none.

    ``config`` is its configuration where it has been read already. A configuration that cannot be read counts as
    none here: the user did not name it, and the container that does name it reports it.
    """
    if config is None:
        config = _optional(os.path.join(folder, CONFIG))
    legacy = _optional(os.path.join(folder, LEGACY_MAP))
    if config is None:
        known = NO_TOKENS if legacy is None else SpecialTokens(_texts({}, {}, legacy), "")
    else:
        known = from_config(config, legacy, _optional(os.path.join(folder, MODEL)), _is_byte_level(folder))
    return replace(known, home=folder)


def _is_byte_level(folder: str) -> bool:
    try:
        path = os.path.join(folder, "tokenizer.json")
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as stream:
            return b'"ByteLevel"' in stream.read(_MOST_BYTES)
    except OSError:
        return False


def near(path: str) -> SpecialTokens:
    """The special tokens for a lone template file: those of the tokenizer beside it.

    For a file in ``additional_chat_templates`` that is the tokenizer in the folder above.
    """
    folder = os.path.dirname(path)
    if os.path.basename(os.path.abspath(folder)) == "additional_chat_templates":
        folder = os.path.join(folder, os.pardir)
    return beside(folder)


def _optional(path: str) -> Mapping[str, Any] | None:
    if not os.path.isfile(path):
        return None
    from portable_tpl.sources import json_file  # json costs time that a lone template need not spend

    try:
        return json_file.read(path)[1]
    except SourceError:
        return None
