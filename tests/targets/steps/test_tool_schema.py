"""Tool schemas are those of transformers, and what it refuses is refused."""

# The functions below are written as people write tools: old hints, and no annotation of what they return.
# ruff: noqa: UP006, UP007, UP035, UP045
# mypy: disable-error-code="type-arg, no-untyped-def"

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Dict, List, Literal, Optional, Tuple, Union

import pytest

from portable_tpl.targets.steps.tool_schema import ToolSchemaError, json_schema_of


class Unit(enum.Enum):
    CELSIUS = "celsius"
    KELVIN = 1


class Level(str, enum.Enum):
    LOW = "low"


class Bare(enum.Enum):
    pass


class Deep(enum.Enum):
    PAIR = (1, 2)


class Custom:
    pass


def plain(x: int, y: float = 1.0, *, flag: bool = False) -> str:
    """Do a thing.

    More about the thing.

    Args:
        x: The first number
        y: The second number,
            which goes on here
            and here
        flag: A flag: with a colon

    Returns:
        A text about it.
        In two lines.
    """
    return ""


def nothing() -> None:
    """Do nothing."""


def only_returns() -> Dict[str, Any]:
    """Give something.

    Returns:
        Something

    Raises:
        ValueError: never
    """
    return {}


def raises_first(a: str):
    """Summary Args: in the middle.

    Args:
        a: text

    Raises:
        ValueError: often
    """


def collections(
    a: list[int],
    b: List[str],
    c: tuple[int, str],
    d: Tuple,
    e: dict[str, float],
    f: dict,
    g: list,
    h: Dict[str, list[int]],
) -> list[dict[str, int]]:
    """Collections.

    Args:
        a: a
        b: b
        c: c
        d: d
        e: e
        f: f
        g: g
        h: h
    """
    return []


def unions(
    a: Union[int, str],
    b: Optional[str],
    c: int | None,
    d: int | list[str],
    e: Union[int, float, None],
    f: list | tuple,
    g: Any,
):
    """Unions.

    Args:
        a: a
        b: b
        c: c
        d: d
        e: e
        f: f
        g: g
    """


def choices(a: str, b: int, c: Literal["x", "y"], d: Literal[1, "z", None], e: Unit, f: Level, g: Optional[Unit]):
    """Choices.

    Args:
        a: pick (choices: [" tea ", "coffee"])
        b: pick (Choices: [1, 2])
        c: c
        d: d
        e: e
        f: f
        g: g
    """


def bad_return(a: int) -> Custom:
    """Return a custom thing.

    Args:
        a: a

    Returns:
        a thing
    """
    return Custom()


def blank_lines(a: int, bb: str):
    """Blank lines.

    Args:
        a: one

            more of a

        bb: two: three
    """


def shared_hint(a: int, b: int):
    """Two arguments of one type.

    Args:
        a: first
        b: second
    """


class Methods:
    def method(self, a: int):
        """Do it.

        Args:
            a: a
        """

    @classmethod
    def of_class(cls, a: int):
        """Do it.

        Args:
            a: a
        """


def variadic(a: int, *rest: int, **more: str):
    """Take many.

    Args:
        a: a
        rest: rest
        more: more
    """


def typed(city: str, days: int, unit: str) -> str:
    """Tell the weather.

    Args:
        city (str): The city (or the town): anywhere
        days (int, optional):
            How many days
            note (a word): this is no argument
        unit	(`str`, *optional*, defaults to "C"): C or F (choices: ["C", "F"])

    Returns:
        str: The weather
    """
    return ""


def half_typed(a: int, b: int, c: int) -> None:
    """Mix both styles.

    Args:
        a: (int): no type stands before the colon
        b (dict(str, int)): nested: no type, and so the end of nothing
        b (int): b
        c: c
    """


GOOD: list[Callable[..., Any]] = [
    plain,
    nothing,
    only_returns,
    raises_first,
    collections,
    unions,
    choices,
    bad_return,
    blank_lines,
    shared_hint,
    typed,
    half_typed,
    Methods().method,
    Methods.method,
    Methods.of_class,
    variadic,
]


def no_docstring(a: int):
    pass


def no_hint(a):
    """Have no hint.

    Args:
        a: a
    """


def no_description(a: int, b: int):
    """Miss one.

    Args:
        a: a
    """


def no_arguments_section(a: int):
    """Miss all."""


def custom_hint(a: Custom):
    """Take a custom thing.

    Args:
        a: a
    """


def one_tuple(a: tuple[int]):
    """Take one.

    Args:
        a: a
    """


def open_tuple(a: tuple[int, ...]):
    """Take many.

    Args:
        a: a
    """


def bare_enum(a: Bare):
    """Take none.

    Args:
        a: a
    """


def deep_enum(a: Deep):
    """Take pairs.

    Args:
        a: a
    """


def bytes_literal(a: Literal[b"x"]):
    """Take bytes.

    Args:
        a: a
    """


def bad_choices(a: str):
    """Choose badly.

    Args:
        a: pick (choices: [tea])
    """


def set_hint(a: set[int]):
    """Take a set.

    Args:
        a: a
    """


BAD: list[Callable[..., Any]] = [
    no_docstring,
    no_hint,
    no_description,
    no_arguments_section,
    custom_hint,
    one_tuple,
    open_tuple,
    bare_enum,
    deep_enum,
    bytes_literal,
    bad_choices,
    set_hint,
]


def test_schema_of_a_plain_function() -> None:
    schema = json_schema_of(plain)["function"]
    assert schema["description"] == "Do a thing.\n\nMore about the thing."
    assert schema["parameters"]["properties"]["y"] == {
        "type": "number",
        "description": "The second number, which goes on here and here",
    }
    assert schema["parameters"]["required"] == ["x"]
    assert schema["return"] == {"type": "string", "description": "A text about it.\n    In two lines."}


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__qualname__)
def test_equals_transformers(function: Callable[..., Any]) -> None:
    transformers = pytest.importorskip("transformers")
    assert json_schema_of(function) == transformers.utils.get_json_schema(function)


@pytest.mark.parametrize("function", BAD, ids=lambda function: function.__name__)
def test_refuses_what_transformers_refuses(function: Callable[..., Any]) -> None:
    with pytest.raises(ToolSchemaError) as error:
        json_schema_of(function)
    assert "\n" not in str(error.value)
    transformers = pytest.importorskip("transformers")
    with pytest.raises(Exception):  # noqa: B017, PT011 - of its classes some are not exported
        transformers.utils.get_json_schema(function)


@pytest.mark.parametrize("thing", [len, Custom, "text", 3, Custom()])
def test_refuses_what_is_no_function(thing: Any) -> None:
    with pytest.raises(ToolSchemaError, match="a tool must be"):
        json_schema_of(thing)
