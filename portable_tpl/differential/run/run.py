"""Compare many templates, over several processes, each with engines of its own kept warm."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from portable_tpl.differential.run.journal import Journal, from_plain, job_key, to_plain
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.errors import NoReference, TemplateSyntaxError
from portable_tpl.model.report import Comparison
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.reproduce import reproduce

Progress = Callable[[int, int, Template], None]  # templates done, templates in all, the one just done
_SECONDS_TO_END = 2.0  # given to each process after an interrupt
_AHEAD = 3  # jobs handed out beyond those that run, for each process


@dataclass(frozen=True)
class Outcome:
    """What a run says about one template: a comparison, or the one line that says why there is none."""

    template: Template
    comparison: Comparison | None
    error: str | None = None


def compare_all(
    templates: Sequence[Template],
    targets: Sequence[str],
    settings: CompareSettings,
    *,
    versions: Sequence[str] = (),
    jobs: int = 1,
    journal: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Generator[Outcome, None, None]:
    """Compare templates; outcomes come in the order of the templates, as soon as that allows.

    Equal templates (text and special tokens) are compared once. ``versions`` are the engines' versions, which a
    journal depends on. With ``resume``, results in the journal are not computed again; without, it is begun anew. An
    interrupt stops the processes and passes on; what was done is in the journal.
    """
    book = Journal(journal, resume) if journal is not None else None
    labels = [*targets, *versions]
    keys = [job_key(template, labels, settings) for template in templates]
    first = {key: number for number, key in reversed(list(enumerate(keys)))}
    done: dict[str, dict[str, Any]] = {}
    try:
        todo = []
        for key, number in sorted(first.items(), key=lambda item: item[1]):
            known = book.get(key) if book is not None else None
            if known is not None:
                done[key] = dict(known)
            else:
                todo.append((key, templates[number]))

        def keep(key: str, entry: dict[str, Any]) -> None:
            if book is not None and not (entry["comparison"] or {}).get("cut"):
                book.put(key, entry)  # what the time cut short is worth another try

        results = _results(todo, _Plan(tuple(targets), settings, limits), min(jobs, len(todo)), keep)
        for number, (key, template) in enumerate(zip(keys, templates, strict=True)):
            while key not in done:
                finished, entry = next(results)
                done[finished] = entry
                keep(finished, entry)
            yield _outcome(template, done[key])
            if progress is not None:
                progress(number + 1, len(templates), template)
    finally:
        if book is not None:
            book.close()


def _outcome(template: Template, entry: dict[str, Any]) -> Outcome:
    if entry.get("comparison") is None:
        return Outcome(template, None, entry["error"])
    comparison = from_plain(entry["comparison"])
    # The command names the template's own file, also where an equal one was compared in its place.
    targets = {
        target: replace(
            found,
            mismatches=tuple(
                replace(each, reproduce=reproduce(template, each.conversation, target)) for each in found.mismatches
            ),
        )
        for target, found in comparison.targets.items()
    }
    return Outcome(template, replace(comparison, targets=targets))


_Job = tuple[str, Template]
_Entry = tuple[str, "dict[str, Any]"]
_Keep = Callable[[str, "dict[str, Any]"], None]


@dataclass(frozen=True)
class _Plan:
    """What every process of a run is told."""

    targets: tuple[str, ...]
    settings: CompareSettings
    limits: Limits | None


def _results(todo: Sequence[_Job], plan: _Plan, jobs: int, keep: _Keep) -> Iterator[_Entry]:
    if not todo:
        return
    if jobs <= 1:
        with Session(plan.targets, plan.limits) as session:
            for key, template in todo:
                yield key, _compared(session, template, plan.settings)
        return
    yield from _parallel(todo, plan, jobs, keep)


def _parallel(todo: Sequence[_Job], plan: _Plan, jobs: int, keep: _Keep) -> Iterator[_Entry]:
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (plan,))
    waiting: deque[tuple[str, Future[dict[str, Any]]]] = deque()
    left = iter(todo)
    done = False
    try:
        for _ in range(jobs * (1 + _AHEAD)):
            _submit(pool, left, waiting)
        while waiting:
            key, future = waiting[0]
            try:
                entry = future.result()
            except BrokenProcessPool:
                entry = {"comparison": None, "error": "the process that compared it died"}
            waiting.popleft()
            yield key, entry
            _submit(pool, left, waiting)
        done = True
    finally:
        if done:
            pool.shutdown()
        else:
            _stop_now(pool, others)
            for key, future in waiting:
                if future.done() and not future.cancelled() and future.exception() is None:
                    keep(key, future.result())


def _stop_now(pool: ProcessPoolExecutor, others: Set[BaseProcess]) -> None:
    """End the processes of a pool without waiting for the templates they are at; their engines end with them."""
    own = set(active_children()) - others
    pool.shutdown(wait=False, cancel_futures=True)
    for process in own:
        process.terminate()
    for process in own:
        process.join(_SECONDS_TO_END)


def _submit(
    pool: ProcessPoolExecutor, left: Iterator[_Job], waiting: deque[tuple[str, Future[dict[str, Any]]]]
) -> None:
    for key, template in left:
        sent = (template.text, template.name, template.path, dict(template.special_tokens))
        waiting.append((key, pool.submit(_work, sent)))
        return


# -- in a process of the pool ----------------------------------------------------------------------------------------

_session: Session | None = None
_settings = CompareSettings()


def _start(plan: _Plan) -> None:
    global _session, _settings
    # An interrupt is for the parent, which closes the pool in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _session, _settings = Session(plan.targets, plan.limits), plan.settings


def _work(sent: tuple[str, str, str | None, dict[str, str]]) -> dict[str, Any]:
    assert _session is not None
    text, name, path, tokens = sent
    return _compared(_session, Template(text, name, path, tokens), _settings)


def _compared(session: Session, template: Template, settings: CompareSettings) -> dict[str, Any]:
    try:
        return {"comparison": to_plain(session.compare(template, settings))}
    except (TemplateSyntaxError, NoReference) as error:
        return {"comparison": None, "error": str(error)}
