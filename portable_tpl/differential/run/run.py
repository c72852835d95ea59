"""Do one kind of work on many templates, over several processes, each with engines of its own kept warm.

A template that goes wrong, by our own fault or by its process's death, has an error for an outcome; the others go on.
"""

from __future__ import annotations

import gc
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from portable_tpl.differential.run.journal import Journal, job_key
from portable_tpl.differential.run.plain import from_plain, to_plain
from portable_tpl.differential.run.session import Session
from portable_tpl.model.errors import InputError, TemplateSyntaxError, described
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits

_T = TypeVar("_T")
_Entry = tuple[Any, "str | None"]  # a result, or the line that says why there is none
_Keep = Callable[[str, _Entry], None]

Progress = Callable[[int, int, Template], None]  # templates done, templates in all, the one just done
_SECONDS_TO_END = 2.0  # given to each process after an interrupt
_AHEAD = 3  # jobs handed out beyond those that run, for each process
_DIED = "the process that looked at it died"


class Work(Protocol[_T]):
    """What is done with each template; it travels to other processes."""

    @property
    def result(self) -> type[_T]:
        """The class of results, a frozen dataclass of the model's values."""
        ...

    def parts(self, template: Template) -> list[Any]:
        """What a result depends on besides the template's text and the targets, as JSON data."""
        ...

    def do(self, session: Session, template: Template) -> _T:
        """Do it; raises ``InputError`` where the template cannot be used."""
        ...

    def is_whole(self, result: _T) -> bool:
        """Whether nothing was cut short, so that a journal may keep the result."""
        ...

    def readdressed(self, result: _T, template: Template) -> _T:
        """The result for an equal template of another file."""
        ...


@dataclass(frozen=True)
class Outcome(Generic[_T]):
    """What a run says about one template: a result, or the one line that says why there is none."""

    template: Template
    result: _T | None
    error: str | None = None


@dataclass(frozen=True)
class Plan:
    """Where a run's work is done.

    ``versions`` are the engines' versions, which a journal depends on. With ``resume``, results in the journal are
    not computed again; without, it is begun anew.
    """

    targets: tuple[str, ...]
    versions: tuple[str, ...] = ()
    jobs: int = 1
    journal: Path | None = None
    resume: bool = False
    limits: Limits | None = None
    progress: Progress | None = field(default=None, compare=False)


def run_all(templates: Sequence[Template], work: Work[_T], plan: Plan) -> Generator[Outcome[_T], None, None]:
    """Do the work; outcomes come in the order of the templates, as soon as that allows.

    Equal templates (text, special tokens, and the work's own parts) are looked at once. An interrupt stops the
    processes and passes on; what was done is in the journal.
    """
    book = Journal(plan.journal, plan.resume) if plan.journal is not None else None
    labels = [*plan.targets, *plan.versions]
    keys = [job_key(template, labels, work.parts(template)) for template in templates]
    first = {key: number for number, key in reversed(list(enumerate(keys)))}
    done: dict[str, _Entry] = {}
    try:
        todo = []
        for key, number in sorted(first.items(), key=lambda item: item[1]):
            known = _recorded(book, key, work)
            if known is not None:
                done[key] = known
            else:
                todo.append((key, templates[number]))

        def keep(key: str, entry: _Entry) -> None:
            result, error = entry
            if book is not None and (result is None or work.is_whole(result)):
                book.put(key, {"result": to_plain(result), "error": error})

        results = _results(todo, work, plan, keep)
        for number, (key, template) in enumerate(zip(keys, templates, strict=True)):
            while key not in done:
                finished, entry = next(results)
                done[finished] = entry
                keep(finished, entry)
            result, error = done[key]
            yield Outcome(template, None if result is None else work.readdressed(result, template), error)
            if plan.progress is not None:
                plan.progress(number + 1, len(templates), template)
    finally:
        if book is not None:
            book.close()


def _recorded(book: Journal | None, key: str, work: Work[Any]) -> _Entry | None:
    entry: Mapping[str, Any] | None = book.get(key) if book is not None else None
    if entry is None:
        return None
    try:
        result = None if entry["result"] is None else from_plain(work.result, entry["result"])
        return result, entry["error"]
    except (KeyError, TypeError, ValueError):
        return None  # written by somebody else


