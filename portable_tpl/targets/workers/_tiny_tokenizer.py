"""A tokenizer for OpenVINO GenAI that knows all bytes and some special tokens, and nothing else.

It is converted once with transformers and OpenVINO's own converter, in a process that ends afterwards (some seconds,
most of them imports), and kept on disk. Other special tokens are then put beside links to the same files: the strings
come from ``special_tokens_map.json``, and a token whose id the model does not name is not there at all
(``src/cpp/src/tokenizer/tokenizer_impl.cpp``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

NAMES = ("bos_token", "eos_token", "pad_token")
_FORMAT = 1  # part of the folders' names: raise it whenever what is written changes
_MOST_VARIANTS = 64
_MODEL = "openvino_tokenizer.xml"
_LINKED = ("openvino_tokenizer.bin", "openvino_detokenizer.xml", "openvino_detokenizer.bin")


def tokenizer_folder(root: Path, tokens: dict[str, str]) -> Path:
    """A folder with a tokenizer that has exactly these special tokens (``NAMES``); an empty one counts as none."""
    base = root / f"base-{_FORMAT}"
    if not base.is_dir():
        _made_whole(base, _convert)
    tokens = {name: tokens[name] for name in NAMES if tokens.get(name)}
    digest = hashlib.sha256(json.dumps([_FORMAT, tokens], sort_keys=True).encode()).hexdigest()[:24]
    folder = root / digest
    if not folder.is_dir():
        _forget_oldest(root)
        _made_whole(folder, lambda new: _variant(base, new, tokens))
    return folder


def _made_whole(folder: Path, make: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        make(new)
        if not folder.is_dir():
            new.rename(folder)
    except OSError:
        # Somebody else was faster; what is there is as good.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _forget_oldest(root: Path) -> None:
    folders = [each for each in root.iterdir() if not each.name.startswith((".", "base"))]
    for folder in sorted(folders, key=lambda each: each.stat().st_mtime)[: max(0, len(folders) - _MOST_VARIANTS + 1)]:
        shutil.rmtree(folder, ignore_errors=True)


def _variant(base: Path, new: Path, tokens: dict[str, str]) -> None:
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
    command = [sys.executable, "-s", "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"OpenVINO's tokenizer conversion failed: {done.stderr.strip()[-300:]}")


def _byte_alphabet() -> list[str]:
    """The characters that byte-level BPE writes bytes with, as its pre-tokenizer names them."""
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def convert(folder: Path) -> None:
    """Write the tokenizer's model files into a folder; needs transformers and openvino_tokenizers."""
    import openvino
    import openvino_tokenizers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = [*_byte_alphabet(), "<s>", "</s>"]
    tokenizer = Tokenizer(models.BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    encoder, decoder = openvino_tokenizers.convert_tokenizer(fast, with_detokenizer=True)
    openvino.save_model(encoder, folder / _MODEL)
    openvino.save_model(decoder, folder / "openvino_detokenizer.xml")


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
