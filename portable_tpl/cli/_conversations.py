"""Conversations from files: one JSON object, a list of messages, or JSON lines."""

from __future__ import annotations

import json

from portable_tpl.conversation import Conversation, Json, parse_conversation
from portable_tpl.errors import InputError
from portable_tpl.sources import read_input


def read_conversations(path: str) -> list[Conversation]:
    """Every conversation of a JSON-lines file; raises :class:`InputError` with the line that is wrong."""
    found = []
    for number, line in enumerate(read_input(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            found.append(parse_conversation(parse_json(line, where), where))
    if not found:
        raise InputError(f"{path}: holds no conversation; expected JSON lines, one conversation a line")
    return found


def read_json(path: str) -> Json:
    """The JSON value of a file, ``-`` for standard input; raises :class:`InputError`."""
    return parse_json(read_input(path), path)


def parse_json(text: str, where: str) -> Json:
    """The JSON value of a text; raises :class:`InputError` that names ``where``."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{where}: not valid JSON: {error}") from None
    except RecursionError:
        raise InputError(f"{where}: JSON nested too deeply to read") from None
