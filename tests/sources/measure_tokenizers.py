"""Read from the installed transformers what its tokenizer classes call their special tokens.

Run it from the repository to write ``portable_tpl/sources/tokenizer_classes.json`` anew, after transformers was
updated: ``python tests/sources/measure_tokenizers.py``. A test compares that file with what is installed.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "portable_tpl" / "sources" / "tokenizer_classes.json"
GENERIC = ("TokenizersBackend", "PythonBackend", "PreTrainedTokenizer")


def measure() -> dict[str, Any]:
    """The defaults of each class, the class registered for each type of model, the types whose own is not believed."""
    import transformers
    from transformers.models.auto import tokenization_auto as auto

    registered = {kind: name.removesuffix("Fast") for kind, name in auto.TOKENIZER_MAPPING_NAMES.items() if name}
    classes = {name: getattr(transformers, name, None) for name in registered.values()}
    return {
        "transformers": transformers.__version__,
        "defaults": {
            name: defaults(kind)
            for name, kind in sorted(classes.items())
            if kind is not None and name not in (*GENERIC, "MistralCommonBackend", "RagTokenizer")
        },
        "registered": dict(sorted(registered.items())),
        "distrusted": sorted(auto.MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS),
    }


def defaults(kind: type) -> dict[str, str]:
    """The tokens that a class takes where it is not told others; a class without its own has those of its base."""
    for each in kind.__mro__:
        if "__init__" in vars(each):
            parameters = inspect.signature(vars(each)["__init__"]).parameters.values()
            tokens = {one.name: one.default for one in parameters if one.name.endswith("_token")}
            if tokens:
                texts = {name: getattr(value, "content", value) for name, value in tokens.items()}
                return {name: text for name, text in texts.items() if isinstance(text, str)}
    return {}


if __name__ == "__main__":
    DATA.write_text(json.dumps(measure(), indent=1, ensure_ascii=True) + "\n", "utf-8")
    sys.stdout.write(f"{DATA.name}: {len(measure()['defaults'])} classes\n")
