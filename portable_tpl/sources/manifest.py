"""The known chat templates of the hub: facts about each, never its text.

``data/hub.jsonl`` has one JSON object a line: ``slug``, ``sha256`` and ``bytes`` of the text in UTF-8, ``kind``
(``chat`` or ``rerank/embed``), ``models`` (hub ids), ``licenses``, ``special_tokens``, ``found_in`` (repository, path
and commit in which the text was found), ``note``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from portable_tpl.model.errors import SourceError
from portable_tpl.model.source import Template
from portable_tpl.sources._files import read_bytes, replace_files

_DATA = os.path.join(os.path.dirname(__file__), "data", "hub.jsonl")
Status = Literal["present", "fetched", "changed", "unavailable"]


@dataclass(frozen=True)
class Entry:
    """One known template; ``size`` in bytes."""

    slug: str
    sha256: str
    size: int
    kind: str
    models: tuple[str, ...]
    licenses: tuple[str, ...]
    found_in: str
    special_tokens: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Fetched:
    """What became of one entry.

    ``present``: the file was there, with the manifest's text; ``fetched``: it is now; ``changed``: the hub's template
    is another one today, and that one was written; ``unavailable``: see ``reason``.
    """

    entry: Entry
    status: Status
    path: str | None = None
    reason: str | None = None


def known_templates() -> tuple[Entry, ...]:
    """All entries, sorted by slug."""
    lines = read_bytes(_DATA).decode("utf-8").splitlines()
    return tuple(_entry(json.loads(line)) for line in lines if line)


def _entry(row: Mapping[str, object]) -> Entry:
    data = dict(row)
    data["size"] = data.pop("bytes")
    for key in ("models", "licenses"):
        data[key] = tuple(data[key])  # type: ignore[arg-type]
    return Entry(**data)  # type: ignore[arg-type]


def fetch(entry: Entry, folder: str) -> Fetched:
    """Write an entry's template to ``<folder>/<slug>.jinja``, from the first of its models that the hub has.

    Raises :class:`SourceError` only where the folder cannot be written.
    """
    path = os.path.join(folder, f"{entry.slug}.jinja")
    if os.path.isfile(path) and Template(read_bytes(path).decode("utf-8", "replace")).sha256 == entry.sha256:
        return Fetched(entry, "present", path)
    if not entry.models:
        return Fetched(entry, "unavailable", reason=f"not on the hub; found in {entry.found_in}")
    template, reason = _from_hub(entry)
    if template is None:
        return Fetched(entry, "unavailable", reason=reason)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder}: cannot be made: {error.strerror}") from None
    replace_files({path: [template.text.encode("utf-8", "replace")]})
    return Fetched(entry, "fetched" if template.sha256 == entry.sha256 else "changed", path)


def _from_hub(entry: Entry) -> tuple[Template | None, str | None]:
    """The entry's template, else the first model's own of today, else why there is none."""
    from portable_tpl.sources.hub import open_hub

    current: Template | None = None
    reason: str | None = None
    for model in entry.models:
        try:
            container = open_hub(model)
        except SourceError as error:
            reason = reason or str(error)
            continue
        for template in container.templates:
            if template.sha256 == entry.sha256:
                return template, None
        current = current or container.templates[0]
    return current, reason
