"""Short ways through jinja2's sandbox for values of exactly known types.

Each function answers what the sandbox's own function answers, for every object: for the exact types that
conversations are made of it knows the answer beforehand, anything else it hands to the sandbox. So no template needs
to be looked at to be safe. That the answers are the same is a lemma a function, and each is a test over type and
attribute name (``tests/rendering/test_short_ways.py``).
"""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from types import FunctionType
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from portable_tpl.template.syntax.environment import TemplateNamespace, raise_exception, strftime_function

# Of a dict, every attribute: any other name can only be a key.
DICT_ATTRIBUTES = frozenset(dir(dict))
# Methods that a template may call as they are: they change nothing, and are not wrapped as str.format is.
DICT_METHODS = frozenset(("items", "keys", "values", "get"))
STR_METHODS = frozenset(name for name in dir(str) if not name.startswith("_")) - {"format", "format_map"}
LOOP_ATTRIBUTES = frozenset(name for name in dir(LoopContext) if not name.startswith("_")) - {"cycle", "changed"}
# A value of these types is no method that the sandbox would have to wrap.
PLAIN_TYPES = frozenset((str, int, float, bool, type(None), list, tuple, dict))

_NO_MAPPINGS = PLAIN_TYPES - {dict} | {Undefined}
# Functions of the environment's own that take no context and never raise StopIteration, whatever they close over.
_PLAIN_CODES = frozenset((strftime_function(datetime.now).__code__, raise_exception.__code__))

_slot = object.__getattribute__


class ListLoop(LoopContext):
    """jinja2's ``loop``, which over a list goes on and looks ahead without a call of its own for each item."""

    def __iter__(self) -> ListLoop | Iterator[Any]:  # type: ignore[override]
        if type(self._iterable) is not list or self.index0 >= 0:
            return self  # not begun anew by `loop | list` within the loop
        return self._pairs()

    def _pairs(self) -> Iterator[tuple[Any, ListLoop]]:
        for item in self._iterator:
            self.index0 += 1
            self._before = self._current
            self._current = item
            yield item, self

    def _peek_next(self) -> Any:
        items = self._iterable
        if type(items) is not list:
            return super()._peek_next()
        following = self.index0 + 1
        return items[following] if following < len(items) else missing


# Templates can print it.
ListLoop.__name__ = ListLoop.__qualname__ = "LoopContext"
ListLoop.__module__ = LoopContext.__module__


def is_mapping(value: object) -> bool:
    """The test ``mapping``."""
    kind = type(value)
    return kind is dict or (kind not in _NO_MAPPINGS and isinstance(value, abc.Mapping))


Arguments = Callable[..., Any]


def short_ways(environment: SandboxedEnvironment) -> dict[str, Any]:
    """What the code of :class:`portable_tpl.rendering.generator.ShortWayGenerator` calls, by name."""
    member = _member(environment)
    return {
        "short_key": _key(environment, member),
        "short_member": member,
        "short_item": _item(environment),
        "short_method": _method(environment, member),
        "short_function": _function(environment),
        "short_is_mapping": is_mapping,
        "short_undefined": Undefined,
        "LoopContext": ListLoop,
    }


def _member(environment: SandboxedEnvironment) -> Callable[[Any, str], Any]:
    """``x.name``."""
    sandboxed = environment.getattr

    def short_member(obj: Any, name: str) -> Any:
        kind = type(obj)
        if kind is ListLoop:
            if name in LOOP_ATTRIBUTES:
                return getattr(obj, name)
        elif kind is TemplateNamespace and name[0] != "_":
            value = _slot(obj, "_Namespace__attrs").get(name, missing)
            if type(value) in PLAIN_TYPES:
                return value
        return sandboxed(obj, name)

    return short_member


def _key(environment: SandboxedEnvironment, member: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """``x.name`` for a name that no attribute of dict has."""
    undefined = environment.undefined

    def short_key(obj: Any, name: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[name]
            except KeyError:
                return undefined(obj=obj, name=name)
        return member(obj, name)

    return short_key


def _item(environment: Environment) -> Callable[[Any, Any], Any]:
    """``x[key]``: the sandbox, too, tries the plain way first."""
    sandboxed, undefined = environment.getitem, environment.undefined

    def short_item(obj: Any, key: Any) -> Any:
        try:
            return obj[key]
        except (TypeError, LookupError):
            if type(obj) is dict and type(key) is str and key not in DICT_ATTRIBUTES:
                return undefined(obj=obj, name=key)
            return sandboxed(obj, key)

    return short_item


def _method(environment: SandboxedEnvironment, member: Callable[[Any, str], Any]) -> Callable[..., Arguments]:
    """``x.name`` of ``x.name(…)``: something that takes the arguments of the call."""
    sandboxed = _sandboxed_call(environment)

    def short_method(context: Context, obj: Any, name: str, loop_vars: Any, block_vars: Any) -> Arguments:
        kind = type(obj)
        if (kind is str and name in STR_METHODS) or (kind is dict and name in DICT_METHODS):
            return getattr(obj, name)  # type: ignore[no-any-return]
        return sandboxed(context, member(obj, name), loop_vars, block_vars)

    return short_method


def _function(environment: SandboxedEnvironment) -> Callable[..., Arguments]:
    """``f`` of ``f(…)``: something that takes the arguments of the call."""
    sandboxed = _sandboxed_call(environment)

    def short_function(context: Context, function: Any, loop_vars: Any, block_vars: Any) -> Arguments:
        if type(function) is Macro:
            return partial(function.__call__, context.eval_ctx)
        if function is TemplateNamespace:
            return TemplateNamespace
        if type(function) is FunctionType and function.__code__ in _PLAIN_CODES:
            return function
        return sandboxed(context, function, loop_vars, block_vars)

    return short_function


def _sandboxed_call(environment: SandboxedEnvironment) -> Callable[..., Arguments]:
    call = environment.call

    def sandboxed_call(context: Context, function: Any, loop_vars: Any, block_vars: Any) -> Arguments:
        given = {}
        if loop_vars is not None:
            given["_loop_vars"] = loop_vars
        if block_vars is not None:
            given["_block_vars"] = block_vars
        return partial(call, context, function, **given)

    return sandboxed_call
