"""Conversations from files: one JSON object, a list of messages, or JSON lines."""

from __future__ import annotations

import json
import sys

from portable_tpl.model.conversation import Conversation, Json, parse_conversation
from portable_tpl.model.errors import InputError
from portable_tpl.sources import read_input

STDIN = "-"


def read_conversations(path: str) -> list[Conversation]:
    """Every conversation of a JSON-lines file; raises :class:`InputError` with the line that is wrong."""
    return [conversation for _, conversation in numbered_conversations(path)]


def numbered_conversations(path: str) -> list[tuple[int, Conversation]]:
    """Every conversation of a JSON-lines file with the number of its line, from 1; blank lines are passed over."""
    conversations = []
    for number, line in enumerate(read_file(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            conversations.append((number, parse_conversation(parse_json(line, where), where)))
    if not conversations:
        raise InputError(f"{path}: holds no conversation; expected JSON lines, one conversation a line")
    return conversations


def read_json(path: str) -> Json:
    """The JSON value of a file, ``-`` for standard input; raises :class:`InputError`."""
    return parse_json(read_file(path), path)


def read_file(path: str) -> str:
    """The text of a file, ``-`` for standard input; raises :class:`InputError`."""
    if path != STDIN:
        return read_input(path)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"standard input: not UTF-8 text (at offset {error.start})") from None


class NotJson(ValueError):
    """A word that Python's reader takes for a number."""


def load_json(text: str) -> Json:
    """The JSON value of a text; raises ``ValueError`` and ``RecursionError``, as ``json.loads`` does.

    ``NaN`` and ``Infinity`` are no JSON, though Python reads them. ``1e999`` is, and stands for infinity: so servers
    in Python read it.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(word: str) -> Json:
    raise NotJson(f"{word} is no JSON number")


def parse_json(text: str, where: str) -> Json:
    """The JSON value of a text; raises :class:`InputError` that names ``where``."""
    try:
        return load_json(text)
    except NotJson as error:
        raise InputError(f"{where}: not valid JSON: {error}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not valid JSON: {error}") from None
    except ValueError:  # Python's own limit
        raise InputError(f"{where}: a number of too many digits") from None
    except RecursionError:
        raise InputError(f"{where}: JSON nested too deeply to read") from None
