"""llama-cpp-python's jinja2 in its worker; the argument is the version whose settings these are.

Source of facts: ``Jinja2ChatFormatter`` in ``llama_cpp/llama_chat_format.py``, version 0.3.36.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from portable_tpl.targets.workers._serve import serve
from portable_tpl.targets.workers.transformers_worker import Jinja2Engine
from portable_tpl.template.syntax.environment import Clock, raise_exception, strftime_function


class _GenerationIgnored(Extension):
    """``{% generation %}``: what is in it stands in its place, so that it is no scope."""

    tags = {"generation"}  # noqa: RUF012 - the base class declares it as a plain set

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The statements between the tags."""
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tojson(
    x: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _environment(clock: Clock) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationIgnored, LoopControlExtension]
    )
    environment.filters["tojson"] = _tojson
    functions: dict[str, Callable[..., Any]] = {
        "raise_exception": raise_exception,
        "strftime_now": strftime_function(clock),
    }
    environment.globals.update(functions)
    return environment


class _LlamaCppPython(Jinja2Engine):
    """The engine of the protocol: jinja2 as the package uses it."""

    name = "llama-cpp-python"

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version
        self.environment = _environment(lambda: self._now)


if __name__ == "__main__":
    serve(_LlamaCppPython(sys.argv[1]))
