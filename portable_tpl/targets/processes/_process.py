"""One worker process: started, spoken to in lines, watched, and killed."""

from __future__ import annotations

import contextlib
import mmap
import os
import selectors
import signal
import subprocess
import tempfile
import time
from typing import IO, NamedTuple

from portable_tpl.model.rendering import Failed
from portable_tpl.targets.processes import _limits
from portable_tpl.targets.processes._adapter import Launch, scrubbed_environment
from portable_tpl.targets.processes._base import Limits

READ_FD = "PORTABLE_TPL_READ_FD"
WRITE_FD = "PORTABLE_TPL_WRITE_FD"
PROGRESS_FD = "PORTABLE_TPL_PROGRESS_FD"
TEXT_BYTES = "PORTABLE_TPL_TEXT_BYTES"

_CHUNK = 1 << 18
_TAIL = 4096  # bytes of the worker's standard error that are kept for the message about its death
_RENEWAL = 1.0  # seconds between two grants of processor time
_PENDING = 8  # largest prompts that may lie unread; JSON can make six of one
_ORPHAN_SECONDS = 20.0  # of processor time, beyond the wall limits, for a worker whose parent was killed


class Message(NamedTuple):
    """A line of the protocol, and the raw data that came before it."""

    line: bytes
    raw: bytes


