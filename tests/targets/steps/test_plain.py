"""Plain data is what transformers shows to templates."""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import pytest

from portable_tpl.targets.steps.plain import is_plain, plain_data


class Role(str, enum.Enum):
    USER = "user"


class Count(int):
    pass


class Share(float):
    pass


@dataclass
class Message:
    role: Role
    content: Any


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"a": Role.USER}


VALUES: list[Any] = [
    None, True, 1, 1.5, "x", Role.USER, Count(3), Share(0.5), [1, [Role.USER]], {"a": {"b": Count(1)}},
    OrderedDict(a=1), Message(Role.USER, [Message(Role.USER, "x")]), Model(), object(), b"bytes", {1, 2}, Message, {1: 2},
    (1, (2, Role.USER)), [(1,)],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_equals_transformers(value: Any) -> None:
    module = pytest.importorskip("transformers.utils.chat_template_utils")
    expected = module._plain_template_data(value)
    found = plain_data(value)
    assert found == expected
    assert type(found) is type(expected)


def test_numbers_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    assert plain_data([numpy.int64(3), numpy.float32(0.5), numpy.bool_(False)]) == [3, 0.5, False]
    assert plain_data(numpy.zeros(3)) == "<ndarray>"


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_what_is_plain_would_only_be_copied(value: Any) -> None:
    for each in (value, [value], (1, [value]), {"a": (value,)}, {"a": {"b": value}}):
        if is_plain(each):
            made = plain_data(each)
            assert (made, repr(made), type(made)) == (each, repr(each), type(each))


def test_what_is_not_plain_is_seen_at_any_depth() -> None:
    assert is_plain([{"a": (1, None, {"b": [2.5, True, {3: "c"}]})}])
    for odd in (Role.USER, Count(3), Share(0.5), OrderedDict(a=1), Model(), b"bytes"):
        assert not is_plain([{"a": (1, [odd])}])
    assert not is_plain({Role.USER: 1})
