"""Calls that wait for another process, made while this one goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_MOST = 16  # threads; each only waits for an engine's process


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST, thread_name_prefix="portable-tpl")


def in_background(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Callable[[], _T]:
    """Start a call; what is returned waits for its result, or raises what the call raised.

    What the call works on must bear to be used by several threads, as the engines in worker processes do.
    """
    return _threads().submit(call, *args, **kwargs).result
