"""A model file for llama.cpp that weighs a few kilobytes: a vocabulary, and one layer of zeros to go with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from portable_tpl.targets.workers._cache import digest, forget_oldest, made_once

_FORMAT = 2  # part of the file name: raise it whenever what is written changes
_WIDTH = 8
_MOST_FILES = 128
_NOTHING = "\\"  # a token of the rwkv kind without text
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6  # token types of llama.cpp


def tiny_model(folder: Path, bos: str | None, eos: str | None, add_bos: bool) -> Path:
    """The path of a model with these special tokens, made in ``folder`` unless it is there.

    An empty token counts as none: llama.cpp would give it a made-up name. ``add_bos`` says whether the vocabulary
    asks for a beginning-of-text token in front of every prompt.
    """
    bos, eos = bos or None, eos or None
    path = folder / f"{digest(json.dumps([_FORMAT, bos, eos, add_bos]))}.gguf"
    if not path.exists():
        forget_oldest(folder, "*.gguf", _MOST_FILES)
    return made_once(path, lambda new: _write(new, bos, eos, add_bos))


def _write(path: Path, bos: str | None, eos: str | None, add_bos: bool) -> None:
    import gguf
    import numpy

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH)
    size = _add_vocabulary(writer, bos, eos, add_bos)
    square = (_WIDTH, _WIDTH)
    shapes = {"token_embd.weight": (size, _WIDTH), "output_norm.weight": (_WIDTH,)}
    shapes |= {f"blk.0.{name}.weight": (_WIDTH,) for name in ("attn_norm", "ffn_norm")}
    names = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    shapes |= {f"blk.0.{name}.weight": square for name in names}
    for name, shape in shapes.items():
        writer.add_tensor(name, numpy.zeros(shape, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, bos: str | None, eos: str | None, add_bos: bool) -> int:
    """The special tokens and every byte.

    llama.cpp cannot do without one or the other of the special tokens everywhere. So what is missing is a token that
    is written as nothing, which the rwkv kind of vocabulary can have: it keeps its tokens escaped, and a backslash
    alone escapes nothing.
    """
    complete = bos is not None and eos is not None
    tokens, kinds = ["<unk>"], [_UNKNOWN]
    for token, register in ((bos, writer.add_bos_token_id), (eos, writer.add_eos_token_id)):
        text = token if complete and token else (token or "").replace("\\", "\\\\") or _NOTHING
        if text not in tokens:
            tokens.append(text)
            kinds.append(_CONTROL)
        register(tokens.index(text))
    if complete:
        tokens += [f"<0x{byte:02X}>" for byte in range(256)]
        kinds += [_BYTE] * 256
    else:
        tokens += [f"\\x{byte:02x}" for byte in range(256)]
        kinds += [_NORMAL] * 256
    writer.add_tokenizer_model("llama" if complete else "rwkv")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_add_bos_token(add_bos)
    writer.add_add_eos_token(False)
    return len(tokens)
