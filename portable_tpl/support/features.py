"""The features that are probed: read from ``data/features`` and spread over kinds of values.

A file there holds one group. A feature has one or more probes (template texts) and says what they are rendered with:

* ``context``: variables that every probe gets;
* ``each``: variables with the values to try one after the other;
* ``matrix``: variables with the *kinds* of values to try. The feature is then a family: one feature for each
  combination of kinds, with the kind in its id (``filter.trim@none``). ``samples`` replaces a kind's own values, and
  ``base`` adds the feature without a kind, tried on words.

``bare`` probes are rendered as they are; all others inside a guard (see :mod:`portable_tpl.probing`). ``tier`` is the
mildest tier of conversations that holds such values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from portable_tpl.model.conversation import Tier

DATA = Path(__file__).parent / "data"
_BASE_KIND = "word"


@dataclass(frozen=True)
class Probe:
    """One template with what it is rendered with; ``variables`` are JSON data.

    ``setup`` is the part of the template that only makes a value; what fails there says nothing about the feature.
    """

    template: str
    variables: Mapping[str, Any]
    tier: Tier
    bare: bool
    setup: str = ""


@dataclass(frozen=True)
class Feature:
    """One construct that an engine may or may not carry out as the reference does."""

    id: str
    title: str
    group: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True)
class _Value:
    """A value to try: JSON data, or the statement that makes it (``$`` stands for its name)."""

    tier: Tier
    data: Any = None
    setup: str | None = None
    absent: bool = False


@dataclass(frozen=True)
class _Kinds:
    """The kinds of values that features are probed with, their groups and titles."""

    groups: Mapping[str, Sequence[str]]
    titles: Mapping[str, str]
    values: Mapping[str, tuple[_Value, ...]]

    def spread(self, names: Sequence[str]) -> tuple[str, ...]:
        """The kinds that some names of kinds and groups stand for, each once."""
        out: dict[str, None] = {}
        for name in names:
            inner = self.groups.get(name)
            # A group may have the name of one of its kinds: `list` is a full one and, as a group, an empty one too.
            if inner is None:
                out[name] = None
            else:
                for part in inner:
                    out.update(dict.fromkeys((part,) if part == name else self.spread((part,))))
        return tuple(out)


@lru_cache(maxsize=1)
def load_features() -> Mapping[str, Feature]:
    """All features by id, in the order of the files."""
    kinds = _kinds()
    out: dict[str, Feature] = {}
    for path in sorted((DATA / "features").glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        for entry in data["features"]:
            for feature in _spread(entry, data["group"], kinds):
                if feature.id in out:
                    raise ValueError(f"{path.name}: the feature {feature.id} is there twice")
                out[feature.id] = feature
    return out


def probes_digest() -> str:
    """What a measurement depends on, in short: the probes, and what the reference answers."""
    digest = hashlib.sha256()
    for path in (*sorted((DATA / "features").glob("*.json")), DATA / "kinds.json", DATA / "reference.json"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def _kinds() -> _Kinds:
    data = json.loads((DATA / "kinds.json").read_text("utf-8"))
    titles = {name: kind["title"] for name, kind in data["kinds"].items()}
    values = {name: tuple(_kind_values(kind)) for name, kind in data["kinds"].items()}
    return _Kinds(data["groups"], titles, values)


def kind_values(kind: str, tier: Tier) -> list[tuple[bool, Any]]:
    """The sample values of a kind in conversations of a tier, the milder ones first, as JSON data.

    Each with whether it is no value at all but the absence of one. A kind that no conversation holds has none.
    """
    values = _kinds().values.get(kind, ())
    return [(each.absent, each.data) for each in values if each.setup is None and each.tier.rank <= tier.rank]


def _kind_values(kind: Mapping[str, Any]) -> Iterator[_Value]:
    for text in kind.get("setup", ()):
        yield _Value(Tier.ORDINARY, setup=text)
    for tier in Tier:
        for sample in kind.get(tier.value, ()):
            absent = isinstance(sample, dict) and sample.get("$absent") is True
            yield _Value(tier, None if absent else sample, absent=absent)


def _spread(entry: Mapping[str, Any], group: str, kinds: _Kinds) -> Iterator[Feature]:
    matrix: Mapping[str, Sequence[str]] = entry.get("matrix", {})
    names = tuple(matrix)
    if entry.get("base"):
        values = dict.fromkeys(names, kinds.values[_BASE_KIND])
        title = entry["title"].format(**dict.fromkeys(names, "text"))
        yield Feature(entry["id"].partition("@")[0], title, group, tuple(_probes(entry, values)))
    for combination in product(*(kinds.spread(matrix[name]) for name in names)):
        chosen = dict(zip(names, combination, strict=True))
        samples = entry.get("samples", {})
        values = {
            name: tuple(_Value(Tier.ORDINARY, item) for item in samples[kind])
            if kind in samples
            else kinds.values[kind]
            for name, kind in chosen.items()
        }
        id_, title = entry["id"], entry["title"]
        for name, kind in chosen.items():
            id_ = id_.replace("{" + name + "}", kind)
            title = title.replace("{" + name + "}", kinds.titles[kind])
        yield Feature(id_, title, group, tuple(_probes(entry, values)))


def _probes(entry: Mapping[str, Any], values: Mapping[str, tuple[_Value, ...]]) -> Iterator[Probe]:
    least = Tier(entry.get("tier", Tier.ORDINARY.value))
    each = {name: tuple(_Value(least, item) for item in items) for name, items in entry.get("each", {}).items()}
    varied = {**values, **each}
    for text in entry["probes"]:
        for combination in product(*varied.values()):
            variables = dict(entry.get("context", {}))
            setup, tier = "", least
            for name, value in zip(varied, combination, strict=True):
                tier = max(tier, value.tier, key=lambda item: item.rank)
                if value.setup is not None:
                    setup += value.setup.replace("$", name)
                elif not value.absent:
                    variables[name] = value.data
            yield Probe(setup + text, variables, tier, bool(entry.get("bare")), setup)
