"""The tokenizer of a model's folder: special and added tokens, and the tokens at which generation ends.

Facts from transformers 5.24: ``added_tokens_decoder`` of ``tokenizer_config.json`` holds every added token by id;
``tokenizer.json`` has them in ``added_tokens``, before the vocabulary; ``added_tokens.json`` (text to id) is older.
``generation_config.json`` says where generation ends, and the model's ``config.json`` where there is no such file.
A file that cannot be read is a line in ``problems``: what it would have said is not known.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portable_tpl.model.errors import SourceError
from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.sources import special_tokens

GENERATION = "generation_config.json"
ADDED = "added_tokens.json"
_TOKENIZER = "tokenizer.json"
# Vocabularies of which no text file tells which of their pieces are cut out whole.
_OPAQUE = (".model", ".tiktoken")
_MOST_BYTES = 8 * 1024 * 1024  # of tokenizer.json; added tokens come before the vocabulary, and take 200 kB at most
_LIST = re.compile(r'"added_tokens"\s*:\s*(?=\[)')


def read_tokenizer(folder: str) -> Tokenizer | None:
    """The tokenizer of a folder; ``None`` where none of its files is there."""
    reading = _Reading(folder)
    config = reading.object(special_tokens.CONFIG)
    older_map = reading.object(special_tokens.LEGACY_MAP)
    older = reading.object(ADDED)
    generation, model = reading.object(GENERATION), reading.object(special_tokens.MODEL)
    newer = reading.added_tokens()
    if config is None and older_map is None and newer is None:
        return None
    texts: dict[int, str] = {}
    control: dict[str, bool] = {}
    for number, text, marked in _added(config or {}, older or {}, newer or []):
        control[text] = control.get(text, False) or marked
        if number is not None:
            texts[number] = text
    special = special_tokens.beside(folder, config).texts
    control.update(dict.fromkeys([*special.values(), *_further(config or {}), *_further(older_map or {})], True))
    ends = _ends(generation if generation is not None else model or {})
    return Tokenizer(
        special=dict(special),
        adds_bos=_flag(config, "add_bos_token"),
        adds_eos=_flag(config, "add_eos_token"),
        stops=tuple(texts[number] for number in ends if number in texts),
        unnamed_stops=tuple(number for number in ends if number not in texts),
        control=control,
        whole=_is_whole(config or {}, newer, reading),
        files=tuple(reading.files),
        problems=tuple(reading.problems),
    )


@dataclass
class _Reading:
    """The files of a folder, with what went wrong in reading them."""

    folder: str
    files: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def object(self, name: str) -> Mapping[str, Any] | None:
        """The object in a JSON file; ``None`` where there is no such file, or no object in it."""
        path = os.path.join(self.folder, name)
        if not os.path.isfile(path):
            return None
        from portable_tpl.sources import json_file

        try:
            data = json_file.read(path)[1]
        except SourceError as error:
            self.problems.append(f"{error} (it is left out)")
            return None
        self.files.append(path)
        return data

    def added_tokens(self) -> list[Any] | None:
        """The list in ``tokenizer.json``, of which only the beginning is read."""
        path = os.path.join(self.folder, _TOKENIZER)
        if not os.path.isfile(path):
            return None
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                text = stream.read(_MOST_BYTES)
        except OSError as error:
            self.problems.append(f"{path}: cannot be read: {error.strerror} (it is left out)")
            return None
        start = _LIST.search(text)
        try:
            tokens = [] if start is None else json.JSONDecoder().raw_decode(text, start.end())[0]
        except (ValueError, RecursionError):
            self.problems.append(f"{path}: its added_tokens are not valid JSON (it is left out)")
            return None
        self.files.append(path)
        return tokens if isinstance(tokens, list) else []

    def holds(self, *endings: str) -> bool:
        """Whether a file with one of these endings is in the folder."""
        try:
            return any(name.endswith(endings) for name in os.listdir(self.folder or os.curdir))
        except OSError:
            return False


def _added(
    config: Mapping[str, Any], older: Mapping[str, Any], newer: list[Any]
) -> Iterator[tuple[int | None, str, bool]]:
    """Id, text and mark of each added token that one of the files names."""
    for text, number in older.items():
        yield (number if type(number) is int else None), text, False
    decoder = config.get("added_tokens_decoder")
    numbered = list(decoder.items()) if isinstance(decoder, dict) else []
    numbered += [(entry.get("id"), entry) for entry in newer if isinstance(entry, dict)]
    for number, entry in numbered:
        if isinstance(entry, dict) and isinstance(entry.get("content"), str):
            digits = str(number)
            yield int(digits) if digits.isdecimal() else None, entry["content"], entry.get("special") is True


def _further(config: Mapping[str, Any]) -> Iterator[str]:
    """The special tokens that a file lists without a name."""
    for key in ("additional_special_tokens", "extra_special_tokens"):
        listed = config.get(key)
        for entry in listed if isinstance(listed, list) else ():
            text = entry.get("content") if isinstance(entry, dict) else entry
            if isinstance(text, str):
                yield text


def _ends(config: Mapping[str, Any]) -> list[int]:
    ends = config.get("eos_token_id")
    listed = ends if isinstance(ends, list) else [ends]
    return [number for number in listed if type(number) is int]


def _flag(config: Mapping[str, Any] | None, name: str) -> bool | None:
    value = None if config is None else config.get(name)
    return value if isinstance(value, bool) else None


def _is_whole(config: Mapping[str, Any], newer: list[Any] | None, reading: _Reading) -> bool:
    """Whether every token that is cut out whole is known."""
    if config.get("auto_map") or any(_TOKENIZER in problem or ADDED in problem for problem in reading.problems):
        return False
    if newer is not None:
        return True
    return bool(config.get("added_tokens_decoder")) and not reading.holds(*_OPAQUE)
