"""The lemmas: for every type that a template can meet, a short way answers what jinja2's sandbox answers."""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner
from markupsafe import Markup

from portable_tpl.rendering import generator, program
from portable_tpl.rendering.short_ways import DICT_ATTRIBUTES, ListLoop, short_ways
from portable_tpl.template.syntax.environment import TemplateNamespace, reference_environment, strftime_function

ENVIRONMENT = reference_environment()
WAYS = short_ways(ENVIRONMENT)
CONTEXT = Context(ENVIRONMENT, {}, None, {}, {})


class Text(str):
    """A subclass that a template must not gain anything by."""


class Keyed(dict):  # type: ignore[type-arg]
    """One that reads keys in its own way."""

    def __getitem__(self, key: object) -> object:
        return f"own {key}"


def some_function() -> None:
    """A function of Python's."""


def a_generator() -> Iterator[int]:
    yield 1


def namespace() -> Any:
    return TemplateNamespace(
        role="r", items="i", format="{0.__class__}".format, method="x".upper, count=1, nothing=None, loop=[1], fun=len
    )


def over(loop_type: type[LoopContext], iterable: Any) -> LoopContext:
    """A loop in its second round."""
    loop = loop_type(iterable, Undefined)
    iterator = iter(loop)
    next(iterator), next(iterator)
    return loop


def macro() -> Macro:
    module = ENVIRONMENT.from_string(
        "{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}"
    ).module
    return module.m  # type: ignore[no-any-return, attr-defined]


OBJECTS: dict[str, Any] = {
    "dict": {
        "role": "user",
        "items": 1,
        "get": 2,
        "__class__": 3,
        "format": "{}",
        "1": 4,
        1: 5,
        "update": 6,
        None: 7,
    },
    "empty dict": {},
    "str": "a {} text",
    "list": [1, [2], "x"],
    "tuple": (1, 2),
    "int": 7,
    "bool": True,
    "float": 1.5,
    "none": None,
    "undefined": Undefined(name="u"),
    "markup": Markup("<b>{}"),
    "text subclass": Text("t {}"),
    "dict subclass": Keyed(role=1),
    "ordered": OrderedDict(role=1),
    "default": defaultdict(list, role=1),
    "set": {1, 2},
    "range": range(3),
    "bytes": b"b",
    "namespace": namespace(),
    "namespace class": TemplateNamespace,
    "loop over a generator": over(ListLoop, iter("abc")),
    "macro": macro(),
    "cycler": Cycler("a", "b"),
    "joiner": Joiner(),
    "function": some_function,
    "refusal": ENVIRONMENT.globals["raise_exception"],
    "clock": strftime_function(lambda: datetime(2026, 1, 1)),
    "method": "x".upper,
    "formatting method": "{0.__class__}".format,
    "generator": a_generator(),
    "class": dict,
    "module": sys,
    "traceback-less error": ValueError("x"),
    "view": {"a": 1}.items(),
    "sandbox": ENVIRONMENT,
    "context": CONTEXT,
}
NAMES = sorted(
    {name for value in OBJECTS.values() for kind in (type(value), value) for name in dir(kind)}
    | {"role", "content", "tool_calls", "1", "", "nothing", "_private", "f_back", "gi_frame", "_Namespace__attrs"}
)


def answer(question: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """What came of it, in a form that can be compared."""
    try:
        value = question(*arguments, **keywords)
    except RecursionError:
        return RecursionError  # its words tell what Python was at
    except Exception as error:
        return type(error), str(error)
    if isinstance(value, Undefined):
        return "undefined", value._undefined_message, value._undefined_exception, value._undefined_name
    if callable(value):
        return "callable", type(value), getattr(value, "__name__", None), repr(getattr(value, "__self__", None))
    return type(value), repr(value)


@pytest.mark.parametrize("kind", OBJECTS)
def test_members_are_those_of_the_sandbox(kind: str) -> None:
    value = OBJECTS[kind]
    for name in NAMES:
        if not name:
            continue
        expected = answer(ENVIRONMENT.getattr, value, name)
        assert answer(WAYS["short_member"], value, name) == expected, name
        if name not in DICT_ATTRIBUTES:
            assert answer(WAYS["short_key"], value, name) == expected, name


@pytest.mark.parametrize("kind", OBJECTS)
def test_items_are_those_of_the_sandbox(kind: str) -> None:
    value = OBJECTS[kind]
    others: list[Any] = [0, -1, 5, 1.5, True, None, Markup("role"), Text("role"), (1,), [], {}, Undefined(), slice(1)]
    for key in (*NAMES, *others):
        expected = answer(ENVIRONMENT.getitem, value, key)
        assert answer(WAYS["short_item"], value, key) == expected, key


def call_method(value: Any, name: str, *arguments: Any) -> Any:
    return ENVIRONMENT.call(CONTEXT, ENVIRONMENT.getattr(value, name), *arguments)


def short_method(value: Any, name: str, *arguments: Any) -> Any:
    return WAYS["short_method"](CONTEXT, value, name, None, None)(*arguments)


def call_function(value: Any, *arguments: Any, **keywords: Any) -> str:
    return str(ENVIRONMENT.call(CONTEXT, value, *arguments, **keywords))


def short_function(value: Any, *arguments: Any, **keywords: Any) -> str:
    return str(WAYS["short_function"](CONTEXT, value, None, None)(*arguments, **keywords))


ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (),
    ("a",),
    ("a", "b"),
    (1,),
    (None,),
    ({"a": 1},),
    ("a", "b", 1),
    ("role", 1),
)


