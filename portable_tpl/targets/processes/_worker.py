"""Drives any engine in a worker process: the plug; what is said on the pipes is in :mod:`._protocol`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from weakref import WeakSet

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._cases import CaseBook, encode
from portable_tpl.targets.processes._deadline import Deadline
from portable_tpl.targets.processes._patience import NOT_TRIED, Patience
from portable_tpl.targets.processes._process import WorkerProcess
from portable_tpl.targets.processes._protocol import PROTOCOL, expect_case, texts_of
from portable_tpl.targets.processes._shared import rendered

WRAPPING = 8  # times its size is what a prompt takes at most that comes in JSON, with what was seen of it

_BATCH = 1024  # cases of one request
_TICK = 0.05  # seconds between two looks at a silent worker

_decode = json.JSONDecoder().decode


_RUNTIMES: WeakSet[WorkerRuntime] = WeakSet()


def _forget_workers() -> None:
    for runtime in list(_RUNTIMES):
        runtime.forget_worker()


if hasattr(os, "register_at_fork"):
    # Two processes on one pipe would read each other's answers.
    os.register_at_fork(after_in_child=_forget_workers)


@dataclass
class _Request:
    """One request under way."""

    number: int
    answers: list[Rendering] = field(default_factory=list)
    for_all: Failed | None = None


class WorkerRuntime:
    """A warm engine for one target, in a process of its own; a :class:`portable_tpl.targets.processes._base.Runtime`.

    It may be used by several threads, one after the other.
    ``restarts`` counts the workers that had to be replaced.
    """

    def __init__(self, adapter: Adapter, version: str | None = None, limits: Limits | None = None) -> None:
        self.id = adapter.id if version is None else f"{adapter.id}@{version}"
        self.engine = adapter.engine
        self.restarts = 0
        self.deadline: Deadline | None = None
        self._lock = RLock()
        self._launch = adapter.launch(version)
        self._limits = limits or Limits()
        self._book = CaseBook(adapter.context)
        self._options = encode(dict(adapter.options))
        self._process: WorkerProcess | None = None
        self._closed = False
        self._requests = 0
        self._counts = False
        self._room = 0  # bytes of this process that the texts of the batch may still take
        self._wrapping = 1  # how many times the size of a prompt a worker's text may be
        _RUNTIMES.add(self)
        self.version = str(self._start()["version"])

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        """Render one conversation."""
        return self.render_all(template, [conversation])[0]

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template: one load, one round trip."""
        with self._lock:
            return self._render_all(template, conversations)

    def _render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        if self._closed:
            raise ValueError(f"the runtime {self.id} is closed")
        tokens = template.tokens
        if not tokens:  # a tokenizer without any: its conversations have none, and not the usual ones
            conversations = [
                one if one.special_tokens else one.with_changes(special_tokens={}) for one in conversations
            ]
        text = encode(template.text)
        out: list[Rendering] = []
        self._room = self._limits.batch_megabytes << 20
        for start in range(0, len(conversations), _BATCH):
            entered = self._book.enter(conversations[start : start + _BATCH], tokens)
            keys = [entry for entry in entered if isinstance(entry, str)]
            answers = self._render_keys(text, keys)
            if len(keys) < len(entered):
                each = iter(answers)
                answers = [next(each) if isinstance(entry, str) else entry for entry in entered]
            out += answers
            self._book.trim()
        return out

    def close(self) -> None:
        """Stop the worker process; may be called twice."""
        self._closed = True
        self._stop()

    def forget_worker(self) -> None:
        """In a child that was forked: leave the worker to the parent; the next render starts one of its own."""
        self._lock = RLock()  # another thread of the parent may have held the old one
        process, self._process = self._process, None
        if process is not None:
            process.abandon()

    @property
    def pid(self) -> int | None:
        """The worker's process id, for diagnosis; ``None`` while no worker runs."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> WorkerRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self._stop()

    def _render_keys(self, text: str, keys: list[str]) -> list[Rendering]:
        """Render registered cases; each round ends with the last case, or with one that ended the worker."""
        done: list[Rendering] = []
        patience = Patience()
        while len(done) < len(keys):
            missing = len(keys) - len(done)
            lost = patience.lost or self._nothing_left()
            if lost is not None:
                return done + [lost] * missing
            try:
                process = self._running()
            except TargetUnavailable as error:
                return done + [Failed("crash", str(error))] * missing
            request = self._ask(process, text, keys[len(done) :])
            failure = self._follow(process, request, missing)
            if request.for_all is not None:
                return done + [request.for_all] * missing
            done += request.answers
            if failure is None:
                continue
            started = process.progress()
            self._stop()
            self.restarts += 1
            if failure.kind == "untried":
                continue
            if self._counts and started == 0:
                return done + [failure] * missing  # it died while loading the template, before any case
            patience = patience.after(failure, bool(request.answers))
            # Replies that were gathered and lost lie before the culprit: those are rendered again.
            gathered = max(0, started - 1 - len(request.answers))
            done += self._render_keys(text, keys[len(done) : len(done) + gathered])
            done.append(failure)
        return done

    def _nothing_left(self) -> Failed | None:
        """What stands for every further rendering, where the time or the memory for this template is used up."""
        if self.deadline is not None and self.deadline.out():
            return self.deadline.failure
        if self._room > 0:
            return None
        megabytes = self._limits.batch_megabytes
        return Failed("untried", f"{NOT_TRIED}: the prompts before it take {megabytes} MB of memory together")

    def _ask(self, process: WorkerProcess, text: str, keys: list[str]) -> _Request:
        self._requests += 1
        names = '","'.join(keys)  # of which there is one at least
        line = (
            f'{{"op":"render","id":{self._requests},"template":{text},"options":{self._options},'
            f'"cases":["{names}"]}}\n'
        )
        process.reset_progress()
        process.grant()
        process.send((self._book.registration(keys) + line).encode("ascii"))
        return _Request(self._requests)

    def _follow(self, process: WorkerProcess, request: _Request, expected: int) -> Failed | None:
        """Take the replies; what ended the worker, or ``None`` when all have come."""
        tick = min(_TICK, self._limits.seconds / 4)
        seen, since = -1, time.monotonic()
        while len(request.answers) < expected and request.for_all is None:
            messages = process.receive(tick)
            try:
                for message in messages:
                    self._take(request, _decode(message.line.decode("utf-8")), message.raw)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                return Failed("crash", f"the worker broke the protocol: {error!r}")
            lost = self._nothing_left()
            if lost is not None and len(request.answers) < expected:
                return lost
            started = process.progress()
            if messages or started != seen:
                seen, since = started, time.monotonic()
                process.grant()
                continue
            if process.ended:
                return process.verdict()
            if process.flooded:
                return Failed("memory", f"the engine sent more than {process.most_pending >> 20} MB at once")
            if process.over_memory():
                return Failed("memory", f"the engine used more than {self._limits.megabytes} MB")
            if time.monotonic() - since > self._limits.seconds:
                return Failed("timeout", f"no answer within {self._limits.seconds:g} s")
        return None

    def _take(self, request: _Request, reply: dict[str, Any], raw: bytes) -> None:
        if reply["id"] != request.number or reply.get("loaded"):
            return
        if "sizes" in reply:
            expect_case(reply["case"], len(request.answers))
            request.answers += map(self._rendered, texts_of(raw, reply["sizes"]))
            return
        if "text" in reply:
            answer = self._rendered(reply["text"])
        elif "refused" in reply:
            answer = Refused(reply["refused"])
        else:
            failed = reply["failed"]
            answer = Failed(failed["kind"], failed["message"], failed.get("line"))
        if reply["case"] == "all":
            request.for_all = answer if isinstance(answer, Failed) else None
        else:
            expect_case(reply["case"], len(request.answers))
            request.answers.append(answer)

    def _rendered(self, text: str) -> Rendering:
        """A text as a rendering, if it is not too large for one."""
        if self._room <= 0:
            return self._nothing_left() or Rendered(text)
        self._room -= sys.getsizeof(text)
        if len(text) > self._wrapping * self._limits.text_megabytes << 20:
            return Failed("memory", too_large(self._limits.text_megabytes))
        return rendered(text)

    def _running(self) -> WorkerProcess:
        if self._process is None:
            self._start()
        assert self._process is not None
        return self._process

    def _start(self) -> dict[str, Any]:
        """Start the worker and read its hello; raises :class:`TargetUnavailable` where it does not come."""
        self._book.worker_is_new()
        try:
            process = WorkerProcess(self._launch, self._limits)
        except OSError as error:
            raise TargetUnavailable(f"{self.id}: cannot start {self._launch.command[0]}: {error}") from None
        messages = process.receive(self._launch.start_seconds)
        hello: Any = None
        if messages:
            with contextlib.suppress(ValueError):
                hello = _decode(messages[0].line.decode("utf-8", "replace"))
        if not isinstance(hello, dict) or hello.get("protocol") != PROTOCOL or "version" not in hello:
            reason = self._why_no_hello(process, hello)
            process.kill()
            raise TargetUnavailable(f"{self.id}: the engine did not start: {reason}")
        process.settle(self._launch.address_space, self._launch.idle_megabytes)
        self._counts = bool(hello.get("progress"))
        self._process = process
        return hello

    def _why_no_hello(self, process: WorkerProcess, hello: Any) -> str:
        if isinstance(hello, dict):
            return str(hello.get("error", f"its hello line is {encode(hello)}, protocol {PROTOCOL} is needed"))
        if process.ended:
            return process.verdict().message
        return f"no hello line within {self._launch.start_seconds:g} s"

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()


def too_large(megabytes: int) -> str:
    """What is said of a prompt that is longer than it may be."""
    return f"the prompt is larger than {megabytes} MB"
