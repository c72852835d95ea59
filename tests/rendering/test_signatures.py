"""Functions of many signatures become the schemas of transformers, or are refused as there."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.model.errors import RenderError

utilities = pytest.importorskip("transformers.utils", reason="compares with the real package")

HINTS = (
    *("int", "str", "float", "bool", "list", "dict", "tuple", "Any", "None", "object", "bytes", "Nowhere"),
    *("list[int]", "list[list[str]]", "dict[str, int]", "dict[str, list[dict[str, float]]]", "tuple[int, str]"),
    *(
        "tuple[int]",
        "tuple[int, ...]",
        "set[int]",
        "int | str",
        "int | None",
        "str | list[int] | None",
        "Optional[int]",
    ),
    *(
        "Union[int, float, str]",
        "Literal['a', 'b']",
        "Literal[1, 'a', None]",
        "Colour",
        "Empty",
        "Callable[[int], int]",
    ),
    *("list[Colour]", "Optional[Literal['x']]", "int | float | None", "dict", "list[int | None]", "'int'", "'Later'"),
)
TEXTS = (
    "Where.",
    "What, and\n            on a second line",
    '(choices: ["a", "b"])',
    'Of these (choices: ["a"])',
    "(choices: [a])",
    "é <b>: x",
)
PREAMBLE = """
import enum
from typing import Any, Callable, Literal, Optional, Union
class Colour(enum.Enum):
    RED = "red"
    BLUE = 2
class Empty(enum.Enum):
    pass
"""


def source(number: int) -> str:
    """A function with some parameters, most of which are described."""
    chance = random.Random(number)
    parameters: list[str] = []
    described: list[str] = []
    for index in range(chance.randrange(4)):
        hint = chance.choice(HINTS) if chance.random() < 0.5 else chance.choice(HINTS[:7])
        default = chance.choice(("", "", " = None", " = 3"))
        if any("=" in one for one in parameters) and not default:
            default = " = 1"
        bare = chance.random() < 0.04
        parameters.append(f"p{index}" + ("" if bare else f": {hint}") + default)
        if chance.random() < 0.95:
            described.append(f"        p{index}: {chance.choice(TEXTS)}\n")
    returned = chance.choice(("", "", " -> int", " -> dict[str, Any]", " -> object", " -> None"))
    arguments = "    Args:\n" + "".join(described) if described else ""
    result = chance.choice(("", "", "\n    Returns:\n        int: The number\n", "\n    Returns: nothing\n"))
    summary = chance.choice(("Do it.", "Do it.\n\n    At length: like this.", "", "Do\n    it: now"))
    return f'def tool({", ".join(parameters)}){returned}:\n    """{summary}\n\n{arguments}{result}    """\n'


def function(number: int) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(PREAMBLE + source(number), names)
    return names["tool"]  # type: ignore[no-any-return]


def schema(tool: Callable[..., Any]) -> Any:
    try:
        return utilities.get_json_schema(tool)
    except Exception:
        return None


def test_signatures() -> None:
    refused = 0
    for number in range(300):
        tool = function(number)
        expected = schema(tool)
        refused += expected is None
        try:
            shown = eval(pt.render("{{ tools[0] }}", [{"role": "user", "content": "Hi"}], tools=[tool]))
        except RenderError as error:
            shown = None
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - either is right
        assert shown == expected, source(number)
    assert 60 < refused < 240
