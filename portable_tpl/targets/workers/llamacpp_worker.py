"""llama.cpp in its worker: as its users get it, or its template engine alone.

Options: ``engine`` (the engine alone) and ``add_bos`` (the vocabulary asks for a beginning-of-text token, which makes
the server take one off the prompt). In the first form a case is ``{"body": …, "bos": …, "eos": …}``: the request, and
the special tokens of the model that it is sent to. In the second form it is the context itself.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import xllamacpp

from portable_tpl.targets.workers._cache import cache_folder, make_writable
from portable_tpl.targets.workers._clock import library_clock, stopped
from portable_tpl.targets.workers._llama_server import Server, ServerRefusesError, request_failure, start_failure
from portable_tpl.targets.workers._serve import Failure, expect_unicode, serve
from portable_tpl.targets.workers._tiny_gguf import tiny_model

_SERVERS = 6  # that are kept running; each maps 64 MB, most of it never used
_MODELS = cache_folder("llama.cpp", "models")

# Variables that the server sets by itself or has its own ideas about. The engine's context carries them in one value,
# which the prefix takes apart again: what is not in there becomes undefined.
_CARRIER = "portable_tpl_context"
_CARRIED = (
    "messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token", "date_string", "datetime",
    "enable_thinking", "reasoning_effort", "preserve_reasoning", "preserve_thinking", "clear_thinking",
    "drop_thinking", "truncate_history_thinking", "continue_final_message", "parallel_tool_calls", "tool_choice",
    "response_format",
)  # fmt: skip
_SUFFIX = "{{ '' }}{% endif %}"
_LOST_FIRST = re.compile(r"(?!\{[%{#])[\0-\x7f][^\S\n]*\{[%#]", re.ASCII)
# Text in templates that common/chat.cpp looks for at start and replaces; a second blank keeps the engine's twin
# clear.
_PATCHED = (
    '{%- if "<|channel|>analysis<|message|>" in message.content or ',
    "{%- if (message['content'] is none or ",
)
_ANY_TOKENS = ("<s>", "</s>")
_DUMMY = [{"role": "user", "content": "."}]


@dataclass
class _Loaded:
    """A template, and whether the engine alone renders it."""

    source: str
    engine: bool
    add_bos: bool
    line_offset: int
    refused: dict[tuple[str | None, str | None], Failure] = field(default_factory=dict)


class _Case:
    """One request, encoded once."""

    def __init__(self, context: dict[str, Any], clock: str) -> None:
        self.clock = clock
        self.bos: str | None = context.get("bos")
        self.eos: str | None = context.get("eos")
        self._context = context
        self._bytes: bytes | None = None

    def body(self, engine: bool) -> bytes:
        """The body of the request; a worker serves one target, so the form never changes."""
        if self._bytes is None:
            body = _engine_body(self._context) if engine else self._context["body"]
            self._bytes = json.dumps(body, separators=(",", ":")).encode("ascii")
        return self._bytes


class _LlamaCpp:
    """The engine of the protocol: the server in this process, or its template engine alone."""

    name = "llama.cpp"
    version = f"b{xllamacpp.__version__.split('.')[2]}"

    def __init__(self) -> None:
        # The loaded template is kept with its server, so that its identity is not used again meanwhile.
        self._servers: OrderedDict[tuple[int, str | None, str | None], tuple[_Loaded, Server]] = OrderedDict()
        self._clock = library_clock("xllamacpp")
        # One server before the memory limit is set: threads, pools and buffers are part of the warm engine.
        loaded = self.load("{{ messages }}", {})
        self._server(loaded, *_ANY_TOKENS).ask(b"{}")

    def load(self, template: str, options: dict[str, Any]) -> _Loaded:
        expect_unicode(template)
        add_bos = bool(options.get("add_bos", False))
        if not options.get("engine", False):
            return _Loaded(template, False, add_bos, 0)
        source, line_offset = alone(template)
        loaded = _Loaded(source, True, add_bos, line_offset)
        self._server(loaded, *_ANY_TOKENS)
        return loaded

    def prepare(self, context: dict[str, Any], clock: str) -> _Case:
        return _Case(context, clock)

    def release(self, case: _Case) -> None:
        pass

    def render(self, loaded: _Loaded, case: _Case) -> str:
        server = self._server(loaded, *(_ANY_TOKENS if loaded.engine else (case.bos, case.eos)))
        with stopped(self._clock, case.clock, loaded.source):
            status, answer = server.ask(case.body(loaded.engine))
        if status == 200:
            return str(answer["prompt"])
        raise request_failure(str(answer["error"]["message"]), loaded.line_offset)

    def _server(self, loaded: _Loaded, bos: str | None, eos: str | None) -> Server:
        key = (id(loaded), bos, eos)
        if key in self._servers:
            self._servers.move_to_end(key)
            return self._servers[key][1]
        if (bos, eos) in loaded.refused:
            raise loaded.refused[bos, eos]
        while len(self._servers) >= _SERVERS:
            self._servers.pop(self._least_wanted())[1].close()
        try:
            server = Server(loaded.source, tiny_model(_MODELS, bos, eos, loaded.add_bos), pure=loaded.engine)
        except ServerRefusesError as error:
            loaded.refused[bos, eos] = start_failure(str(error), loaded.line_offset)
            raise loaded.refused[bos, eos] from None
        self._servers[key] = (loaded, server)
        return server

    def _least_wanted(self) -> tuple[int, str | None, str | None]:
        """The oldest server that was asked once, as for a rewriting that is tried; else the oldest of all."""
        once = (key for key, (_, server) in self._servers.items() if server.requests < 2)
        return next(once, next(iter(self._servers)))


def alone(template: str) -> tuple[str, int]:
    """The template with the real context put in front of it, and how many lines that adds.

    The server tries every template on conversations of its own at start; without the real context there is nothing to
    render for it. The newline after the prefix is dropped by the engine (trim_blocks), so that the template starts a
    line, as it does when it is alone. What the engine does at the ends of a file (common/jinja/lexer.cpp) is done
    here: it drops one newline at the end, and the very first character where only blanks part it from a block.
    """
    text = template.replace("\r\n", "\n").replace("\r", "\n")
    text = text[:-1] if template.endswith("\n") else text
    line_offset = 1
    if _LOST_FIRST.match(text):
        line_offset = 0 if text[0] == "\n" else 1
        text = text[1:]
    for patched in _PATCHED:
        text = text.replace(patched, patched.replace("{%- ", "{%-  "))
    taken = "".join(f"{{% set {name} = {_CARRIER}.{name} %}}" for name in _CARRIED if name in text)
    return f"{{% if {_CARRIER} is defined %}}{taken}\n{text}{_SUFFIX}", line_offset


def _engine_body(context: dict[str, Any]) -> dict[str, Any]:
    carried = {name: context[name] for name in _CARRIED if name in context}
    others = {name: value for name, value in context.items() if name not in _CARRIED}
    return {
        "messages": _DUMMY,
        "add_generation_prompt": False,
        "chat_template_kwargs": {**others, _CARRIER: carried},
    }


if __name__ == "__main__":
    make_writable(_MODELS)
    serve(_LlamaCpp(), writable=(str(_MODELS),), network=True)
