"""Finished comparisons on disk, one JSON line each, so that an interrupted run can go on."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portable_tpl import __version__
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier, parse_conversation
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered, Rendering
from portable_tpl.model.report import Comparison, Coverage, MissedBranch, TargetComparison
from portable_tpl.model.source import Template

_PLAIN = ("signature", "kind", "origin", "cause", "code", "line", "cases", "reproduce", "decides")


def job_key(template: Template, targets: Sequence[str], settings: CompareSettings) -> str:
    """What a result depends on, in short: the template, its tokens, the targets with versions, the settings, us."""
    parts = [
        __version__,
        template.sha256,
        sorted(template.special_tokens.items()),
        list(targets),
        settings.examples,
        settings.seed,
        settings.tier.value,
        [conversation.key for conversation in settings.conversations],
    ]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


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


def to_plain(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON data."""
    return {
        "cases": comparison.cases,
        "cut": comparison.cut,
        "coverage": {
            "branches": comparison.coverage.branches,
            "reached": comparison.coverage.reached,
            "missed": [[each.line, each.condition, each.reachable] for each in comparison.coverage.missed],
        },
        "targets": {
            target: {
                "cases": found.cases,
                "identical": found.identical,
                "mismatches": [_plain_mismatch(each) for each in found.mismatches],
            }
            for target, found in comparison.targets.items()
        },
    }


def from_plain(data: Mapping[str, Any]) -> Comparison:
    """The comparison that :func:`to_plain` wrote."""
    coverage = data["coverage"]
    missed = tuple(MissedBranch(*each) for each in coverage["missed"])
    return Comparison(
        data["cases"],
        Coverage(coverage["branches"], coverage["reached"], missed),
        {
            target: TargetComparison(
                found["cases"], found["identical"], tuple(_mismatch(each) for each in found["mismatches"])
            )
            for target, found in data["targets"].items()
        },
        data.get("cut", False),
    )


def _plain_mismatch(mismatch: Mismatch) -> dict[str, Any]:
    return {
        **{name: getattr(mismatch, name) for name in _PLAIN},
        "tier": mismatch.tier.value,
        "conversation": mismatch.conversation.to_json(),
        "reference": _plain_rendering(mismatch.reference),
        "target": _plain_rendering(mismatch.target),
    }


def _mismatch(data: Mapping[str, Any]) -> Mismatch:
    return Mismatch(
        **{name: data[name] for name in _PLAIN},
        tier=Tier(data["tier"]),
        conversation=parse_conversation(data["conversation"]),
        reference=_rendering(data["reference"]),
        target=_rendering(data["target"]),
    )


def _plain_rendering(rendering: Rendering) -> list[Any]:
    if isinstance(rendering, Rendered):
        return ["rendered", rendering.text]
    if isinstance(rendering, Refused):
        return ["refused", rendering.message]
    return ["failed", rendering.kind, rendering.message, rendering.line]


def _rendering(data: Sequence[Any]) -> Rendering:
    if data[0] == "rendered":
        return Rendered(data[1])
    return Refused(data[1]) if data[0] == "refused" else Failed(*data[1:])
