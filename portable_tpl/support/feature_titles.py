"""What a feature is called in the middle of a sentence; of thousands, without making the probes of any."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from portable_tpl.support.features import DATA

_CODE = re.compile(r"(?:str|dict|list)\.\w+\((?:[^()']|'[^']*')*\)|\{%.*?%\}")
_FILTER = re.compile(r"\w+(?:\((?:[^()']|'[^']*')*\))?")


class _Entry(NamedTuple):
    """An entry of the list: the kinds behind the ``@`` of its id, a name in braces where any of some may stand."""

    kinds: tuple[str, ...]
    title: str

    def title_with(self, given: Sequence[str]) -> str | None:
        """The title for some kinds; ``None`` where the entry is not about them."""
        if len(given) != len(self.kinds):
            return None
        title, titles = self.title, _kind_titles()
        for name, kind in zip(self.kinds, given, strict=True):
            if name == kind:
                continue
            if name[0] != "{" or kind not in titles:
                return None
            if name in title:
                title = title.replace(name, titles[kind])
            elif title.startswith("str."):  # methods are called by what they are, whatever they are called of
                title = f"{title} of {titles[kind]}"
        return title


@lru_cache(maxsize=256)
def feature_title(feature: str) -> str | None:
    """The title with what is code in backticks: "`|upper` of none"; ``None`` for what is not in the list."""
    family, at, kinds = feature.partition("@")
    given = tuple(kinds.split(",")) if at else ()
    titles = (entry.title_with(given) for entry in _entries().get(family, ()))
    title = next((title for title in titles if title is not None), None)
    if title is None:
        return None
    if family.startswith("filter."):
        title = _FILTER.sub(lambda code: f"`|{code[0]}`", title, count=1)
    else:
        title = _CODE.sub(lambda code: f"`{code[0]}`", title, count=1)
    return title.removesuffix(".").replace("for over", "a loop over")


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, Sequence[_Entry]]:
    """The entries by what stands before the ``@``; those that name most of their kinds come first."""
    out: dict[str, list[_Entry]] = {}
    for path in sorted((DATA / "features").glob("*.json")):
        for entry in json.loads(path.read_text("utf-8"))["features"]:
            family, at, kinds = entry["id"].partition("@")
            same = out.setdefault(family, [])
            same.append(_Entry(tuple(kinds.split(",")) if at else (), entry["title"]))
            if entry.get("base"):
                same.append(_Entry((), entry["title"].format(**dict.fromkeys(entry["matrix"], "text"))))
    for entries in out.values():
        entries.sort(key=lambda entry: sum(kind[0] == "{" for kind in entry.kinds))
    return out


@lru_cache(maxsize=1)
def _kind_titles() -> Mapping[str, str]:
    kinds = json.loads((DATA / "kinds.json").read_text("utf-8"))["kinds"]
    titles = {name: kind["title"] for name, kind in kinds.items()}
    # What breaks for letters of English breaks for those of all, unless another finding says so; and what lacks a
    # value is mostly a key.
    return {**titles, "plain": "text", "word": "a word", "undefined": "an undefined value"}
