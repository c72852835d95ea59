"""Renders per second through each adapter, beside its engine called directly in its own process, in the same run.

Run it from the repository: ``python tests/benchmarks/bench_runtimes.py [TARGET…]``. The ratio is what counts; it is to be
at least 0.8. Direct means: a program of its own, templates compiled once, contexts built once, nothing but render calls.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from portable_tpl.model.conversation import Conversation, parse_conversation  # noqa: E402
from portable_tpl.model.rendering import Rendered  # noqa: E402
from portable_tpl.model.source import Template  # noqa: E402
from portable_tpl.targets.registry import open_runtime  # noqa: E402
from portable_tpl.targets.steps.reference import reference_context  # noqa: E402
from tests.benchmarks import direct_engines  # noqa: E402

_SECONDS = 2.0
_ROUNDS = 5
_PLAIN = frozenset({"llama.cpp", "llama.cpp-engine", "minja", "minja-engine"})


def templates() -> list[Template]:
    """The portable templates of the known families."""
    paths = sorted((ROOT / "corpus" / "templates" / "portable").rglob("*.jinja"))
    return [Template(path.read_bytes().decode("utf-8"), path=path.name) for path in paths]


def conversations() -> list[Conversation]:
    """As many as ``compare`` takes by default: the corpus's conversations, and dialogues of up to 12 turns."""
    found = [
        parse_conversation(json.loads(line))
        for path in sorted((ROOT / "corpus" / "conversations").glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    while len(found) < 200:
        number = len(found)
        messages = [
            {"role": ("user", "assistant")[turn % 2], "content": f"{number}: turn {turn}, with some words in it."}
            for turn in range(1 + number % 12)
        ]
        found.append(Conversation(messages, add_generation_prompt=True))
    return found


def plain() -> list[Conversation]:
    """The conversations that a stack and its engine alone treat alike, so that both sides render the same."""
    return [each for each in conversations() if _is_plain(each)]


def _is_plain(conversation: Conversation) -> bool:
    messages = conversation.messages
    return (
        not conversation.tools
        and not conversation.documents
        and all(set(each) == {"role", "content"} and isinstance(each["content"], str) for each in messages)
        and bool(messages)
        and messages[-1]["role"] == "user"
    )


def work(
    works: Callable[[Template, Conversation], bool], everything: list[Conversation]
) -> list[tuple[Template, list[Conversation]]]:
    """Every template with the conversations that it renders: errors would be another benchmark."""
    return [(each, [one for one in everything if works(each, one)]) for each in templates()]


def rate(run: Callable[[], int]) -> float:
    """Renders per second: ``run`` renders once through and says how many that were."""
    run()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < _SECONDS:
        count += run()
    return count / (time.perf_counter() - started)


def adapter_rate(target: str) -> float:
    """Through the adapter: batches of all conversations for each template."""
    with open_runtime(target) as runtime:
        chosen = plain() if target in _PLAIN else conversations()
        jobs = work(lambda template, one: isinstance(runtime.render(template, one), Rendered), chosen)

        def run() -> int:
            return sum(len(runtime.render_all(template, cases)) for template, cases in jobs)

        return rate(run)


def direct_jinja2() -> float:
    """jinja2 alone."""
    from portable_tpl.template.syntax.environment import reference_environment

    environment = reference_environment()
    ready = []
    for template in templates():
        compiled = environment.from_string(template.text)
        for conversation in conversations():
            context = reference_context(conversation, {})
            with contextlib.suppress(Exception):
                compiled.render(context)
                ready.append((compiled, context))

    def run() -> int:
        for compiled, context in ready:
            compiled.render(context)
        return len(ready)

    return rate(run)


def direct_minijinja(pycompat: bool) -> float:
    """minijinja alone, on contexts that are compiled as literals together with the template."""
    import minijinja

    from portable_tpl.targets.workers._minijinja_literals import assignments

    def refuse(message: str) -> None:
        raise ValueError(message)

    environment = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=pycompat)
    environment.add_global("raise_exception", refuse)
    environment.add_global("strftime_now", time.strftime)
    names: list[str] = []
    for template in templates():
        for conversation in conversations():
            name = str(len(names))
            with contextlib.suppress(Exception):
                environment.add_template(name, assignments(reference_context(conversation, {})) + template.text)
                environment.render_template(name)
                names.append(name)

    def run() -> int:
        for name in names:
            environment.render_template(name)
        return len(names)

    return rate(run)


_DIRECT: dict[str, Callable[[], float]] = {
    "transformers": direct_jinja2,
    "minijinja": lambda: direct_minijinja(True),
    "minijinja-strict": lambda: direct_minijinja(False),
    "hf-jinja": lambda: direct_engines.node((templates(), conversations()), _SECONDS),
    "llama.cpp": lambda: direct_engines.llamacpp((templates(), plain()), _SECONDS, False),
    "llama.cpp-engine": lambda: direct_engines.llamacpp((templates(), plain()), _SECONDS, True),
    "minja": lambda: direct_engines.minja((templates(), plain()), _SECONDS, False),
    "minja-engine": lambda: direct_engines.minja((templates(), plain()), _SECONDS, True),
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
        # In turns, so that a machine that is busy for a while slows both.
        rounds = [(_in_its_own_process(target), adapter_rate(target)) for _ in range(_ROUNDS)]
        direct, adapter = (max(rates) for rates in zip(*rounds, strict=True))
        print(f"{target:<18}{direct:>10,.0f}{adapter:>11,.0f}{adapter / direct:>8.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