@pytest.mark.parametrize("kind", sorted(OBJECTS.keys() - {"module", "sandbox", "context", "generator", "class"}))
def test_methods_do_what_the_sandbox_lets_them_do(kind: str) -> None:
    value = OBJECTS[kind]
    for name in NAMES:
        if not name or name in ("throw", "close", "send", "cycle", "changed", "next", "reset"):
            continue
        for arguments in ARGUMENTS:
            expected = answer(call_method, value, name, *arguments)
            found = answer(short_method, value, name, *arguments)
            assert found == expected, (name, arguments)


@pytest.mark.parametrize("kind", sorted(OBJECTS.keys() - {"joiner", "cycler"}))
def test_functions_are_called_as_by_the_sandbox(kind: str) -> None:
    value = OBJECTS[kind]
    for arguments in ARGUMENTS:
        for keywords in ({}, {"b": 3}, {"odd": 1}, {"_own": 1}):
            expected = answer(call_function, value, *arguments, **keywords)
            found = answer(short_function, value, *arguments, **keywords)
            if kind == "namespace class":  # prints its address
                expected, found = (str(each)[:30] for each in (expected, found))
            assert found == expected, (arguments, keywords)


@pytest.mark.parametrize("value", [*OBJECTS.values(), ListLoop([1], Undefined)])
def test_tests_are_those_of_jinja2(value: Any) -> None:
    for name, (before, after) in generator._TESTS.items():
        found = eval(f"{before}value{after}", {**WAYS, "value": value})
        assert found == ENVIRONMENT.tests[name](value), name  # type: ignore[operator]


LOOP_BODIES = (
    *(f"{{{{ loop.{name} }}}}" for name in dir(LoopContext) if not name.startswith("__")),
    "{{ loop.index }}{{ loop | list }}{{ loop.index }}",
    "{% if loop.first %}{% for a, l in loop %}{{ a }}{{ l.index }}{{ loop.index }}{% endfor %}{% endif %}{{ loop.last }}",
    "{{ loop.nextitem }}{{ loop | first }}{{ loop.previtem }}{{ loop.revindex }}",
    "{{ loop.changed(e) }}{{ loop.cycle('a', 'b') }}{{ loop | length }}{{ loop }}",
    "{{ loop.__class__ }}{{ loop['index'] }}{{ loop.last }}{% if loop.index == 2 %}{% break %}{% endif %}",
    "{{ loop([1]) }}",
    "{{ loop.depth0 }}{{ loop is iterable }}{{ loop is callable }}{{ loop is mapping }}{{ loop.index.bit_length() }}",
)


@pytest.mark.parametrize("body", LOOP_BODIES)
def test_loops_are_those_of_jinja2(body: str) -> None:
    for head in ("for e in s", "for e in s if e", "for e in s recursive", "for a, b in s"):
        text = f"{{% {head} %}}{body}|{{% else %}}none{{% endfor %}}"
        for source in (
            [],
            [1],
            [1, 2, 2],
            [0, [1]],
            (1, 2),
            "ab",
            {"k": 1},
            [[1, 2], [3, 4]],
            {"a": 1}.items(),
            None,
        ):
            expected = answer(ENVIRONMENT.from_string(text).render, {"s": source})
            assert answer(program.compile_text(text).render, {"s": source}) == expected, (head, source)


def test_other_code_than_expected_is_left_to_jinja2(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed(ImmutableSandboxedEnvironment):
        def compile(self, source: Any, *arguments: Any, **options: Any) -> Any:
            made = super().compile(source, *arguments, **options)
            return made.replace("environment.getattr", "environment.get_member") if isinstance(made, str) else made

    assert generator.is_code_as_expected(reference_environment())
    assert not generator.is_code_as_expected(Changed())
    monkeypatch.setattr(program, "is_code_as_expected", lambda _environment: False)
    for cached in (program._environment, program.compile_text):
        cached.cache_clear()
    try:
        made = program.compile_text("{{ messages[0].content.strip() }}")
        assert made.render({"messages": [{"content": " a "}]}) == "a"
        assert "short_key" not in made.template.root_render_func.__code__.co_names
    finally:
        for cached in (program._environment, program.compile_text):
            cached.cache_clear()