_Job = tuple[str, Template]
_Done = tuple[str, _Entry]


def _results(todo: Sequence[_Job], work: Work[Any], plan: Plan, keep: _Keep) -> Iterator[_Done]:
    jobs = min(plan.jobs, len(todo))
    if jobs > 1:
        yield from _parallel(todo, work, plan, jobs, keep)
        return
    engines = _Engines(plan)
    try:
        for key, template in todo:
            yield key, engines.apply(work, template)
    finally:
        engines.close()


class _Engines:
    """Engines that are started when they are first needed, and anew after a fault: nobody knows what it left."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._session: Session | None = None

    def apply(self, work: Work[Any], template: Template) -> _Entry:
        """Do the work on one template; raises only where the engines cannot be started."""
        if self._session is None:
            self._session = Session(self._plan.targets, self._plan.limits)
        try:
            return work.do(self._session, template), None
        except InputError as error:
            if not isinstance(error, TemplateSyntaxError):
                self.close()  # it may have been in the middle of a question
            return None, str(error)
        except Exception as error:
            self.close()
            return None, f"{template.label}: {described(error)}"

    def close(self) -> None:
        """Stop what runs."""
        if self._session is not None:
            session, self._session = self._session, None
            session.close()


def _parallel(todo: Sequence[_Job], work: Work[Any], plan: Plan, jobs: int, keep: _Keep) -> Iterator[_Done]:
    others = set(active_children())
    pools = [_pool(jobs, work, plan)]
    waiting: deque[tuple[str, Template, Future[_Entry]]] = deque()
    left = iter(todo)
    done = False
    try:
        for _ in range(jobs * (1 + _AHEAD)):
            _submit(pools[-1], left, waiting)
        while waiting:
            key, _, future = waiting[0]
            try:
                entry = future.result()
            except BrokenProcessPool:
                # One of those that were handed out ended its process, and all of them lost theirs.
                lost = list(waiting)
                waiting.clear()
                yield from ((each, _alone(given, work, plan)) for each, given, _ in lost)
                pools.append(_pool(jobs, work, plan))
                for _ in range(jobs * (1 + _AHEAD)):
                    _submit(pools[-1], left, waiting)
                continue
            waiting.popleft()
            yield key, entry
            _submit(pools[-1], left, waiting)
        done = True
    finally:
        if done:
            for pool in pools:
                pool.shutdown()
        else:
            _stop_now(pools, others)
            for key, _, future in waiting:
                if future.done() and not future.cancelled() and future.exception() is None:
                    keep(key, future.result())


def _pool(jobs: int, work: Work[Any], plan: Plan) -> ProcessPoolExecutor:
    shared = Plan(plan.targets, limits=plan.limits)
    return ProcessPoolExecutor(jobs, get_context("spawn"), _start, (work, shared, gc.get_threshold()))


def _alone(template: Template, work: Work[Any], plan: Plan) -> _Entry:
    """The work on one template in a process of its own, whose death is then that template's doing."""
    with _pool(1, work, plan) as pool:
        try:
            return pool.submit(_work, template).result()
        except BrokenProcessPool:
            return None, f"{template.label}: {_DIED}"


def _stop_now(pools: Sequence[ProcessPoolExecutor], others: Set[BaseProcess]) -> None:
    """End the processes of pools without waiting for the templates they are at; their engines end with them."""
    own = set(active_children()) - others
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    for process in own:
        process.terminate()
    for process in own:
        process.join(_SECONDS_TO_END)


def _submit(
    pool: ProcessPoolExecutor, left: Iterator[_Job], waiting: deque[tuple[str, Template, Future[_Entry]]]
) -> None:
    for key, template in left:
        waiting.append((key, template, pool.submit(_work, template)))
        return


# -- in a process of the pool ----------------------------------------------------------------------------------------

_here: tuple[Work[Any], _Engines] | None = None


def _start(work: Work[Any], plan: Plan, garbage: tuple[int, int, int]) -> None:
    global _here
    gc.set_threshold(*garbage)  # as the parent looks for it
    # An interrupt is for the parent, which closes the pool in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _here = (work, _Engines(plan))


def _work(template: Template) -> _Entry:
    assert _here is not None
    work, engines = _here
    return engines.apply(work, template)
