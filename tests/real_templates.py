"""The templates of a folder of real ones, with their models' special tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from portable_tpl.model.source import Template


def read_templates(folder: Path) -> list[Template]:
    """Every real template, with newlines as they are in the file, and its model's own special tokens."""
    tokens: dict[str, dict[str, str]] = {}
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        entry: dict[str, Any] = json.loads(line)
        pair = {"bos_token": entry.get("bos_token"), "eos_token": entry.get("eos_token")}
        tokens[entry["slug"]] = {key: value for key, value in pair.items() if value is not None}
    return [
        Template(path.read_bytes().decode("utf-8"), path=path.name, special_tokens=tokens.get(path.stem, {}))
        for path in sorted((folder / "templates").glob("*.jinja"))
    ]
