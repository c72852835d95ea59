"""ONNX Runtime's tokenizer extension in its worker: as its users get it, or its template engine alone.

With the option ``engine`` a case is the context itself; without, it is what ``apply_chat_template`` takes, by the
names ``messages``, ``tools`` and ``add_generation_prompt``, and the ``tokens`` of the tokenizer.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import onnxruntime_extensions
from onnxruntime_extensions.pp_api import Tokenizer

from portable_tpl.targets.workers._byte_tokenizer import write_model
from portable_tpl.targets.workers._cache import cache_folder, make_writable
from portable_tpl.targets.workers._clock import library_clock, stopped
from portable_tpl.targets.workers._minja_errors import read_failure
from portable_tpl.targets.workers._serve import Failure, expect_unicode, serve

_LIBRARY = "_extensions_pydll"
_PREFIX = "Failed to apply chat template: "
_FOLDERS = cache_folder("onnxruntime", "tokenizers")
_TOKENIZERS = 32

# Only variables of its own reach a template. For the engine alone a context comes as a key of the one message, and
# assignments before the template make variables of it; the last of them replaces the messages. The engine is set up
# without trim_blocks and lstrip_blocks, so that nothing in front of a template changes its layout.
_CARRIER = "portable_tpl_context"
_GUARD = "portable_tpl_parsed"
_OWN = ("bos_token", "eos_token", "tools", "add_generation_prompt")
_WORDS = frozenset(("and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"))

_Tokens = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Loaded:
    source: str
    engine: bool


@dataclass(frozen=True)
class _Case:
    """``head`` makes the variables of a context; without, the template gets the engine's own."""

    messages: str
    tools: str
    add_generation_prompt: bool
    tokens: _Tokens
    clock: str
    head: str = ""


class _OnnxRuntime:
    name = "onnxruntime-extensions"
    version = onnxruntime_extensions.__version__

    def __init__(self) -> None:
        self._clock = library_clock(_LIBRARY)
        self.load("{{ messages }}", {})

    def load(self, template: str, options: dict[str, Any]) -> _Loaded:
        expect_unicode(template)
        # Behind its guard a template is parsed and not run.
        guarded = f"{{% if {_GUARD} %}}{template}{{% else %}}{{% endif %}}"
        try:
            _tokenizer((), "").apply_chat_template("[]", template=guarded)
        except RuntimeError as error:
            raise read_failure(_words(error), "syntax", guarded, 0) from None
        return _Loaded(template, bool(options.get("engine")))

    def prepare(self, context: dict[str, Any], clock: str) -> _Case:
        return _stack_case(context, clock) if "tokens" in context else _engine_case(context, clock)

    def release(self, case: _Case) -> None:
        pass

    def render(self, loaded: _Loaded, case: _Case) -> str:
        source = case.head + loaded.source
        try:
            with stopped(self._clock, case.clock, loaded.source):
                text: str = _tokenizer(case.tokens, source).apply_chat_template(
                    case.messages, tools=case.tools, add_generation_prompt=case.add_generation_prompt
                )
                return text
        except RuntimeError as error:
            raise read_failure(_words(error), "error", source, 0) from None


def _words(error: RuntimeError) -> str:
    return str(error).removeprefix(_PREFIX)


@lru_cache(maxsize=_TOKENIZERS)
def _tokenizer(tokens: _Tokens, source: str) -> Any:
    """A tokenizer with these special tokens and a template of its own, which is compiled once.

    One that is given with the call is compiled anew for each, which takes a thousand times as long as a render.
    """
    with tempfile.TemporaryDirectory(dir=_FOLDERS) as folder:
        write_model(Path(folder), source, dict(tokens))
        return Tokenizer(folder)


def _stack_case(context: dict[str, Any], clock: str) -> _Case:
    tools = "" if context.get("tools") is None else _json(context["tools"])
    tokens = tuple(sorted(context["tokens"].items()))
    return _Case(_json(context["messages"]), tools, context["add_generation_prompt"], tokens, clock)


def _engine_case(context: dict[str, Any], clock: str) -> _Case:
    # To this engine a variable that is null is one that is not there.
    given = {**dict.fromkeys(_OWN), "messages": None, **{name: context[name] for name in context if _is_name(name)}}
    names = sorted(given, key=lambda name: name == "messages")
    head = "".join(f"{{% set {name} = messages[0].{_CARRIER}.{name} %}}" for name in names)
    return _Case(_json([{_CARRIER: given}]), "", False, (), clock, head)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Failure("unsupported", "the engine takes no lone surrogates") from None
    return text


def _is_name(name: str) -> bool:
    """Whether a template could say it at all."""
    return name.isascii() and name.isidentifier() and name not in _WORDS


if __name__ == "__main__":
    make_writable(_FOLDERS)
    serve(_OnnxRuntime(), writable=(str(_FOLDERS),))