class WorkerProcess:
    """A running worker; replies are read as whole lines, and the progress counter says what it works on."""

    def __init__(self, launch: Launch, limits: Limits) -> None:
        self._limits = limits
        self.most_pending = _PENDING * limits.text_megabytes << 20
        self.flooded = False
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._tail = b""
        self._closed = False
        self._granted = -_RENEWAL
        self._progress_file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill()
        self._progress_file.write(bytes(8))
        self._progress_file.flush()
        self._progress = mmap.mmap(self._progress_file.fileno(), 8)
        self._start(launch)

    def _start(self, launch: Launch) -> None:
        child_read, self._write = os.pipe()
        self._read, child_write = os.pipe()
        lifeline, self._lifeline = os.pipe()
        counter = self._progress_file.fileno()
        added = {READ_FD: str(child_read), WRITE_FD: str(child_write), PROGRESS_FD: str(counter)}
        added[TEXT_BYTES] = str(self._limits.text_megabytes << 20)
        try:
            self._process = subprocess.Popen(
                launch.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(child_read, child_write, counter, lifeline),
                env=scrubbed_environment({**launch.environment, **added}),
                cwd="/",
                start_new_session=True,
            )
            _limits.end_with_writer(lifeline, self._process.pid)
        except BaseException:
            for descriptor in (self._read, self._write, self._lifeline):
                os.close(descriptor)
            self._progress.close()
            self._progress_file.close()
            raise
        finally:
            for descriptor in (child_read, child_write, lifeline):
                os.close(descriptor)
        assert self._process.stderr is not None
        self._stderr = self._process.stderr.fileno()
        self.pid = self._process.pid
        for descriptor in (self._read, self._write, self._stderr):
            os.set_blocking(descriptor, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        self.ended = False

    def settle(self, address_space: bool, idle_megabytes: int) -> None:
        """Set the memory limit, now that the engine is warm; see :class:`Launch` for the arguments."""
        most = self._limits.megabytes + idle_megabytes
        limited = address_space and _limits.limit_address_space(self.pid, most)
        base = None if limited and not idle_megabytes else _limits.resident(self.pid)
        self._ceiling = None if base is None else base + (self._limits.megabytes << 20)

    def send(self, data: bytes) -> None:
        """Queue bytes; they are written while replies are awaited, so that neither side can block the other."""
        waiting = bool(self._outgoing)
        self._outgoing += data
        self._pump_out()
        if self._outgoing and not waiting and not self.ended:
            self._selector.register(self._write, selectors.EVENT_WRITE)

    def receive(self, timeout: float) -> list[Message]:
        """What has come whole; an empty list after ``timeout`` seconds or when the process has ended."""
        deadline = time.monotonic() + timeout
        while not self.ended:
            wait = max(0.0, deadline - time.monotonic())
            ready = {key.fd for key, _ in self._selector.select(wait)}
            if self._stderr in ready:
                self._pump_error()
            if self._write in ready:
                self._pump_out()
                if not self._outgoing:
                    self._selector.unregister(self._write)
            if self._read in ready:
                self._pump_in()
                messages = self._take_messages()
                self.flooded = len(self._incoming) >= self.most_pending
                if messages or self.flooded:
                    return messages
            if time.monotonic() >= deadline:
                break
        return []

    def grant(self) -> None:
        """Renew the grant of processor time; see :func:`_limits.grant_cpu`. Cheap to call often."""
        now = time.monotonic()
        if now - self._granted >= _RENEWAL:
            self._granted = now
            _limits.grant_cpu(self.pid, 2 * self._limits.seconds + _ORPHAN_SECONDS)

    def reset_progress(self) -> None:
        """Zero the counter, before a request."""
        self._progress[:] = bytes(8)

    def progress(self) -> int:
        """What the worker last said it started on: 0 for loading, n for the n-th case of the request."""
        return int.from_bytes(self._progress[:], "little")

    def over_memory(self) -> bool:
        """Whether a worker that is watched, not limited, uses more memory than it may."""
        if self._ceiling is None:
            return False
        used = _limits.resident(self.pid)
        return used is not None and used > self._ceiling

    def verdict(self) -> Failed:
        """Why the process ended, in its own last words."""
        try:
            code = self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return Failed("crash", "the engine's process closed its connection")
        self._pump_error()
        words = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        memory = [line for line in words if _limits.says_out_of_memory(line)]
        if memory:
            return Failed("memory", f"the engine ran out of memory ({self._limits.megabytes} MB): {memory[-1]}")
        how = _signal_name(-code) if code < 0 else f"exit status {code}"
        return Failed("crash", f"the engine's process died ({how})" + (f": {words[-1]}" if words else ""))

    def kill(self) -> None:
        """End the process and free what belongs to it; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self.ended = True
        # The worker leads its own session: helpers that it started go with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._release()

    def abandon(self) -> None:
        """Let go of a process that belongs to the parent of this one, after a fork: it lives on and is not touched.

        Nothing is unregistered from the selector first: what it watches is watched for the parent, too.
        """
        if self._closed:
            return
        self._closed = True
        self.ended = True
        self._process.returncode = 0  # not a child of this process: there is nothing to wait for
        self._release()

    def _release(self) -> None:
        self._selector.close()
        for descriptor in (self._read, self._write, self._lifeline):
            os.close(descriptor)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._progress.close()
        self._progress_file.close()

    def _pump_in(self) -> None:
        while len(self._incoming) < self.most_pending:
            try:
                data = os.read(self._read, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                self.ended = True
                return
            self._incoming += data
            if len(data) < _CHUNK:
                return

    def _pump_out(self) -> None:
        while self._outgoing:
            try:
                written = os.write(self._write, self._outgoing[:_CHUNK])
            except BlockingIOError:
                return
            except BrokenPipeError:
                break
            del self._outgoing[:written]
        self._outgoing.clear()

    def _pump_error(self) -> None:
        while True:
            try:
                data = os.read(self._stderr, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(self._stderr)
                return
            self._tail = (self._tail + data)[-_TAIL:]

    def _take_messages(self) -> list[Message]:
        """Cut whole messages off what has come; the rest waits for more."""
        incoming = self._incoming
        messages: list[Message] = []
        taken = position = 0
        raw = b""
        while (end := incoming.find(b"\n", position)) >= 0:
            line = bytes(incoming[position:end])
            position = end + 1
            if line.startswith(b"#") and line[1:].isdigit():
                size = int(line[1:])
                if position + size >= len(incoming):
                    break
                raw = bytes(incoming[position : position + size])
                position += size
                continue
            messages.append(Message(line, raw))
            taken, raw = position, b""
        del incoming[:taken]
        return messages


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
