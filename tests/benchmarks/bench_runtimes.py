"""Renders per second through each adapter, beside its engine called directly in its own process, in the same run.

Run it from the repository: ``python tests/benchmarks/bench_runtimes.py [TARGET…]``. The ratio is what counts; it is to be
at least 0.8. Direct means: a program of its own, templates compiled once, contexts built once, nothing but render calls.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from portable_tpl.conversation import Conversation  # noqa: E402
from portable_tpl.normalisations.reference import reference_context  # noqa: E402
from portable_tpl.rendering import Rendered  # noqa: E402
from portable_tpl.runtimes.registry import open_runtime  # noqa: E402
from portable_tpl.source import Template  # noqa: E402

_SECONDS = 2.0
_ROUNDS = 3

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
TOOLS = (
    "{%- if tools %}{{ 'Tools:\n' }}{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}{% endif -%}"
    "{%- for message in messages %}<|{{ message.role }}|>\n{{ message.content | trim }}\n{% endfor -%}"
    "{%- if add_generation_prompt %}<|assistant|>\n{% endif -%}"
)


def templates() -> list[Template]:
    """Small, middling and tool-using templates, as they are in the field."""
    return [Template(CHATML), Template(LLAMA), Template(TOOLS)]


def conversations() -> list[Conversation]:
    """Short and long dialogues, one with tools; each differs from all others."""
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    found = []
    for number in range(100):
        turns = [
            {"role": ("user", "assistant")[turn % 2], "content": f"{number}: turn {turn} of some length, with words"}
            for turn in range(1 + number % 12)
        ]
        tools = [tool] * 3 if number % 4 == 0 else None
        found.append(Conversation(turns, tools=tools, add_generation_prompt=number % 2 == 0))
    return found


def rate(run: Callable[[], int]) -> float:
    """Renders per second: ``run`` renders once through and says how many that were."""
    run()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < _SECONDS:
        count += run()
    return count / (time.perf_counter() - started)


def adapter_rate(target: str) -> float:
    """Through the adapter: batches of all conversations for each template."""
    cases = conversations()
    with open_runtime(target) as runtime:

        def run() -> int:
            for template in templates():
                answers = runtime.render_all(template, cases)
                assert isinstance(answers[0], Rendered), answers[0]
            return len(cases) * len(templates())

        return rate(run)


def direct_jinja2() -> float:
    """jinja2 alone."""
    from portable_tpl.template.environment import reference_environment

    environment = reference_environment()
    compiled = [environment.from_string(template.text) for template in templates()]
    contexts = [reference_context(conversation, {}) for conversation in conversations()]
    return rate(lambda: sum(1 for one in compiled for context in contexts if one.render(context) is not None))


def direct_minijinja(pycompat: bool) -> float:
    """minijinja alone, on contexts that are compiled as literals together with the template."""
    import minijinja

    from portable_tpl.runtimes.workers._minijinja_literals import assignments

    environment = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=pycompat)
    environment.add_global("raise_exception", lambda message: "")
    names = []
    for index, template in enumerate(templates()):
        for number, conversation in enumerate(conversations()):
            names.append(f"{index}-{number}")
            environment.add_template(names[-1], assignments(reference_context(conversation, {})) + template.text)
    return rate(lambda: sum(1 for name in names if environment.render_template(name) is not None))


_DIRECT: dict[str, Callable[[], float]] = {
    "transformers": direct_jinja2,
    "minijinja": lambda: direct_minijinja(True),
    "minijinja-strict": lambda: direct_minijinja(False),
}


def _in_its_own_process(target: str) -> float:
    done = subprocess.run([sys.executable, __file__, "--direct", target], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def main(arguments: Sequence[str]) -> None:
    """Print a table; with ``--direct TARGET``, the direct rate alone."""
    if arguments and arguments[0] == "--direct":
        print(json.dumps(_DIRECT[arguments[1]]()))
        return
    print(f"{'target':<18}{'direct/s':>10}{'adapter/s':>11}{'ratio':>8}   (best of {_ROUNDS})")
    for target in arguments or list(_DIRECT):
        direct = max(_in_its_own_process(target) for _ in range(_ROUNDS))
        adapter = max(adapter_rate(target) for _ in range(_ROUNDS))
        print(f"{target:<18}{direct:>10,.0f}{adapter:>11,.0f}{adapter / direct:>8.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
