"""The release checks, found by being there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from portable_tpl.release._base import Check

_PACKAGE = "portable_tpl.release"


@lru_cache(maxsize=1)
def checks() -> Mapping[str, Check]:
    """All release checks by code."""
    known: dict[str, Check] = {}
    for module in iter_modules(import_module(_PACKAGE).__path__):
        if module.name.startswith("_"):
            continue
        check = _load(module.name)
        if check.code in known:
            raise ValueError(f"two release checks have the code {check.code}")
        known[check.code] = check
    return MappingProxyType(dict(sorted(known.items())))


def find_check(name: str) -> Check | None:
    """The check with a code or name, in any case of letters."""
    wanted = name.strip().lower()
    return next((check for check in checks().values() if wanted in (check.code.lower(), check.name)), None)


def _load(module: str) -> Check:
    loaded: Any = import_module(f"{_PACKAGE}.{module}")
    docs = loaded.__doc__ or ""
    return Check(
        code=loaded.CODE,
        name=module.replace("_", "-"),
        title=docs.partition("\n")[0].rstrip("."),
        docs=docs,
        valid=tuple(loaded.VALID),
        invalid=tuple(loaded.INVALID),
        examine=getattr(loaded, "examine", None),
        examine_static=getattr(loaded, "examine_static", None),
        examine_container=getattr(loaded, "examine_container", None),
    )
