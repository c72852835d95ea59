"""A tokenizer for OpenVINO GenAI that knows all bytes and some special tokens, and nothing else.

It is converted once with transformers and OpenVINO's own converter, in a process that ends afterwards (some seconds,
most of them imports), and kept on disk. Other special tokens are then put beside links to the same files: the strings
come from ``special_tokens_map.json``, and a token whose id the model does not name is not there at all
(``src/cpp/src/tokenizer/tokenizer_impl.cpp``).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from portable_tpl.targets.workers._cache import digest, forget_oldest, made_once

NAMES = ("bos_token", "eos_token", "pad_token")
_FORMAT = 1  # part of the folders' names: raise it whenever what is written changes
_MOST_VARIANTS = 64
_MODEL = "openvino_tokenizer.xml"
_LINKED = ("openvino_tokenizer.bin", "openvino_detokenizer.xml", "openvino_detokenizer.bin")


def tokenizer_folder(root: Path, tokens: dict[str, str]) -> Path:
    """A folder with a tokenizer that has exactly these special tokens (``NAMES``); an empty one counts as none."""
    base = made_once(root / f"base-{_FORMAT}", _convert)
    tokens = {name: tokens[name] for name in NAMES if tokens.get(name)}
    folder = root / digest(json.dumps([_FORMAT, tokens], sort_keys=True))
    if not folder.is_dir():
        forget_oldest(root, "?" * 24, _MOST_VARIANTS)  # the length of a digest
    return made_once(folder, lambda new: _write_variant(base, new, tokens))


def _write_variant(base: Path, new: Path, tokens: dict[str, str]) -> None:
    new.mkdir()
    for name in _LINKED:
        os.symlink(base / name, new / name)
    model = (base / _MODEL).read_text("utf-8")
    for name in NAMES:
        if name not in tokens:
            model = re.sub(rf"<{name}_id value=\"-?\d+\" ?/>", "", model)
    (new / _MODEL).write_text(model, "utf-8")
    content = {name: {"content": token} for name, token in tokens.items()}
    (new / "special_tokens_map.json").write_text(json.dumps(content), "utf-8")


def _convert(folder: Path) -> None:
    folder.mkdir()
    command = [sys.executable, "-s", "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"OpenVINO's tokenizer conversion failed: {done.stderr.strip()[-300:]}")


def convert(folder: Path) -> None:
    """Write the tokenizer's model files into a folder; needs transformers and openvino_tokenizers."""
    import openvino
    import openvino_tokenizers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<s>", "</s>"]
    tokenizer = Tokenizer(models.BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    encoder, decoder = openvino_tokenizers.convert_tokenizer(fast, with_detokenizer=True)
    openvino.save_model(encoder, folder / _MODEL)
    openvino.save_model(decoder, folder / "openvino_detokenizer.xml")


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
