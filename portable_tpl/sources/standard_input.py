"""Standard input: a raw template, or a JSON file that holds one."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import IO

from portable_tpl.model.errors import SourceError
from portable_tpl.sources import jinja_file
from portable_tpl.sources._container import Container, assemble
from portable_tpl.sources._files import decode

NAME = "-"
_JSON_OBJECT = re.compile(r'\ufeff?\s*\{\s*"')


def open_stdin(stream: IO[bytes] | None = None) -> Container:
    """Read a container from a binary stream (standard input where none is given)."""
    source = stream if stream is not None else sys.stdin.buffer
    if source.isatty():
        raise SourceError("-: standard input is a terminal; pipe a template into it, or name a file")
    text = decode(source.read(), "standard input")
    locked = "standard input cannot be written"
    if _JSON_OBJECT.match(text) and '"chat_template"' in text:
        from portable_tpl.sources import json_file, special_tokens

        data = json_file.load("standard input", text)
        return replace(json_file.open_json(NAME, text, data, special_tokens.from_config(data)), locked=locked)
    return assemble(NAME, "jinja", [jinja_file.slot(NAME, text)], locked=locked)
