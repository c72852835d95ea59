"""Reads the sample corpus, for the tests beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portable_tpl.model.conversation import Conversation, parse_conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.sources import open_container

ROOT = Path(__file__).parents[2] / "corpus"
DIVERGENCES = ROOT / "regressions" / "divergences.jsonl"
MEASURED = ROOT / "regressions" / "manifest.json"
STYLES = ("python", "portable")


@dataclass(frozen=True)
class Family:
    """One template of the sample, in both styles."""

    name: str
    path: str
    template: str
    conversations: tuple[str, ...]
    known: dict[str, str]

    def load(self, style: str) -> Template:
        """The template in a style."""
        return open_container(str(ROOT / "templates" / style / self.path)).template(self.template)


def read_lines(path: Path) -> list[Any]:
    """The JSON values of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def families() -> list[Family]:
    """All templates of the sample."""
    rows = json.loads((ROOT / "manifest.json").read_text("utf-8"))["families"]
    return [
        Family(row["family"], row["path"], row["template"], tuple(row["conversations"]), row.get("known", {}))
        for row in rows
    ]


def conversations(*names: str) -> list[Conversation]:
    """The conversations of some files."""
    return [
        parse_conversation(data, f"{name}.jsonl:{number}")
        for name in names
        for number, data in enumerate(read_lines(ROOT / "conversations" / f"{name}.jsonl"), 1)
    ]


def outcome(reference: Rendering, target: Rendering) -> str | None:
    """How an engine does otherwise than the reference, in the words of the regressions; ``None`` where it does not."""
    if same(reference, target):
        return None
    if isinstance(target, Failed) and target.kind in ("timeout", "memory", "crash"):
        return "dies"
    if isinstance(reference, Failed):
        return "renders"
    return "differs" if isinstance(target, Rendered) else "fails"


def described(reference: Rendering) -> dict[str, str]:
    """A rendering of the reference as the regressions write it."""
    if isinstance(reference, Rendered):
        return {"text": reference.text}
    if isinstance(reference, Failed):
        return {"failed": reference.kind}
    return {"refused": reference.message}
