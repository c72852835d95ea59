"""Which rules and release checks are meant by codes, prefixes of codes, and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from portable_tpl.checking.registry import release_names, rules
from portable_tpl.model.errors import InputError
from portable_tpl.model.words import did_you_mean


def codes_of(subject: str) -> frozenset[str]:
    """The codes that one code, prefix (``PTL3`` or ``PTL3xx``) or name stands for; empty where there is none."""
    wanted = subject.strip()
    code = wanted.upper()
    known = _names()
    if code in known:
        return frozenset((code,))
    prefix = code.rstrip("X")
    if prefix.startswith(("PTL", "REL")):
        return frozenset(each for each in known if each.startswith(prefix))
    if prefix == "ALL":
        return frozenset(known)
    name = wanted.lower()
    return frozenset(each for each, known_name in known.items() if known_name == name)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """Every code that can be selected, with its name."""
    return {**{code: rule.name for code, rule in rules().items()}, **release_names()}


def chosen_codes(select: Collection[str], ignore: Collection[str]) -> frozenset[str] | None:
    """The codes that a selection leaves; ``None`` where it leaves all.

    Where a rule is selected and ignored, the longer of the two subjects decides (``select=PTL305, ignore=PTL3``); of
    equal ones ``ignore`` does. Raises :class:`InputError` for a subject that is no rule.
    """
    if not select and not ignore:
        return None
    wanted, unwanted = _by_code(select), _by_code(ignore)
    every: Collection[str] = wanted if select else _names()
    return frozenset(code for code in every if unwanted.get(code, -1) < wanted.get(code, 0))


def _by_code(subjects: Collection[str]) -> Mapping[str, int]:
    """For each code, how closely the closest subject names it."""
    closeness: dict[str, int] = {}
    for subject in subjects:
        codes = codes_of(subject)
        if not codes:
            raise InputError(unknown_subject(subject))
        for code in codes:
            closeness[code] = max(closeness.get(code, 0), 1000 - len(codes))
    return closeness


def unknown_subject(subject: str) -> str:
    """What to say of a subject that is no rule, with what may have been meant."""
    names = (name for pair in _names().items() for name in pair)
    hint = did_you_mean(subject.strip(), names, 2, "codes look like PTL101, families like PTL1")
    return f"no rule is called {subject!r}{hint}"
