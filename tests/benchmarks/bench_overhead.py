"""What a comparison costs beyond its engines: the whole run, beside the very same renders asked of the engines directly.

Run it from the repository: ``python tests/benchmarks/bench_overhead.py [TARGET…]``. Real templates are read from
``PORTABLE_TPL_CORPUS``, else from the repository's own corpus; ``PORTABLE_TPL_BENCH_TEMPLATES`` says how many (24).
Every request that a run makes is written down, and made again, in its order and its batches, to other warm engines of
the same kinds. The ratio is to be at most 1.35: for all targets together, and it is told for each by itself.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from portable_tpl.differential.attribute.bare_engines import BareEngine  # noqa: E402
from portable_tpl.differential.run.session import Session  # noqa: E402
from portable_tpl.differential.run.tracer import Tracer  # noqa: E402
from portable_tpl.model.conversation import Conversation  # noqa: E402
from portable_tpl.model.errors import TemplateSyntaxError  # noqa: E402
from portable_tpl.model.rendering import Rendering  # noqa: E402
from portable_tpl.model.source import Template  # noqa: E402
from portable_tpl.targets.processes._worker import WorkerRuntime  # noqa: E402

MOST = 1.35
_DEFAULT_TARGETS = ("minijinja", "hf-jinja", "llama.cpp")
_HI = Conversation([{"role": "user", "content": "Hi"}])
_plain_render_all = WorkerRuntime.render_all


@dataclass(frozen=True)
class Request:
    """One batch as an engine was given it; ``options`` are those of the moment, which the tracer changes."""

    engine: tuple[type[WorkerRuntime], str]
    options: str
    template: Template
    conversations: tuple[Conversation, ...]


@dataclass
class Record:
    """Everything that one run asked of its engines."""

    requests: list[Request] = field(default_factory=list)
    seconds: float = 0.0


def sample() -> list[Template]:
    """Templates from all over the corpus."""
    told = os.environ.get("PORTABLE_TPL_CORPUS")
    folder = Path(told) if told else ROOT / "corpus"
    paths = sorted((folder / "templates").rglob("*.jinja"))
    count = min(len(paths), int(os.environ.get("PORTABLE_TPL_BENCH_TEMPLATES", "24")))
    chosen = [paths[number * len(paths) // count] for number in range(count)]
    return [Template(path.read_bytes().decode("utf-8"), path=path.name) for path in chosen]


def whole_run(templates: Sequence[Template], targets: Sequence[str]) -> Record:
    """Compare all templates, and write down what the engines are asked."""
    record = Record()

    def written_down(
        self: WorkerRuntime, template: Template, conversations: Sequence[Conversation]
    ) -> list[Rendering]:
        record.requests.append(Request((type(self), self.id), self._options, template, tuple(conversations)))
        return _plain_render_all(self, template, conversations)

    with Session(targets) as session:
        engines(session)
        WorkerRuntime.render_all = written_down  # type: ignore[method-assign]
        try:
            started = time.perf_counter()
            for template in templates:
                with contextlib.suppress(TemplateSyntaxError):
                    session.compare(template)
            record.seconds = time.perf_counter() - started
        finally:
            WorkerRuntime.render_all = _plain_render_all  # type: ignore[method-assign]
    return record


def engines(session: Session) -> dict[tuple[type[WorkerRuntime], str], WorkerRuntime]:
    """All engines of a session, warm, by what they are."""
    bare_engines = [session.bare_engines.of(target.id) for target in session.targets]
    found = [
        session.reference,
        session.tracer,
        *session.targets,
        *(bare._runtime for bare in bare_engines if isinstance(bare, BareEngine)),
    ]
    warm = [engine for engine in found if isinstance(engine, WorkerRuntime)]
    for engine in warm:
        if isinstance(engine, Tracer):
            engine.trace(Template("{{ messages }}"), [_HI], "pieces")
        else:
            engine.render(Template("{{ messages }}"), _HI)
    return {(type(engine), engine.id): engine for engine in warm}


def again(record: Record, targets: Sequence[str]) -> dict[str, float]:
    """Seconds that each engine takes for the same requests, nothing between them."""
    seconds: dict[str, float] = {}
    with Session(targets) as session:
        open_ = engines(session)
        for request in record.requests:
            engine = open_[request.engine]
            engine._options = request.options
            started = time.perf_counter()
            _plain_render_all(engine, request.template, request.conversations)
            seconds[engine.id] = seconds.get(engine.id, 0.0) + time.perf_counter() - started
    return seconds


def main(arguments: Sequence[str]) -> int:
    """Print a table; 1 where all targets together cost more than they may."""
    templates = sample()
    targets = tuple(arguments) or _DEFAULT_TARGETS
    print(f"{len(templates)} templates")
    print(f"{'targets':<32}{'whole run':>11}{'engines':>10}{'ratio':>8}")
    ratio = 0.0
    for group in (*((target,) for target in targets), targets) if len(targets) > 1 else (targets,):
        record = whole_run(templates, group)
        seconds = again(record, group)
        ratio = record.seconds / sum(seconds.values())
        print(f"{'+'.join(group):<32}{record.seconds:>10.2f}s{sum(seconds.values()):>9.2f}s{ratio:>8.2f}")
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"  of which {name:<32}{spent:>9.2f}s")
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
