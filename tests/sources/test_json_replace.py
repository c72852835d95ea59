"""A template in JSON is replaced by changing the characters of its literal and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_tpl.sources import json_file, open_container
from portable_tpl.sources.json_scan import end_of, items, members, speller

TEMPLATE = "{% for m in messages %}\n{{ m.content.strip() }}\t</s>{% endfor %}"


def write(path: Path, text: str) -> str:
    path.write_bytes(text.encode("utf-8"))
    return str(path)


LAYOUTS: list[tuple[str, str]] = [
    ("one line", '{"a": 1, "chat_template": %s, "b": [1, {"chat_template": "no"}]}'),
    ("indented, CRLF, no final newline", '{\r\n    "a": null,\r\n    "chat_template" : %s\r\n}'),
    ("byte order mark", '\ufeff{"chat_template":%s}\n'),
    ("nested namesakes before", '{"x": {"chat_template": "no", "y": "}]\\""}, "z": [[], {}], "chat_template": %s }'),
    ("last of two", '{"chat_template": "first", "chat_template": %s}'),
    ("escaped key", '{"chat\\u005ftemplate": %s}'),
    ("odd numbers", '{"n": [-1.5e+3, NaN, true],"chat_template":%s,"big":123456789012345678901234567890}'),
]


@pytest.mark.parametrize("layout", [text for _, text in LAYOUTS], ids=[name for name, _ in LAYOUTS])
def test_only_the_literal_changes(tmp_path: Path, layout: str) -> None:
    old = json.dumps(TEMPLATE)
    path = write(tmp_path / "tokenizer_config.json", layout % old)
    container = open_container(path)
    assert [(one.name, one.text) for one in container.templates] == [("default", TEMPLATE)]
    assert container.write({"default": TEMPLATE.replace(".strip()", "|trim")}) == (path,)
    expected = layout % old.replace(".strip()", "|trim")
    assert Path(path).read_bytes() == expected.encode("utf-8")


def test_a_list_changes_several_at_once(tmp_path: Path) -> None:
    text = (
        '[{"template": "one", "name": "default"},\n  {"name": "tool_use", "note": ["template"], "template": "two"}]'
    )
    path = write(tmp_path / "tokenizer_config.json", f'{{"chat_template": {text}, "end": "one two"}}')
    container = open_container(path)
    assert {one.name: one.text for one in container.templates} == {"default": "one", "tool_use": "two"}
    container.write({"tool_use": "2", "default": "1111"})
    expected = text.replace('"one"', '"1111"').replace('"two"', '"2"')
    assert Path(path).read_text("utf-8") == f'{{"chat_template": {expected}, "end": "one two"}}'


def test_an_object_of_templates(tmp_path: Path) -> None:
    path = write(tmp_path / "chat_template.json", '{"chat_template": {"rag": "r", "default": "d", "rag": "R"}}')
    container = open_container(path)
    assert [(one.name, one.text) for one in container.templates] == [("default", "d"), ("rag", "R")]
    assert container.templates[0].named["rag"].text == "R"
    container.replace("rag", "new")
    assert Path(path).read_text("utf-8") == '{"chat_template": {"rag": "r", "default": "d", "rag": "new"}}'


STYLES: list[tuple[str, str, str, str]] = [
    ("unicode as it is", '"é{{ a }}"', "é{{ a|trim }}ü", '"é{{ a|trim }}ü"'),
    ("unicode escaped", '"\\u00e9{{ a }}"', "é{{ a }}ü😀", '"\\u00e9{{ a }}\\u00fc\\ud83d\\ude00"'),
    ("escaped in capitals", '"\\u00EB{{ a }}"', "ë{{ a }}ì", '"\\u00EB{{ a }}\\u00EC"'),
    ("solidus escaped", '"<\\/s>{{ a }}"', "</s>{{ a }}</s>", '"<\\/s>{{ a }}<\\/s>"'),
    ("markup escaped", '"\\u003cs\\u003e{{ a }}"', "<s>{{ a }}<b>", '"\\u003cs\\u003e{{ a }}\\u003cb\\u003e"'),
    ("long newline escapes", '"a\\u000ab"', "a\nb\n", '"a\\u000ab\\u000a"'),
    ("mixed spellings stay", '"é\\u00e9{{ a }}\\u00e9é"', "éé{{ b }}éé", '"é\\u00e9{{ b }}\\u00e9é"'),
    ("control characters", '"a"', "a\x01\x7f\n", '"a\\u0001\x7f\\n"'),
    ("lone surrogates", '"a\\ud800"', "a\ud800b\udfff", '"a\\ud800b\\udfff"'),
]


@pytest.mark.parametrize("old,new,expected", [row[1:] for row in STYLES], ids=[row[0] for row in STYLES])
def test_spelling_follows_the_file(old: str, new: str, expected: str) -> None:
    assert speller(old, 0, len(old))(new) == expected
    assert json.loads(expected) == new


def test_the_rest_of_the_file_decides_where_the_literal_is_plain() -> None:
    escaped = '{"bos": "\\uff5c", "chat_template": "a"}'
    raw = '{"bos": "｜", "chat_template": "a"}'
    assert speller(escaped, escaped.index('"a"'), escaped.index('"a"') + 3)("aé") == '"a\\u00e9"'
    assert speller(raw, raw.index('"a"'), raw.index('"a"') + 3)("aé") == '"aé"'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    extra=st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    old=st.text(min_size=1).filter(str.strip),
    new=st.text(),
    indent=st.sampled_from([None, 2, 4]),
    ascii_only=st.booleans(),
)
def test_replacing_is_what_dumping_again_would_give(
    extra: dict[str, Any], old: str, new: str, indent: int | None, ascii_only: bool
) -> None:
    data = {**extra, "chat_template": old, "tail": 1}
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    slot = json_file.slots("x.json", text, json.loads(text))[0]
    changed = text[: slot.start] + slot.spell(new) + text[slot.end :]
    assert json.loads(changed) == {**data, "chat_template": new}
    assert slot.spell(old) == text[slot.start : slot.end]
    before, after = text.split(json.dumps(old, ensure_ascii=ascii_only))[0], text[slot.end :]
    assert changed.startswith(before)
    assert changed.endswith(after)


@settings(max_examples=200, deadline=None)
@given(value=json_values, indent=st.sampled_from([None, 1]))
def test_the_scanner_sees_what_json_sees(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert end_of(text, 0) == len(text)
    if isinstance(value, dict):
        assert {key: json.loads(text[start:end]) for key, start, end in members(text, 0)} == value
    elif isinstance(value, list):
        assert [json.loads(text[start:end]) for start, end in items(text, 0)] == value
