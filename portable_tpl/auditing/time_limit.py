"""An end to work in this process that takes too long: parsing, the inference of types, the rules."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from portable_tpl.model.errors import InputError

STATIC_SECONDS = 120.0  # that the static findings of one template may take
_AGAIN = 0.5  # seconds after which an exception that somebody swallowed is raised anew


class TooSlow(InputError):
    """A template costs more time than it may."""


@contextmanager
def time_limit(seconds: float | None, label: str) -> Iterator[None]:
    """Raise :class:`TooSlow` in the block once it has run for so many seconds of wall time.

    What nothing interrupts is one call into C (a regular expression, a huge number). Off the main thread, and where
    the system has no timers (Windows), the block is not limited: Python has no other way to end it.
    """
    if (
        seconds is None
        or not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"{label}: the template takes more than {seconds:g} s to analyse; nothing is said about it")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
