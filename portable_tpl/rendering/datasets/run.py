"""Batches through a job: in this process, in several, or on a cluster; results come in the order of the batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from portable_tpl.model.errors import InputError, PortableTplError
from portable_tpl.model.words import in_one_line
from portable_tpl.rendering.datasets.job import BatchResult, RenderJob
from portable_tpl.rendering.datasets.records import Batch

# Batches that wait for each process, so that none runs dry while the memory stays bounded.
_AHEAD = 3

Results = Iterator[tuple[Batch, BatchResult]]


def run_batches(job: RenderJob, batches: Iterable[Batch], jobs: int = 1, scheduler: str | None = None) -> Results:
    """Each batch with its result.

    ``jobs`` above 1 starts that many processes; ``scheduler`` is the address of a Dask cluster, whose workers need
    this package. Raises :class:`PortableTplError` where a process or the cluster is lost.
    """
    if scheduler is not None:
        return _on_cluster(job, batches, scheduler)
    if jobs > 1:
        return _in_processes(job, batches, jobs)
    return ((batch, job(batch.rows)) for batch in batches)


def _in_processes(job: RenderJob, batches: Iterable[Batch], jobs: int) -> Results:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, get_context("spawn"), _start, (job,)) as pool:
        try:
            yield from _in_order(
                batches, _AHEAD * jobs, lambda batch: pool.submit(_work, batch.rows), lambda future: future.result()
            )
        except BrokenProcessPool:
            raise PortableTplError("a process that rendered was killed, perhaps for want of memory") from None
        finally:
            pool.shutdown(cancel_futures=True)


_JOB: list[RenderJob] = []


def _start(job: RenderJob) -> None:
    _JOB[:] = [job]


def _work(rows: list[Any]) -> BatchResult:
    return _JOB[0](rows)


def _on_cluster(job: RenderJob, batches: Iterable[Batch], address: str) -> Results:
    try:
        import distributed
    except ImportError:
        raise InputError("--scheduler needs an extra: pip install 'portable-tpl[distributed]'") from None
    try:
        connect: Any = distributed.Client
        client = connect(address, timeout=20)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler {address}: {' '.join(str(error).split())}") from None
    with client:
        shared = client.scatter(job, broadcast=True, hash=False)
        ahead = _AHEAD * max(1, sum(client.ncores().values()))
        try:
            yield from _in_order(
                batches,
                ahead,
                lambda batch: client.submit(_call, shared, batch.rows, pure=False),
                lambda future: future.result(),
            )
        except Exception as error:
            if isinstance(error, PortableTplError):
                raise
            words = in_one_line(f"{type(error).__name__}: {error}")
            raise PortableTplError(f"the cluster at {address} failed: {words}") from None


def _call(job: RenderJob, rows: list[Any]) -> BatchResult:
    return job(rows)


def _in_order(
    batches: Iterable[Batch], ahead: int, submit: Callable[[Batch], Any], result: Callable[[Any], BatchResult]
) -> Results:
    waiting: deque[tuple[Batch, Any]] = deque()
    for batch in batches:
        waiting.append((batch, submit(batch)))
        if len(waiting) >= ahead:
            first, future = waiting.popleft()
            yield first, result(future)
    while waiting:
        first, future = waiting.popleft()
        yield first, result(future)
