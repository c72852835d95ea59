"""NVIDIA Dynamo's frontend on loopback, with a backend that keeps what it is sent, and the log of the two."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

_BACKTRACE = "\n\nStack backtrace:"


class Log:
    """The process's standard error, which the frontend writes its log to, one JSON object a line.

    Its errors go on to where they went before.
    """

    def __init__(self) -> None:
        self._before = os.dup(2)
        reading, writing = os.pipe()
        os.dup2(writing, 2)
        os.close(writing)
        self._entries: deque[dict[str, Any]] = deque(maxlen=200)
        self._news = threading.Condition()
        threading.Thread(target=self._read, args=(reading,), daemon=True).start()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    os.write(self._before, line.encode("utf-8", "replace")[:4096])
                    continue
                with self._news:
                    self._entries.append(entry)
                    self._news.notify_all()

    def forget(self) -> None:
        """Start anew, before something is asked."""
        with self._news:
            self._entries.clear()

    def error(self, message: str, seconds: float, about: str = "") -> str | None:
        """The error in the first entry since that begins with a message, waited for so long."""
        end = time.monotonic() + seconds
        with self._news:
            while True:
                for entry in self._entries:
                    if str(entry.get("message", "")).startswith(message) and about in str(entry.get("group", "")):
                        return str(entry.get("error", "")).partition(_BACKTRACE)[0]
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)


class Frontend:
    """The server and its backend, in a loop on a thread of its own."""

    def __init__(self) -> None:
        from dynamo import _core

        self._core: Any = _core
        self._tokens: list[int] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(60)
        self._wait_for_port()

    async def _start(self) -> None:
        core = self._core
        self._runtime = core.DistributedRuntime(self._loop, "mem", "tcp")
        arguments = core.EntrypointArgs(
            core.EngineType.Dynamic, model_name="m", http_host="127.0.0.1", http_port=self.port
        )
        engine = await core.make_engine(self._runtime, arguments)
        self._server = asyncio.ensure_future(core.run_input(self._runtime, "http", engine))

    def _wait_for_port(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("the frontend does not listen")

    async def _backend(self, request: dict[str, Any], context: Any = None) -> Any:
        self._tokens = request["token_ids"]
        yield {"token_ids": [], "finish_reason": "stop"}

    def register(self, name: str, folder: Path) -> Any:
        """Offer a model; gives what :meth:`unregister` takes."""
        return asyncio.run_coroutine_threadsafe(self._register(name, folder), self._loop).result(30)

    async def _register(self, name: str, folder: Path) -> Any:
        core = self._core
        endpoint = self._runtime.endpoint(f"portable.{name}.generate")
        serving = asyncio.ensure_future(endpoint.serve_endpoint(self._backend))
        await core.register_model(
            core.ModelInput.Tokens,
            core.ModelType.Chat,
            endpoint,
            str(folder),
            name,
            worker_type=core.WorkerType.Aggregated,
            kv_cache_block_size=16,
            ignore_weights=True,
        )
        return endpoint, serving

    def unregister(self, registered: Any) -> None:
        """Take a model away again."""
        endpoint, serving = registered

        async def forget() -> None:
            await self._core.unregister_model(endpoint)
            serving.cancel()

        asyncio.run_coroutine_threadsafe(forget(), self._loop).result(30)

    def models(self) -> set[str]:
        """The names of the models that the server offers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", "/v1/models")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return {str(model["id"]) for model in answer.get("data", ())}

    def ask(self, body: bytes) -> tuple[int, dict[str, Any], bytes | None]:
        """Send a request: the status, the answer, and the prompt that came to the backend, if one did."""
        self._tokens = None
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        answer_data = json.loads(text) if text[:1] == b"{" else {"message": text.decode("utf-8", "replace")}
        return answer.status, answer_data, None if self._tokens is None else bytes(self._tokens)
