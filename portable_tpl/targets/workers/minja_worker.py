"""google/minja in its worker, through OpenVINO GenAI: as its users get it, or its template engine alone.

With the option ``engine`` a case is the context itself; without, it is ``{"body": …, "tokens": …}``: messages, tools,
flag and variables of a request, and the special tokens of the tokenizer that it is sent to.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import openvino_genai

from portable_tpl.targets.workers._cache import cache_folder, make_writable
from portable_tpl.targets.workers._clock import library_clock, stopped
from portable_tpl.targets.workers._minja_errors import read_error
from portable_tpl.targets.workers._serve import expect_unicode, serve
from portable_tpl.targets.workers._tiny_tokenizer import NAMES, tokenizer_folder

_VERSION = openvino_genai.__version__.split("-")[0]
_TOKENIZERS = cache_folder("minja", "tokenizers", _VERSION)
_KEPT = 32  # tokenizers, 2 MB each

# The engine tries every template on conversations of its own before each render, to find what it has to make up for.
# Without this variable it gets an output in which everything it looks for is found.
_GUARD = "portable_tpl_context"
_PREFIX = f"{{% if {_GUARD} %}}\n"
_SUFFIX = ".{% else %}{{ messages }}some_tool{% endif %}"
_DUMMY = [{"role": "user", "content": "."}]


_Tokens = tuple[tuple[str, str], ...]
_ANY_TOKENS: _Tokens = (("bos_token", "<s>"), ("eos_token", "</s>"))


@dataclass
class _Loaded:
    """A template, and whether the engine alone renders it."""

    source: str
    engine: bool
    turns: int = 0  # how often it was rendered after another one


@dataclass(frozen=True)
class _Case:
    """A request in the types of OpenVINO GenAI."""

    history: Any
    tokens: _Tokens
    add_generation_prompt: bool
    clock: str


class _Minja:
    """The engine of the protocol: OpenVINO GenAI's tokenizer."""

    name = "minja (OpenVINO GenAI)"
    version = _VERSION

    def __init__(self) -> None:
        self._latest: _Loaded | None = None
        self._clock = library_clock("libopenvino_genai")
        # Behind its guard a template is parsed and not run.
        self._nothing = _Case(openvino_genai.ChatHistory(_DUMMY), _ANY_TOKENS, False, "2026-01-01T12:00:00")
        self.load("{{ messages }}", {})

    def load(self, template: str, options: dict[str, Any]) -> _Loaded:
        expect_unicode(template)
        guarded = _Loaded(alone(template), True)
        self.render(guarded, self._nothing)
        return guarded if options.get("engine", False) else _Loaded(template, False)

    def prepare(self, context: dict[str, Any], clock: str) -> _Case:
        try:
            return _stack_case(context, clock) if "body" in context else _engine_case(context, clock)
        except RuntimeError as error:
            raise read_error(str(error), "", 0) from None

    def release(self, case: _Case) -> None:
        pass

    def render(self, loaded: _Loaded, case: _Case) -> str:
        ask = self._tokenizer(loaded, case.tokens).apply_chat_template
        try:
            with stopped(self._clock, case.clock, loaded.source):
                text: str = ask(case.history, case.add_generation_prompt, loaded.source)
        except RuntimeError as error:
            raise read_error(str(error), loaded.source, 1 if loaded.engine else 0) from None
        return text[:-1] if loaded.engine else text

    def _tokenizer(self, loaded: _Loaded, tokens: _Tokens) -> Any:
        """A tokenizer with these special tokens.

        It keeps the first three templates it is given compiled, and the latest one. A template that comes back after
        another one is given a tokenizer of its own: that takes as long as compiling a few templates.
        """
        if loaded is not self._latest:
            self._latest = loaded
            loaded.turns += 1
        return _tokenizer(tokens, loaded.source if loaded.turns > 1 else None)


@lru_cache(maxsize=_KEPT)
def _tokenizer(tokens: _Tokens, _own_template: str | None) -> Any:
    return openvino_genai.Tokenizer(str(tokenizer_folder(_TOKENIZERS, dict(tokens))))


def alone(template: str) -> str:
    """The template behind a guard that keeps the engine's own conversations out.

    The newline after the prefix is dropped by the engine (trim_blocks), so that the template starts a line; the
    newline that the engine drops at the end of a source is dropped here. The full stop after it keeps the prompt from
    being empty, which is an error there, and goes again.
    """
    text = template
    if text.endswith("\n"):
        text = text[:-2] if text.endswith("\r\n") else text[:-1]
    return _PREFIX + text + _SUFFIX


def _stack_case(context: dict[str, Any], clock: str) -> _Case:
    body = context["body"]
    history = openvino_genai.ChatHistory(body["messages"])
    if body.get("tools"):
        history.set_tools(body["tools"])
    if body.get("chat_template_kwargs"):
        history.set_extra_context(body["chat_template_kwargs"])
    return _Case(history, tuple(sorted(context["tokens"].items())), body["add_generation_prompt"], clock)


def _engine_case(context: dict[str, Any], clock: str) -> _Case:
    history = openvino_genai.ChatHistory(_DUMMY)
    # To this engine a variable that is null is one that is not there.
    absent = dict.fromkeys(NAMES)
    history.set_extra_context({**absent, "add_generation_prompt": None, **context, _GUARD: True})
    return _Case(history, _ANY_TOKENS, False, clock)


def _hush() -> None:
    """Keep the engine's remarks, one or more a render, off standard error; Python's own words still go there."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    _hush()
    make_writable(_TOKENIZERS)
    serve(_Minja(), writable=(str(_TOKENIZERS),))
