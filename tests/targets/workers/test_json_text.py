"""The style of JSON text that servers in Rust write with filters of their own."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portable_tpl.targets.workers._json_text import restyled

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


def engine_text(value: Any, indent: int | None = None) -> str:
    """What minijinja 2's own filter writes: compact unless indented, with HTML escapes."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, separators=separators, indent=indent)
    for character, code in (("<", "003c"), (">", "003e"), ("&", "0026"), ("'", "0027")):
        text = text.replace(character, f"\\u{code}")
    return text


@given(_JSON)
def test_it_is_json_dumps(value: Any) -> None:
    assert restyled(engine_text(value)) == json.dumps(value, ensure_ascii=False)
    assert restyled(engine_text(value), ensure_ascii=True) == json.dumps(value, ensure_ascii=True)
    assert restyled(engine_text(value), sort_keys=True) == json.dumps(value, ensure_ascii=False, sort_keys=True)


@given(_JSON, st.integers(1, 4))
def test_indented_text_stays_indented(value: Any, indent: int) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=indent)
    assert restyled(engine_text(value, indent)) == expected
    expected = json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=True)
    assert restyled(engine_text(value, indent), sort_keys=True) == expected


def test_numbers_keep_their_spelling() -> None:
    assert restyled('{"b":1e20,"a":[1.0,18446744073709551616]}') == '{"b": 1e20, "a": [1.0, 18446744073709551616]}'
    assert restyled('{"b":1e20,"a":1.0}', sort_keys=True) == '{"a": 1.0, "b": 1e20}'


def test_only_the_engines_own_escapes_are_undone() -> None:
    assert restyled(r'"\\u003c \u003c \\\u003e \n \u0001"') == r'"\\u003c < \\> \n \u0001"'
