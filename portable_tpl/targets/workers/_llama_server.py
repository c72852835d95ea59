"""llama.cpp's own server inside this process: started with a template, and asked over loopback."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import time
from pathlib import Path
from typing import Any

import xllamacpp

from portable_tpl.targets.workers._serve import Failure, Refusal

_HOST = "127.0.0.1"
_LOG_SECONDS = 2.0  # the server's log is written by a thread of its own, after the fact
_ERRORS_ONLY = 1
_CHUNK = 1 << 16
_REQUEST = (
    b"POST /apply-template HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer %b\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)

# A record of the log starts with a time, a letter for its level, and a function; what follows without is its text.
_RECORD = re.compile(r"^\d+\.\d+\.\d+\.\d+ ([A-Z]) +", re.MULTILINE)
_REASON = re.compile(r"(?:common_chat_templates_init: error: |chat template parsing error: )(.*)", re.DOTALL)
_PLACE = re.compile(r"While executing (\w+) at line (\d+), column \d+ in source:")
_EXCERPT_END = re.compile(r"\n *\^\n(?:Error: )?")
_PARSER = "Unable to generate parser for this template. Automatic parser generation failed: "
_RAISED = "Jinja Exception: "
_START = "the server refuses the template at start: "


class ServerRefusesError(Exception):
    """The server did not start; the text is its own."""


class Server:
    """One server for one template and one model."""

    def __init__(self, template: str, model: Path, pure: bool) -> None:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(model)
        parameters.chat_template = template
        parameters.use_jinja = True
        parameters.force_pure_content_parser = pure
        parameters.n_ctx = 64
        parameters.n_parallel = 1
        parameters.warmup = False
        parameters.port = 0
        parameters.n_threads_http = 1
        parameters.cpuparams.n_threads = 1
        parameters.cpuparams_batch.n_threads = 1
        parameters.endpoint_slots = False
        parameters.cache_ram_mib = 0
        # Other users of this machine reach the loopback, too.
        self._key = secrets.token_hex(16)
        parameters.api_keys = [self._key]
        if hasattr(parameters, "hostnames"):
            parameters.hostnames = [_HOST]
            parameters.verbosity = _ERRORS_ONLY
        else:
            # Some earlier releases (b9294) abort when they refuse a template, unless they log all they do meanwhile.
            parameters.hostname = _HOST
        self._server = _started(parameters)
        host, _, port = self._server.listening_address.removeprefix("http://").rpartition(":")
        self.address = (host, int(port))
        self._socket: socket.socket | None = None
        self.requests = 0

    def ask(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer of ``/apply-template``."""
        self.requests += 1
        request = _REQUEST % (self._key.encode("ascii"), len(body), body)
        answer = self._exchange(request) or self._exchange(request)
        if answer is None:
            raise ConnectionError("the server does not answer")
        status, content = answer
        return status, json.loads(content.decode("utf-8", "surrogateescape"))

    def _exchange(self, request: bytes) -> tuple[int, bytes] | None:
        """One request on the connection that is there, or a new one; ``None`` where the server has closed it.

        The server closes a connection after a number of requests or some idle seconds. Python's own client spends as
        long on an answer's headers as the server does on the answer.
        """
        if self._socket is None:
            self._socket = socket.create_connection(self.address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
            data = b""
            while (end := data.find(b"\r\n\r\n")) < 0:
                data += self._received()
            head = data[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
            pieces, missing = [data[end + 4 :]], length - len(data) + end + 4
            while missing > 0:
                pieces.append(self._received())
                missing -= len(pieces[-1])
        except ConnectionError:
            self._hang_up()
            return None
        if b"connection: close" in head:
            self._hang_up()
        return int(head.split(None, 2)[1]), b"".join(pieces)

    def _received(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(_CHUNK)
        if not data:
            raise ConnectionError
        return data

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Stop the server."""
        self._hang_up()
        del self._server


def _started(parameters: Any) -> Any:
    """The running server; its log is caught while it starts, to find why it does not."""
    log = os.memfd_create("log") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    real = os.dup(2)
    os.dup2(log, 2)
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise ServerRefusesError(_reason(log) or str(error)) from None
    finally:
        os.dup2(real, 2)
        os.close(real)
        os.close(log)


def _reason(log: int) -> str | None:
    """The server's own words on the template."""
    deadline = time.monotonic() + _LOG_SECONDS
    while True:
        text = os.pread(log, os.fstat(log).st_size, 0).decode("utf-8", "replace")
        if "exiting due to" in text or time.monotonic() > deadline:
            break
        time.sleep(0.002)
    starts = [match.end() for match in _RECORD.finditer(text)]
    ends = [*[match.start() for match in _RECORD.finditer(text)][1:], len(text)]
    for start, end in zip(starts, ends, strict=True):
        reason = _REASON.search(text, start, end)
        if reason is not None:
            return reason[1].removesuffix("\n")
    return None


def start_failure(words: str, line_offset: int) -> Failure:
    """What a server that refuses a template says, as a failure of the template."""
    message, line, _ = read_error(words, line_offset)
    return Failure("syntax", _START + message, line)


def request_failure(words: str, line_offset: int) -> Failure | Refusal:
    """What the server answers instead of a prompt."""
    message, line, raised = read_error(words, line_offset)
    if raised:
        return Refusal(message)
    if "bad_alloc" in message:
        return Failure("memory", message, line)
    if "invalid string: surrogate" in message:
        return Failure("unsupported", f"the server takes no lone surrogates: {message}")
    return Failure("error", message, line)


def read_error(words: str, line_offset: int) -> tuple[str, int | None, bool]:
    """Message, line and whether ``raise_exception`` was called, from the engine's text with its source excerpt."""
    words = words.removeprefix(_PARSER)
    place = _PLACE.search(words)
    line = None if place is None else max(1, int(place[2]) - line_offset)
    end = _EXCERPT_END.search(words, place.end()) if place is not None else None
    message = words[end.end() :] if end is not None else words.strip()
    if end is not None and message.startswith(_RAISED):
        return message[len(_RAISED) :], line, True
    return message, line, False
