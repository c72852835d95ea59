"""minijinja in its worker, given native values.

A case becomes a template of its own that sets every variable to a literal and then extends the real template: the
real one keeps its lines and its first and last characters, and its errors come through as they are (``include`` would
wrap them). Cases are compiled once and serve every template.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import count
from typing import Any

import minijinja

from portable_tpl.targets.workers._json_text import restyled
from portable_tpl.targets.workers._minijinja_literals import assignment, assignments
from portable_tpl.targets.workers._serve import Failure, Refusal, expect_unicode, serve

# What the Rust crate calls a template that was given as a string. There, no other template exists, so a template must
# not meet ours by any name that somebody might write.
_STRING = "<string>"
_MAIN = f"{_STRING}\0portable-tpl main"
_CASE = "\0portable-tpl case "
_TAIL = f'{{% extends "{_MAIN}" %}}'.replace("\0", "\\u0000")
# Options of deployments beside the environment's own: ``strftime_now`` (false: there is none), ``json_text`` (the
# filter of _json_text is there), ``lenient_length`` (``length`` takes anything), ``fromjson`` (a filter by two
# names), ``dict_function`` (``dict``, of keyword arguments), ``contrib`` and ``urlencode`` (false: the program was
# built without what the Python package takes from minijinja-contrib, and without that feature of the crate).
_EXTRAS = ("strftime_now", "json_text", "lenient_length", "fromjson", "dict_function", "contrib", "urlencode")
_CONTRIB_FILTERS = ("filesizeformat", "pluralize", "striptags", "truncate", "wordcount", "wordwrap")
_CONTRIB_GLOBALS = ("cycler", "joiner")


@dataclass(frozen=True)
class _Case:
    """A context, as the template that sets it, and the clock."""

    name: str
    source: str
    clock: datetime


@dataclass
class _Host:
    """An environment for one set of options, the template that is in it now, and the cases that it has compiled."""

    environment: Any
    main: str | None = None
    cases: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Loaded:
    """A template and the options of its environment."""

    text: str
    options: tuple[tuple[str, Any], ...]


class _Minijinja:
    """The engine of the protocol: the minijinja package."""

    name = "minijinja"
    version = version("minijinja")

    def __init__(self) -> None:
        self._hosts: dict[tuple[tuple[str, Any], ...], _Host] = {}
        self._now = datetime(2026, 1, 1)
        self._loaded: _Loaded | None = None
        self._host = _Host(None)
        self._numbers = count()
        self._texts = minijinja.Environment()

    def load(self, template: str, options: dict[str, Any]) -> _Loaded:
        loaded = _Loaded(template, tuple(sorted(options.items())))
        self._choose(loaded)
        return loaded

    def prepare(self, context: dict[str, Any], clock: str) -> _Case:
        try:
            source = assignments(context)
        except ValueError as error:
            raise Failure("unsupported", str(error)) from None
        name = f"{_CASE}{next(self._numbers)}"
        return _Case(name, source, datetime.fromisoformat(clock).replace(tzinfo=None))

    def release(self, case: _Case) -> None:
        for host in self._hosts.values():
            if case.name in host.cases:
                host.cases.discard(case.name)
                host.environment.remove_template(case.name)

    def render(self, loaded: _Loaded, case: _Case) -> str:
        if loaded is not self._loaded:
            self._choose(loaded)
        host = self._host
        if case.name not in host.cases:
            host.environment.add_template(case.name, f"{case.source}{_TAIL}")
            host.cases.add(case.name)
        self._now = case.clock
        try:
            text: str = host.environment.render_template(case.name)
        except BaseException as error:
            raise self._failure("error", loaded, error) from None
        return text

    def _choose(self, loaded: _Loaded) -> None:
        """Make this the template that cases extend."""
        self._loaded = None
        host = self._hosts.get(loaded.options)
        if host is None:
            host = self._hosts[loaded.options] = _Host(self._environment(dict(loaded.options)))
        if host.main != loaded.text:
            self._put_main(host, loaded)
        self._host, self._loaded = host, loaded

    def _put_main(self, host: _Host, loaded: _Loaded) -> None:
        host.main = None
        expect_unicode(loaded.text)
        try:
            host.environment.add_template(_MAIN, loaded.text)
        except BaseException as error:
            raise self._failure("syntax", loaded, error) from None
        host.main = loaded.text

    def _environment(self, options: dict[str, Any]) -> Any:
        if "pycompat" not in inspect.signature(minijinja.Environment.__init__).parameters:
            # Up to 2.8 the Python package has none, and Python methods always fail; the target says so.
            options.pop("pycompat", None)
        extras = {name: options.pop(name) for name in _EXTRAS if name in options}
        environment = minijinja.Environment(**options)
        environment.add_global("raise_exception", self._raise_exception)
        if extras.get("strftime_now", True):
            environment.add_global("strftime_now", self._strftime_now)
        if extras.get("json_text", False):
            environment.add_filter("portable_tpl_json", _json_text)
        if extras.get("lenient_length", False):
            environment.add_filter("length", _length)
        if extras.get("fromjson", False):
            environment.add_filter("fromjson", json.loads)
            environment.add_filter("from_json", json.loads)
        if extras.get("dict_function", False):
            environment.add_global("dict", lambda **items: items)
        _take_out(environment, extras.get("contrib", True), extras.get("urlencode", True))
        return environment

    def _raise_exception(self, message: Any) -> str:
        raise Refusal(message if type(message) is str else self._as_text(message))

    def _as_text(self, value: Any) -> str:
        """A message that is no string, as minijinja prints it; the binding shows undefined values as ``None``."""
        if isinstance(value, str):
            return str.__str__(value)
        if value is None:
            return ""
        if isinstance(value, (bool, int, float, list, tuple, Mapping)):
            text: str = self._texts.render_str(assignment("value", value) + "{{ value }}")
            return text
        return str(value)

    def _strftime_now(self, format: str) -> str:  # noqa: A002 - templates may pass it by keyword
        return self._now.strftime(format)

    def _failure(self, kind: str, loaded: _Loaded, error: BaseException) -> BaseException:
        """What is raised in the place of an exception of the engine's."""
        if isinstance(error, Refusal):
            return error
        if isinstance(error, minijinja.TemplateError):
            return Failure(kind, error.message.replace(_MAIN, _STRING), error.line)
        if isinstance(error, MemoryError):
            return Failure("memory", "out of memory")
        if isinstance(error, Exception):
            return Failure(kind, f"{type(error).__name__}: {error}")
        return self._after_panic(loaded, error)

    def _after_panic(self, loaded: _Loaded, panic: BaseException) -> Failure:
        if type(panic).__name__ != "PanicException":
            raise panic
        # A panic may leave a lock behind that nobody can take any more.
        self._hosts.pop(loaded.options, None)
        self._loaded = None
        panic_info = getattr(minijinja._lowlevel, "get_panic_info", lambda: None)()  # older bindings have none
        words, place = panic_info or (str(panic), None)
        return Failure("error", f"panic: {words}" + (f" ({place})" if place else ""))


def _take_out(environment: Any, contrib: bool, urlencode: bool) -> None:
    """Remove what a program was built without."""
    for name in (*(() if contrib else _CONTRIB_FILTERS), *(() if urlencode else ("urlencode",))):
        environment.remove_filter(name)
    for name in () if contrib else _CONTRIB_GLOBALS:
        environment.remove_global(name)


def _json_text(
    text: str,
    ensure_ascii: bool | None = None,
    sort_keys: bool | None = None,
    separators: Sequence[str] | None = None,
) -> Any:
    return minijinja.safe(
        restyled(text, ensure_ascii=bool(ensure_ascii), sort_keys=bool(sort_keys), separators=separators)
    )


def _length(value: Any) -> int:
    """How many things a value holds; nothing holds none, where the engine's own filter fails."""
    return len(value) if hasattr(value, "__len__") else 0


if __name__ == "__main__":
    # Only literals are built by recursion here, never a template: what the parent could encode shall not fail.
    sys.setrecursionlimit(20_000)
    serve(_Minijinja())
