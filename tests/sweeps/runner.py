"""Whether mistral.rs's own Runner and the profile of it give the same prompts, conversation by conversation.

``python -m tests.sweeps.runner PYTHON [--limit N] [--examples N]``: PYTHON is one of an environment with the package
mistralrs. Its Runner takes of a message the role and the content, so that only conversations of such messages, with tools
or without, are compared; and none of templates that ask for the time.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Rendered
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.workers._byte_tokenizer import write_model
from tests.sweeps.deployments import portable, spread
from tests.sweeps.gateway import parsed_templates

_MARK = "portable-tpl prompt:"
_PLACE = re.compile(r" \(in chat_template:\d+\)\s*\Z")
_TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
_WIDTH, _WORDS = 64, 258
_SQUARE = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)


def write_weights(folder: Path) -> None:
    """A model of one layer of zeros, as the Runner loads it."""
    write_model(folder, "", _TOKENS)
    tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    tokenizer["added_tokens"] = [
        {"id": 256 + number, "content": text, "special": True, **flags}
        for number, text in enumerate(_TOKENS.values())
    ]
    config = json.loads((folder / "config.json").read_bytes())
    config |= {"hidden_size": _WIDTH, "intermediate_size": _WIDTH, "num_attention_heads": 2, "num_key_value_heads": 2}
    config |= {"head_dim": 32, "vocab_size": _WORDS, "max_position_embeddings": 65_536, "rms_norm_eps": 1e-5}
    config |= {"rope_theta": 10_000.0, "hidden_act": "silu", "bos_token_id": 256, "eos_token_id": 257}
    names = {"tokenizer.json": tokenizer, "config.json": config, "generation_config.json": {"eos_token_id": 257}}
    for name, content in names.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    layer = "model.layers.0."
    shapes = {name: [_WORDS, _WIDTH] for name in ("model.embed_tokens.weight", "lm_head.weight")}
    shapes |= {f"{layer}{name}.weight": [_WIDTH, _WIDTH] for name in _SQUARE}
    norms = ("model.norm", f"{layer}input_layernorm", f"{layer}post_attention_layernorm")
    shapes |= {f"{name}.weight": [_WIDTH] for name in norms}
    head: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    header = json.dumps(head).encode("ascii")
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(end))


def raising(text: str) -> str:
    """The template, with its prompt as the words of an error."""
    text = text.removesuffix("\n")
    return f"{{% set ptl_out %}}{{{{ '' }}}}{text}{{{{ '' }}}}{{% endset %}}{{{{ raise_exception('{_MARK}' ~ ptl_out) }}}}"


def prompt_in(words: str) -> str | None:
    """The prompt that an error holds; ``None`` where it is another error."""
    _, mark, prompt = words.partition(_MARK)
    return _PLACE.sub("", prompt) if mark else None


def in_reach(conversation: Conversation) -> bool:
    """Whether its messages have nothing but a role and a text."""
    return all(
        message.keys() <= {"role", "content"} and isinstance(message.get("content"), str)
        for message in conversation.messages
    )


def asked(conversation: Conversation) -> Conversation:
    """The conversation as the Runner can be asked for it: always with a generation prompt, of the variables one."""
    variables = {name: value for name, value in conversation.variables.items() if name == "enable_thinking"}
    return conversation.with_changes(
        add_generation_prompt=True, special_tokens=None, documents=None, variables=variables
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; 1 where any prompt differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.runner")
    parser.add_argument("python")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--examples", type=int, default=30)
    options = parser.parse_args(arguments)
    settings = CompareSettings(examples=options.examples, tier=Tier.ORDINARY)
    total, differing = 0, 0
    every = [
        each for each in parsed_templates([*portable(), *spread(options.limit)]) if "date_string" not in each.text
    ]
    with tempfile.TemporaryDirectory() as folder, open_runtime("mistral.rs") as model, closing(Tracer()) as tracer:
        write_weights(Path(folder))
        # Isolated: the modules beside it have names of the standard library's.
        command = [options.python, "-I", str(Path(__file__).with_name("runner_worker.py")), folder]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        assert worker.stdin is not None
        assert worker.stdout is not None
        for each in every:
            run = explore(each, tracer, settings, lambda: False)
            conversations = [asked(one) for one in (run.conversations[n] for n in run.chosen) if in_reach(one)]
            calls = [{"messages": one.messages, "tools": one.tools, **one.variables} for one in conversations]
            worker.stdin.write(json.dumps({"text": raising(each.text), "calls": calls}) + "\n")
            worker.stdin.flush()
            real = map(prompt_in, json.loads(worker.stdout.readline()))
            template = replace(each.template, special_tokens=_TOKENS)
            total += len(conversations)
            for one, answer, prompt in zip(
                conversations, model.render_all(template, conversations), real, strict=True
            ):
                if prompt != (answer.text if isinstance(answer, Rendered) else None):
                    differing += 1
                    print(f"{template.path}: {prompt!r:.200} / {answer!r:.200} / {one.key:.400}")
        worker.stdin.close()
        worker.wait()
    print(f"{len(every)} templates, {total} conversations, {differing} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
