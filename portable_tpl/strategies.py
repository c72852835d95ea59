"""Hypothesis strategies that are shaped by a template, for this package's own runs and for anybody's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_tpl.generation.api import conversations

__all__ = ["conversations"]


def __getattr__(name: str) -> object:
    if name != "conversations":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from portable_tpl.generation.api import conversations

    return conversations
