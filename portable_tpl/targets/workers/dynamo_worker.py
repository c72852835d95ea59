"""NVIDIA Dynamo's own frontend in its worker: an HTTP server on loopback, with a model made on the spot.

The model's tokenizer knows the 256 bytes and nothing else, and behind the frontend stands a backend that keeps the
token ids that it is sent: these are the prompt, byte by byte. A case is ``{"body": …, "tokens": {…}}``: the request,
and the special tokens of the model that it is sent to. Why a template failed is not in the answer, only in the log.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import shutil
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portable_tpl.targets.deployments._wheels import engine_in
from portable_tpl.targets.workers._byte_tokenizer import write_model
from portable_tpl.targets.workers._cache import cache_folder, make_writable
from portable_tpl.targets.workers._dynamo_server import Frontend, Log
from portable_tpl.targets.workers._serve import Failure, Refusal, expect_unicode, serve

_MODELS = 8  # that are kept registered
_LOGGED = "error,dynamo_llm::preprocessor=debug,dynamo_llm::discovery=warn"
_FAILED, _NOT_LOADED = "Chat template rendering failed", "Model materialization failed"
_PLACE = re.compile(r"^(?P<words>.*) \(in \w+:(?P<line>\d+)\)$", re.DOTALL)
_COLUMN = re.compile(r" at line \d+ column \d+$")  # of the request, which holds the model's name
_LOAD_SECONDS, _LOG_SECONDS = 8.0, 1.0
_BEHIND_ITS_LOG = "Invalid request"  # the answer where a template failed
_REFUSED = "invalid operation: "


def engine_version() -> str:
    """The version of minijinja that the frontend was built with, as its binary names it."""
    spec = find_spec("dynamo")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for library in sorted(Path(folder).glob("_core*.so")):
            with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                engine = engine_in(data)
                if engine is not None:
                    return engine
    return "unknown"


@dataclass
class _Loaded:
    """A template, and what registering it was answered."""

    text: str
    refused: dict[str, Failure] = field(default_factory=dict)


@dataclass
class _Model:
    """A model of the server, which holds one template."""

    name: str
    folder: Path
    registered: Any


class _Case:
    """One request, encoded once but for its model's name."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.tokens: dict[str, str] = context["tokens"]
        self.key = json.dumps(self.tokens, sort_keys=True)
        self._tail = json.dumps(context["body"])[1:]

    def body(self, model: str) -> bytes:
        return f'{{"model": "{model}", "max_tokens": 1, {self._tail}'.encode("utf-8", "surrogatepass")


def _own_folder() -> Path:
    """A folder for this process's models; those of processes that are no more are removed."""
    models = cache_folder("dynamo", "models")
    make_writable(models)
    for folder in models.iterdir():
        if not _runs(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
    return models / str(os.getpid())


def _runs(number: str) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(int(number), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # it is another user's
    return True


class _Dynamo:
    """The engine of the protocol: Dynamo's own server, in this process."""

    name = "minijinja"

    def __init__(self) -> None:
        self.version = engine_version()
        os.environ |= {"DYN_LOG": _LOGGED, "DYN_LOGGING_JSONL": "1"}
        self._log = Log()
        self._root = _own_folder()
        self._frontend = Frontend()
        self._models: OrderedDict[tuple[int, str], tuple[_Loaded, _Model]] = OrderedDict()
        self._count = 0

    def load(self, template: str, options: dict[str, Any]) -> _Loaded:
        expect_unicode(template)
        loaded = _Loaded(template)
        self._model(loaded, {}, "{}")
        return loaded

    def prepare(self, context: dict[str, Any], clock: str) -> _Case:
        return _Case(context)

    def release(self, case: _Case) -> None:
        pass

    def render(self, loaded: _Loaded, case: _Case) -> str:
        model = self._model(loaded, case.tokens, case.key)
        self._log.forget()
        status, answer, prompt = self._frontend.ask(case.body(model.name))
        if status == 200 and prompt is not None:
            return prompt.decode("utf-8", "replace")
        message = str(answer.get("message", answer))
        if message == _BEHIND_ITS_LOG:
            log_line = self._log.error(_FAILED, _LOG_SECONDS)
            if log_line is not None:
                raise _failure(log_line, loaded.text)
        raise Failure("error", _COLUMN.sub("", message))

    def _model(self, loaded: _Loaded, tokens: dict[str, str], key: str) -> _Model:
        known = self._models.get((id(loaded), key))
        if known is not None:
            self._models.move_to_end((id(loaded), key))
            return known[1]
        if key in loaded.refused:
            raise loaded.refused[key]
        while len(self._models) >= _MODELS:
            self._forget(self._models.popitem(last=False)[1][1])
        self._count += 1
        name = f"m{self._count}"
        folder = self._root / name
        write_model(folder, loaded.text, tokens)
        self._log.forget()
        model = _Model(name, folder, self._frontend.register(name, folder))
        failure = self._not_ready(name)
        if failure is not None:
            loaded.refused[key] = failure
            self._forget(model)
            raise failure
        self._models[id(loaded), key] = (loaded, model)
        return model

    def _not_ready(self, name: str) -> Failure | None:
        """Wait until a model is there, or is told not to load."""
        end = time.monotonic() + _LOAD_SECONDS
        while time.monotonic() < end:
            if name in self._frontend.models():
                return None
            log_line = self._log.error(_NOT_LOADED, 0.01, f'"{name}"')
            if log_line is not None:
                return Failure("syntax", *_placed(log_line.partition(": ")[2]))
        return Failure("syntax", f"the frontend did not take the model within {_LOAD_SECONDS:g} s")

    def _forget(self, model: _Model) -> None:
        self._frontend.unregister(model.registered)
        shutil.rmtree(model.folder, ignore_errors=True)


def _placed(message: str) -> tuple[str, int | None]:
    """An error's words, and the line that it names."""
    place = _PLACE.match(message)
    return (message, None) if place is None else (place["words"], int(place["line"]))


def _failure(message: str, template: str) -> Failure | Refusal:
    """What a template's error is: raise_exception's are told from the engine's own by the line that they name."""
    words, line = _placed(message)
    lines = template.split("\n")
    if line is not None and words.startswith(_REFUSED) and "raise_exception" in "".join(lines[line - 1 : line]):
        return Refusal(words.removeprefix(_REFUSED))
    return Failure("error", words, line)


if __name__ == "__main__":
    sys.setrecursionlimit(20_000)
    serve(_Dynamo(), writable=("/",), network=True)  # a server with discovery of its own, in files and over TCP
