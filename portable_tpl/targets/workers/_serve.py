"""The worker's side of :mod:`portable_tpl.targets.processes._protocol`'s protocol, for engines driven from Python."""

from __future__ import annotations

import gc
import json
import mmap
import os
import select
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from portable_tpl.targets.workers._confinement import confine

_LoadedT = TypeVar("_LoadedT")
_CaseT = TypeVar("_CaseT")

# Seconds of replies that go out in one write: so few that the parent reads them while the next are being rendered;
# four times as many where these are few replies.
_GATHER = 0.001
_FEW = 32
_CHUNK = 1 << 18
_MOST_TEMPLATES = 64
_MOST_CHARACTERS = 4 << 20  # of template text whose compiled form is kept
MOST_WRAPPED = 16 << 20  # characters of JSON that wrap a prompt
_GATHERED = 1 << 20  # bytes of texts that are gathered at most
_GARBAGE = 10_000  # new objects after which Python looks for garbage
LONGEST_MESSAGE = 1 << 16  # characters of a refusal or an error

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


class Refusal(Exception):
    """The template called ``raise_exception`` with this message."""


class Wrapped(str):
    """A prompt in JSON, with what else was seen of it; the size of the prompt itself was looked at."""

    __slots__ = ()


class Failure(Exception):
    """The engine could not load or render; ``kind`` is one of the protocol's."""

    def __init__(self, kind: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.reply = {"kind": kind, "message": message[:LONGEST_MESSAGE], "line": line}


class Engine(Protocol[_LoadedT, _CaseT]):
    """What an engine offers to be served; its methods raise :class:`Refusal` and :class:`Failure`."""

    name: str
    version: str

    def load(self, template: str, options: dict[str, Any]) -> _LoadedT:
        """Compile a template; the result is kept for later requests."""
        ...

    def prepare(self, context: dict[str, Any], clock: str) -> _CaseT:
        """Put a case into the form that ``render`` takes; the result is kept for as long as the parent wants."""
        ...

    def release(self, case: _CaseT) -> None:
        """A prepared case is not needed any more."""
        ...

    def render(self, loaded: _LoadedT, case: _CaseT) -> str:
        """The prompt."""
        ...


def expect_small(text: str) -> None:
    """Raise :class:`Failure` for a prompt that is larger than the parent takes."""
    most = int(os.environ.get("PORTABLE_TPL_TEXT_BYTES", 4 << 20))
    if len(text) > most or (len(text) * 4 > most and len(text.encode("utf-8", "surrogatepass")) > most):
        raise Failure("memory", f"the prompt is larger than {most >> 20} MB")


def expect_unicode(template: str) -> None:
    """Raise :class:`Failure` for a template that a program in C++ or Rust cannot be given."""
    try:
        template.encode("utf-8")
    except UnicodeEncodeError:
        raise Failure("unsupported", "a program in C++ or Rust holds no template with a lone surrogate") from None


class _Connection:
    """Requests in, replies out; replies are gathered for some milliseconds, and the progress file says what runs."""

    def __init__(self) -> None:
        self._read = int(os.environ["PORTABLE_TPL_READ_FD"])
        self._write = int(os.environ["PORTABLE_TPL_WRITE_FD"])
        self._gathered: list[bytes] = []
        self._texts: list[bytes] = []
        self._texts_size = 0
        self._texts_head = ""
        self._flushed = 0.0
        counter = os.environ.get("PORTABLE_TPL_PROGRESS_FD")
        self._counter = None if counter is None else memoryview(mmap.mmap(int(counter), 8)).cast("Q")

    def requests(self) -> Iterator[dict[str, Any]]:
        """Every request until the parent closes its end, or dies."""
        buffer = bytearray()
        while data := os.read(self._read, _CHUNK):
            buffer += data
            if b"\n" not in data:
                continue
            *lines, rest = bytes(buffer).split(b"\n")
            buffer = bytearray(rest)
            for line in lines:
                yield _decode(line.decode("utf-8"))

    def start_case(self, number: int) -> None:
        """Say that the ``number``-th case, from 1, is being rendered."""
        if self._counter is None:
            self.flush()
            return
        self._counter[0] = number
        waited = time.monotonic() - self._flushed
        if waited > _GATHER and (len(self._texts) >= _FEW or waited > 4 * _GATHER):
            self.flush()

    def text(self, request: int, case: int, text: str) -> None:
        """Queue a rendered text; texts of consecutive cases share a line, and go raw before it."""
        if not self._texts:
            self._texts_head = f'{{"id":{request},"case":{case},"sizes":'
        data = text.encode("utf-8", "surrogatepass")
        self._texts.append(data)
        self._texts_size += len(data)
        if self._texts_size > _GATHERED:
            self.flush()

    def reply(self, reply: dict[str, Any]) -> None:
        """Queue one line."""
        self._end_texts()
        self._gathered.append(_encode(reply).encode("ascii") + b"\n")

    def _end_texts(self) -> None:
        if self._texts:
            sizes = list(map(len, self._texts))
            self._gathered.append(b"#%d\n" % sum(sizes))
            self._gathered += self._texts
            self._gathered.append(f"{self._texts_head}{sizes}}}\n".encode("ascii"))
            self._texts.clear()
            self._texts_size = 0

    def flush(self) -> None:
        """Send what was gathered."""
        self._end_texts()
        data = memoryview(b"".join(self._gathered))
        self._gathered.clear()
        while data:
            data = data[os.write(self._write, data) :]
        self._flushed = time.monotonic()


class _Server(Generic[_LoadedT, _CaseT]):
    """Reads requests and answers them, until there are none."""

    def __init__(self, engine: Engine[_LoadedT, _CaseT], connection: _Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._cases: dict[str, _CaseT | Failure] = {}
        self._loaded: OrderedDict[tuple[str, str], _LoadedT] = OrderedDict()
        self._characters = 0

    def run(self) -> None:
        hello = {"protocol": 1, "engine": self._engine.name, "version": self._engine.version, "progress": True}
        self._connection.reply(hello)
        self._connection.flush()
        for request in self._connection.requests():
            if request["op"] == "contexts":
                self._remember(request)
            elif request["op"] == "render":
                self._render(request)
                self._connection.flush()

    def _remember(self, request: dict[str, Any]) -> None:
        for key in request.get("drop", ()):
            case = self._cases.pop(key, None)
            if case is not None and not isinstance(case, Failure):
                self._engine.release(case)
        for key, data in request.get("set", {}).items():
            self._cases[key] = self._prepared(data)

    def _prepared(self, data: dict[str, Any]) -> _CaseT | Failure:
        try:
            return self._engine.prepare(data["context"], data["clock"])
        except Failure as failure:
            return failure
        except RecursionError:
            return Failure("unsupported", "values are nested too deeply")

    def _render(self, request: dict[str, Any]) -> None:
        number, connection = request["id"], self._connection
        try:
            loaded = self._load(request["template"], request["options"])
        except Failure as failure:
            connection.reply({"id": number, "case": "all", "failed": failure.reply})
            return
        connection.reply({"id": number, "loaded": True})
        start_case, text, render, cases = connection.start_case, connection.text, self._answer, self._cases
        for index, named in enumerate(request["cases"]):
            start_case(index + 1)
            answer = render(loaded, cases[named]) if type(named) is str else self._once(loaded, named)
            if isinstance(answer, str):
                text(number, index, answer)
            else:
                connection.reply({"id": number, "case": index, **answer})

    def _once(self, loaded: _LoadedT, data: dict[str, Any]) -> str | dict[str, Any]:
        """A case that was sent with the request and is not kept."""
        case = self._prepared(data)
        try:
            return self._answer(loaded, case)
        finally:
            if not isinstance(case, Failure):
                self._engine.release(case)

    def _answer(self, loaded: _LoadedT, case: _CaseT | Failure) -> str | dict[str, Any]:
        """The text, or what the reply says in its place."""
        try:
            if case.__class__ is not Failure:
                text = self._engine.render(loaded, case)  # type: ignore[arg-type]
                if text.__class__ is not Wrapped:
                    expect_small(text)
                return text
            return {"failed": case.reply}
        except Refusal as refusal:
            return {"refused": str(refusal)[:LONGEST_MESSAGE]}
        except Failure as failure:
            return {"failed": failure.reply}
        except MemoryError:
            return {"failed": {"kind": "memory", "message": "out of memory"}}

    def _load(self, text: str, options: dict[str, Any]) -> _LoadedT:
        key = (text, _encode(options))
        loaded = self._loaded.get(key)
        if loaded is not None:
            self._loaded.move_to_end(key)
            return loaded
        loaded = self._engine.load(text, options)
        self._loaded[key] = loaded
        self._characters += len(text)
        while len(self._loaded) > 1 and (len(self._loaded) > _MOST_TEMPLATES or self._characters > _MOST_CHARACTERS):
            (dropped, _), _ = self._loaded.popitem(last=False)
            self._characters -= len(dropped)
        return loaded


def _end_with_parent(descriptor: int) -> None:
    """End this process, whatever it is at, once the other end of a pipe is gone: there is nobody left to end it.

    What ``prctl`` offers looks at the thread that started a process, and the parent's threads come and go.
    """
    watch = select.poll()
    watch.register(descriptor, 0)  # a hang-up is always told
    watch.poll()
    os._exit(0)


def serve(engine: Engine[_LoadedT, _CaseT], writable: Sequence[str] = (), network: bool = False) -> None:
    """Answer requests until the parent goes away; see :func:`confine` for what the engine may do besides."""
    confine(writable, network)
    gc.collect()
    gc.freeze()  # the engine stays, and its objects need not be looked through again and again
    gc.set_threshold(_GARBAGE)
    if hasattr(select, "poll"):
        descriptor = int(os.environ["PORTABLE_TPL_READ_FD"])
        threading.Thread(target=_end_with_parent, args=(descriptor,), daemon=True).start()
    _Server(engine, _Connection()).run()
    sys.exit(0)
