"""The release checks, found by being there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from portable_tpl.model.plugs import coded_plugs
from portable_tpl.release._base import Check

_EXAMINERS = ("examine", "examine_static", "examine_container")


@lru_cache(maxsize=1)
def checks() -> Mapping[str, Check]:
    """All release checks by code."""
    return coded_plugs("portable_tpl.release", Check, **{name: name for name in _EXAMINERS})
