"""The special tokens that transformers' tokenizer classes have where no file names them.

Source of facts: ``tokenizer_classes.json``, read from transformers by ``tests/sources/measure_tokenizers.py``, and
``AutoTokenizer.from_pretrained`` of the same version for which class a model gets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

# Classes without tokens of their own; the older names stand for the first.
_GENERIC = ("TokenizersBackend", "PreTrainedTokenizer", "PythonBackend", "BloomTokenizer", "MistralCommonBackend")
_DATA = Path(__file__).with_name("tokenizer_classes.json")


def defaults_of(name: str) -> Mapping[str, str] | None:
    """The tokens of a class, by their names in a template; ``None`` for a class that transformers does not have."""
    if name in _GENERIC or not name:
        return {}
    defaults: Mapping[str, str] | None = _tables()["defaults"].get(name)
    return defaults


def class_of(config: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """The class that a model's tokenizer gets: by ``tokenizer_config.json``, and by ``config.json`` where it has one.

    Empty where neither says; a generic class has no tokens of its own.
    """
    tables = _tables()
    named = config.get("tokenizer_class") or model.get("tokenizer_class") or ""
    named = named.removesuffix("Fast") if isinstance(named, str) else ""
    kind = model.get("model_type")
    registered: str = (tables["registered"].get(kind) if isinstance(kind, str) else None) or named
    if not named or registered == named:
        return registered
    if registered in _GENERIC:
        return _GENERIC[0]
    chosen: str = registered if kind in tables["distrusted"] else named
    return chosen if defaults_of(chosen) is not None else _GENERIC[0]


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return json.loads(_DATA.read_text("utf-8"))  # type: ignore[no-any-return]
