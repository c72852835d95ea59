"""The reference's jinja2 environment, as transformers sets it up for chat templates.

Source of facts: ``_cached_compile_jinja_template`` in ``transformers/utils/chat_template_utils.py``, version 5.24.
Three things are added, and none can be seen from inside a template: the clock is injected, what ``raise_exception``
raises has a type of its own, so that a refusal is told from an error, and no filter changes what a caller passed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any, TypeAlias, TypeVar

from jinja2 import nodes, pass_eval_context
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.filters import do_indent
from jinja2.parser import Parser
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

Clock = Callable[[], datetime]
_Record: TypeAlias = tuple[list[str], list[tuple[int, int]]]
_Named = TypeVar("_Named", bound=Callable[..., Any])

# Templates can print these objects, and Python puts their names into error texts: both shall read as the reference's.
_HOME = "transformers.utils.chat_template_utils"
_BUILDER = "_cached_compile_jinja_template.<locals>."


class RefusalError(TemplateError):
    """What ``raise_exception(message)`` in a template raises: a deliberate refusal, not an error."""


class GenerationTag(Extension):
    """``{% generation %}`` … ``{% endgeneration %}``: marks the text that the assistant is trained on.

    The tag prints its body unchanged. Within :meth:`recording` it also notes where in the prompt each body landed; a
    recording sees the renders of its own thread and task only.
    """

    tags = {"generation"}  # noqa: RUF012 - the base class declares it as a plain set

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._record: ContextVar[_Record | None] = ContextVar("generation", default=None)

    def parse(self, parser: Parser) -> nodes.CallBlock:
        """The tag as a call block around its body."""
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("print_body", lineno=lineno), [], [], body, lineno=lineno)

    @pass_eval_context
    def print_body(self, _context: nodes.EvalContext, caller: Macro) -> str:
        """The body's text; called by the compiled template."""
        text: str = caller()
        record = self._record.get()
        if record is not None:
            printed, spans = record
            start = sum(map(len, printed))
            spans.append((start, start + len(text)))
        return text

    @contextmanager
    def recording(self, printed: list[str]) -> Iterator[list[tuple[int, int]]]:
        """Note spans of generated text while ``printed`` grows by every piece of the prompt."""
        spans: list[tuple[int, int]] = []
        token = self._record.set((printed, spans))
        try:
            yield spans
        finally:
            self._record.reset(token)


def render_with_generation(template: Any, context: Mapping[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    """Render a jinja2 template of :func:`reference_environment`; also give the spans printed by generation blocks."""
    return join_with_generation(template.environment, template.generate(context))


def join_with_generation(environment: Any, pieces: Iterable[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join the pieces that a template of ``environment`` prints; also give the spans printed by generation blocks.

    A span is ``(start, end)``, in characters of the text, as transformers reckons it.
    """
    tag = next(ext for ext in environment.iter_extensions() if isinstance(ext, GenerationTag))
    printed: list[str] = []
    with tag.recording(printed) as spans:
        for piece in pieces:
            printed.append(piece)  # noqa: PERF402 - the tag reads the list while it grows
    return "".join(printed), spans


class _Dict:
    """``dict`` in templates: makes a dict, and offers no way into Python's own class."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args, **kwargs)


class TemplateNamespace(Namespace):
    """``namespace`` in templates: refuses attributes that start with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:  # so that `namespace(self=1)` works
        attributes = dict(*args[1:], **kwargs)
        for name in attributes:
            _refuse_underscore(name)
        Namespace.__init__(args[0], attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        _refuse_underscore(name)
        Namespace.__setitem__(self, name, value)


def _refuse_underscore(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(
            f"Chat templates cannot store underscore-prefixed attributes on a namespace, but got {name!r}. "
            "Please rename the attribute."
        )


def _as_in_reference(name: str) -> Callable[[_Named], _Named]:
    def rename(thing: _Named) -> _Named:
        thing.__module__, thing.__name__, thing.__qualname__ = _HOME, name, _BUILDER + name
        return thing

    return rename


_as_in_reference("TemplateDict")(_Dict)
_as_in_reference("TemplateNamespace")(TemplateNamespace)


@_as_in_reference("raise_exception")
def raise_exception(message: str) -> None:
    """Refuse, with a message."""
    raise RefusalError(message)


@_as_in_reference("tojson")
def _tojson(
    x: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # jinja2's own filter escapes <, >, & and '; the reference's does not.
    if indent is None and separators is None and type(ensure_ascii) is bool and type(sort_keys) is bool:
        return _encoder(ensure_ascii, sort_keys)(x)
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


@wraps(do_indent)
def _indent(s: Any, *args: Any, **kwargs: Any) -> str:
    # jinja2 (3.1.6) begins with `s += "\n"`, which lengthens a list itself, the caller's, before it fails.
    text: Any = list(s) if type(s) is list else s
    return do_indent(text, *args, **kwargs)


@lru_cache(maxsize=4)
def _encoder(ensure_ascii: bool, sort_keys: bool) -> Callable[[Any], str]:
    """What ``json.dumps`` would make anew for each call."""
    return json.JSONEncoder(ensure_ascii=ensure_ascii, sort_keys=sort_keys).encode


def strftime_function(clock: Clock) -> Callable[[str], str]:
    """``strftime_now`` of a template; ``clock`` gives the naive local time that it prints."""

    @_as_in_reference("strftime_now")
    def strftime_now(format: str) -> str:  # noqa: A002 - templates may pass it by keyword
        return clock().strftime(format)

    return strftime_now


def reference_environment(clock: Clock = datetime.now) -> ImmutableSandboxedEnvironment:
    """A new environment; ``clock`` gives the naive local time that ``strftime_now`` prints."""

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, LoopControlExtension]
    )
    environment.filters["tojson"] = _tojson
    environment.filters["indent"] = _indent
    environment.globals.update(
        raise_exception=raise_exception,
        strftime_now=strftime_function(clock),
        dict=_Dict(),
        namespace=TemplateNamespace,
    )
    return environment
