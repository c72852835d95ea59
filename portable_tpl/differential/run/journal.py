"""Finished templates on disk, one JSON line each, so that an interrupted run can go on."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portable_tpl import __version__
from portable_tpl.model.source import Template


def job_key(template: Template, targets: Sequence[str], parts: Sequence[Any]) -> str:
    """What a result depends on, in short: the template, its tokens, the targets with versions, ``parts``, us."""
    tokens = sorted(template.special_tokens.items())
    data = [__version__, template.sha256, tokens, list(targets), list(parts)]
    return hashlib.sha256(json.dumps(data).encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """Results by key. Lines that an interrupt cut short are left out when a journal is read."""

    def __init__(self, path: Path, resume: bool) -> None:
        self._path = path
        self._known: dict[str, dict[str, Any]] = {}
        if resume and path.exists():
            self._read()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a" if resume else "w", encoding="utf-8")

    def _read(self) -> None:
        text = self._path.read_text("utf-8")
        for line in text.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                self._known[entry["key"]] = entry
        if text and not text.endswith("\n"):
            # The next line must not be glued to the torn one.
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n")

    def get(self, key: str) -> Mapping[str, Any] | None:
        """The entry of a key, if its job was done before."""
        return self._known.get(key)

    def put(self, key: str, entry: Mapping[str, Any]) -> None:
        """Write one result; it is on disk when this returns."""
        self._file.write(json.dumps({"key": key, **entry}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
