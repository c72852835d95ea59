"""How fast prompts are made, beside the installed transformers in the same run.

Run it from the repository: ``python tests/benchmarks/bench_rendering.py``. Real templates are read from
``PORTABLE_TPL_CORPUS``, else from the repository's own corpus; ``PORTABLE_TPL_BENCH_TEMPLATES`` says how many (40).
Each template makes prompts of four shapes of conversation; both sides make the same prompt, or the pair does not
count. Processor time is compared, since other programs share the machine. The geometric mean of the ratios is to be at least 4, the smallest at least 1.8.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import portable_tpl as pt  # noqa: E402

MEAN, LEAST = 4.0, 1.8
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
_ROUND = 0.02  # seconds of one timing; the best of several counts, the machine being shared
_ROUNDS = 7


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def call(number: int) -> list[dict[str, Any]]:
    """An assistant's call of a tool, and what came back."""
    name, identity = f"tool_{number}", f"call{number:05}"
    function = {"name": name, "arguments": {"city": "Zürich", "days": number, "units": ["C", "F"]}}
    return [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": identity, "type": "function", "function": function}],
        },
        {"role": "tool", "name": name, "tool_call_id": identity, "content": '{"temperature": 7, "sky": "grey"}'},
    ]


def tool(number: int) -> dict[str, Any]:
    properties = {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "integer", "description": "How many days"},
        "units": {"type": "array", "items": {"type": "string", "enum": ["C", "F"]}, "description": "Units"},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city"]}
    return {
        "type": "function",
        "function": {"name": f"tool_{number}", "description": "Tells the weather.", "parameters": parameters},
    }


LONG = "The quick brown fox jumps over the lazy dog, and the dog did not mind at all. " * 8
SHAPES: dict[str, dict[str, Any]] = {
    "short": {"messages": [user("Why is the sky blue?")]},
    "several turns": {"messages": [m for i in range(4) for m in (user(f"Question {i}?"), assistant(f"Answer {i}."))]},
    "tools": {
        "messages": [
            user("Weather?"),
            *call(1),
            assistant("Grey."),
            user("And there?"),
            *call(2),
            assistant("Grey."),
        ],
        "tools": [tool(1), tool(2), tool(3)],
    },
    "long": {"messages": [m for i in range(20) for m in (user(LONG), assistant(f"{i}: {LONG}"))] + [user("End?")]},
}


def templates() -> list[Path]:
    told = os.environ.get("PORTABLE_TPL_CORPUS")
    paths = sorted(((Path(told) if told else ROOT / "corpus") / "templates").rglob("*.jinja"))
    count = min(len(paths), int(os.environ.get("PORTABLE_TPL_BENCH_TEMPLATES", "40")))
    return [paths[number * len(paths) // count] for number in range(count)]


def tokenizer() -> Any:
    import tokenizers
    import transformers

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, **TOKENS)


def prompt(make: Callable[[], str]) -> str | None:
    try:
        return make()
    except Exception:
        return None


def seconds(make: Callable[[], str], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        make()
    return (time.process_time() - started) / count


def ratio(theirs: Callable[[], str], ours: Callable[[], str]) -> float:
    """How many times as fast; the two sides take turns, so that a busy moment hits both."""
    count = max(1, int(_ROUND / max(seconds(theirs, 3), 1e-6)))
    pairs = [(seconds(theirs, count), seconds(ours, count)) for _ in range(_ROUNDS)]
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def main() -> int:
    reference = tokenizer()
    ratios: dict[str, list[tuple[float, str]]] = {shape: [] for shape in SHAPES}
    unequal = 0
    for path in templates():
        text = path.read_bytes().decode("utf-8")
        chat = pt.compile(pt.Template(text, special_tokens=TOKENS))
        for shape, arguments in SHAPES.items():

            def theirs(text: str = text, arguments: dict[str, Any] = arguments) -> str:
                options = {name: value for name, value in arguments.items() if name != "messages"}
                return str(
                    reference.apply_chat_template(
                        arguments["messages"],
                        chat_template=text,
                        tokenize=False,
                        add_generation_prompt=True,
                        **options,
                    )
                )

            def ours(chat: pt.ChatTemplate = chat, arguments: dict[str, Any] = arguments) -> str:
                return chat.render(**arguments, add_generation_prompt=True)

            expected = prompt(theirs)
            if "strftime_now" not in text and prompt(ours) != expected:
                unequal += 1
                print(f"UNEQUAL {path.name} {shape}")
            elif expected is not None:
                ratios[shape].append((ratio(theirs, ours), path.name))
    every = sorted(pair for pairs in ratios.values() for pair in pairs)
    for shape, pairs in ratios.items():
        values = [value for value, _ in pairs]
        print(f"{shape:14} {len(values):3} templates  {statistics.geometric_mean(values):5.2f} x  worst {min(pairs)}")
    mean = statistics.geometric_mean([value for value, _ in every])
    print(
        f"geometric mean {mean:.2f} (at least {MEAN}), worst {every[0][0]:.2f} (at least {LEAST}), unequal {unequal}"
    )
    print("slowest:", *(f"{value:.2f} {name}" for value, name in every[:6]), sep="\n  ")
    return 0 if mean >= MEAN and every[0][0] >= LEAST and not unequal else 1


if __name__ == "__main__":
    sys.exit(main())
