"""The work of ``portable-tpl render --input``."""

from __future__ import annotations

import hashlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from portable_tpl.cli.streams import say
from portable_tpl.cli.work.emit import write_bytes
from portable_tpl.cli.work.rendering import row_options, targets_of
from portable_tpl.model.errors import ConversationError, InputError, PromptWarning
from portable_tpl.model.source import Template
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.datasets.job import BatchResult, RenderJob
from portable_tpl.rendering.datasets.output import Progress, ResumableFile
from portable_tpl.rendering.datasets.records import Batch, Records, open_records
from portable_tpl.rendering.datasets.run import Results, run_batches
from portable_tpl.rendering.stepping import find_steps

_NOTE_SECONDS = 1.0


class _StopRun(Exception):
    """A row ended the run: it could not be read, or got no prompt."""

    def __init__(self, message: str, unreadable: bool) -> None:
        super().__init__(message)
        self.unreadable = unreadable


def render_data_set(template: Template, options: Mapping[str, Any]) -> int:
    """Render each row, a line of output each, in order; a file is written whole or not at all."""
    job = _job(template, options)
    path = options["input_"]
    stdin = sys.stdin.buffer if path == "-" else None
    with open_records(path, stdin) as records:
        output = _open_output(options, template)
        progress = output.progress if output is not None else Progress()
        start = progress.input
        results = run_batches(job, records.batches(start), options["jobs"], options["scheduler"])
        write = output.write if output is not None else lambda data: write_bytes(data, None)
        try:
            with _bar(records, options["quiet"]) as advance:
                progress = _run(results, progress, write, output, advance, _Remarks(path, options["quiet"]))
            if not progress.rows:
                raise InputError(f"{path}: holds no conversation; expected JSON lines, one conversation a line")
        except KeyboardInterrupt:
            if output is not None:
                output.pause()
                say("portable-tpl: stopped; the same command with --resume goes on from here")
            raise
        except BaseException as error:
            if output is not None:
                output.discard()
            if isinstance(error, _StopRun) and not error.unreadable:
                say(f"portable-tpl: {error}")
                return 1
            if isinstance(error, _StopRun):
                raise ConversationError(str(error)) from None
            raise
        if output is not None:
            output.commit()
    if progress.failures:
        say(
            f"portable-tpl: {progress.failures} of {progress.rows} conversations gave no prompt; the first is "
            f"{progress.first_failure}"
        )
    return 1 if progress.failures else 0


def _job(template: Template, options: Mapping[str, Any]) -> RenderJob:
    find_steps(options["steps"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PromptWarning)
        chat = ChatTemplate(template)
    for words in caught if not options["quiet"] else ():
        say(f"portable-tpl: warning: {words.message}")
    return RenderJob(
        chat,
        options["name"],
        row_options(options),
        options["on_error"],
        targets_of(options["targets"])[0],
        options["isolated"],
        tuple(options["steps"]),
    )


def _run(
    results: Results,
    progress: Progress,
    write: Callable[[bytes], None],
    output: ResumableFile | None,
    advance: Callable[[Batch], None],
    remarks: _Remarks,
) -> Progress:
    noted = time.monotonic()
    for batch, result in results:
        write(result.output)
        remarks.of(batch, result)
        progress = _after(progress, batch, result)
        advance(batch)
        if output is not None and time.monotonic() - noted > _NOTE_SECONDS:
            output.note(progress)
            noted = time.monotonic()
    return progress


def _after(progress: Progress, batch: Batch, result: BatchResult) -> Progress:
    first = progress.first_failure
    if not first and result.failures:
        first = f"line {batch.numbers[result.failures[0].index]}: {result.failures[0].reason}"
    return Progress(batch.end, 0, progress.rows + result.rows, progress.failures + len(result.failures), first)


class _Remarks:
    """What is said about rows, once each; and the end of a run that a row asks for."""

    def __init__(self, path: str, quiet: bool) -> None:
        self._path = path
        self._quiet = quiet
        self._said: set[str] = set()

    def of(self, batch: Batch, result: BatchResult) -> None:
        """Look at one result; raises :class:`_StopRun` where its last failure ended the batch."""
        if result.ended:
            failure = result.failures[-1]
            place = f"{self._path}:{batch.numbers[failure.index]}"
            raise _StopRun(f"{place}: {failure.reason}", failure.unreadable)
        for words in result.warnings:
            self._say(words)
        if result.unused:
            names = ", ".join(sorted(result.unused - self._said))
            if names:
                self._said |= result.unused
                self._say(f"not used: {names}; --keep copies a column, --column ARGUMENT=NAME passes it on")

    def _say(self, words: str) -> None:
        if words not in self._said and not self._quiet:
            say(f"portable-tpl: warning: {words}")
        self._said.add(words)


def _open_output(options: Mapping[str, Any], template: Template) -> ResumableFile | None:
    if options["output"] is None:
        return None
    shown = {**options, "output": None, "resume": None, "jobs": None, "quiet": None, "scheduler": None}
    identity = {
        "options": {name: value for name, value in sorted(shown.items()) if value},
        "template": [template.text, dict(template.tokens), *(each.text for each in template.named.values())],
        "input": _fingerprint(options["input_"]),
    }
    hashed = hashlib.sha256(repr(sorted(identity.items())).encode("utf-8", "surrogatepass")).hexdigest()
    return ResumableFile(options["output"], {"sha256": hashed}, options["resume"])


def _fingerprint(path: str) -> list[int]:
    if path == "-":
        return []
    state = os.stat(path)
    return [state.st_size, state.st_mtime_ns]


@contextmanager
def _bar(records: Records, quiet: bool) -> Iterator[Callable[[Batch], None]]:
    """A progress bar with the rate, where somebody looks at standard error."""
    if quiet or not sys.stderr.isatty():
        yield lambda batch: None
        return
    from rich import progress as bars
    from rich.console import Console

    counts = bars.TextColumn("{task.fields[rows]} rows, {task.fields[rate]}")
    started = time.monotonic()
    rows = 0
    with bars.Progress(
        bars.BarColumn(), bars.TaskProgressColumn(), counts, bars.TimeRemainingColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("rendering", total=records.size, rows=0, rate="")

        def advance(batch: Batch) -> None:
            nonlocal rows
            rows += len(batch.rows)
            rate = rows / max(time.monotonic() - started, 1e-3)
            bar.update(task, completed=batch.read, rows=f"{rows:,}", rate=f"{rate:,.0f}/s")

        yield advance
