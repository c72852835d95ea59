"""A JSON file with a ``chat_template``: a string, a list of ``{name, template}``, or an object of them by name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from portable_tpl.model.conversation import json_kind
from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.sources._container import NO_TOKENS, Container, Slot, SpecialTokens, TextDocument, assemble
from portable_tpl.sources._files import read_text
from portable_tpl.sources.json_scan import items, member, members, skip_space, speller

KEY = "chat_template"
_KINDS = {
    "tokenizer_config.json": "tokenizer_config",
    "chat_template.json": "chat_template",
    "processor_config.json": "processor_config",
}
Location = tuple[str, Any, int, int]


def kind_of(path: str) -> str:
    """The kind of a JSON file by its name; an unknown name counts as ``chat_template``."""
    return _KINDS.get(os.path.basename(path), "chat_template")


def load(path: str, text: str) -> Mapping[str, Any]:
    """The object in a JSON file's text; :class:`SourceError` with line and column where it is not valid.

    A byte order mark is accepted, as editors on Windows write one (transformers would refuse the file).
    """
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise SourceError(f"{path}: not usable JSON: nested too deeply") from None
    except ValueError:  # Python's own limit
        raise SourceError(f"{path}: not usable JSON: a number of too many digits") from None
    if not isinstance(data, dict):
        raise SourceError(f"{path}: a JSON object with the key {KEY!r} is expected")
    return data


def read(path: str) -> tuple[str, Mapping[str, Any]]:
    """Text and object of a JSON file."""
    text = read_text(path)
    return text, load(path, text)


def slots(path: str, text: str, data: Mapping[str, Any]) -> list[Slot]:
    """The templates of a JSON file, in its order; empty where it has none.

    Of two templates with one name the last counts, as in transformers.
    """
    if data.get(KEY) is None:
        return []
    root = skip_space(text, 1 if text.startswith("\ufeff") else 0)
    extent = member(text, root, KEY)
    assert extent is not None  # json.loads has seen the key
    document = TextDocument(path, kind_of(path), text)
    by_name: dict[str, Slot] = {}
    for name, value, start, end in _locate(path, text, data[KEY], *extent):
        if not isinstance(value, str):
            raise SourceError(f"{path}: the template {name!r} in {KEY!r} must be a string, not {json_kind(value)}")
        by_name[name] = Slot(name, value, document, start, end, speller(text, start, end))
    if not by_name:
        raise NoTemplate(f"{path}: {KEY!r} is an empty {'list' if data[KEY] == [] else 'object'}: no template in it")
    return list(by_name.values())


def _locate(path: str, text: str, value: Any, start: int, end: int) -> Iterator[Location]:
    """Name, value, start and end of each template literal within the value of ``chat_template``."""
    if isinstance(value, str):
        yield "default", value, start, end
    elif isinstance(value, dict):
        for name, inner, inner_end in members(text, start):
            yield name, value[name], inner, inner_end
    elif isinstance(value, list):
        for index, (entry, (inner, _)) in enumerate(zip(value, items(text, start), strict=True)):
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or "template" not in entry:
                raise SourceError(f"{path}: {KEY}[{index}] must be an object with 'name' and 'template'")
            literal = member(text, inner, "template")
            assert literal is not None  # json.loads has seen the key
            yield (entry["name"], entry["template"], *literal)
    else:
        raise SourceError(f"{path}: {KEY!r} must be a string, a list or an object, not {json_kind(value)}")


def open_json(path: str, text: str, data: Mapping[str, Any], tokens: SpecialTokens = NO_TOKENS) -> Container:
    """The container of a JSON file; :class:`SourceError` where it holds no template."""
    templates = slots(path, text, data)
    if not templates:
        raise NoTemplate(f"{path}: no chat template in it: the key {KEY!r} is missing or null")
    return assemble(path, kind_of(path), templates, tokens)
