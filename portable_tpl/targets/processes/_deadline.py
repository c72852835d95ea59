"""The time that one template may take in all, shared by every engine that is asked about it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from portable_tpl.model.rendering import Failed


class Deadline:
    """A moment after which nothing more is asked for; results that it cuts short depend on the machine.

    ``seconds``: wall time from now on (``None``: for ever).
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    def out(self) -> bool:
        """Whether the time is used up."""
        return self._end is not None and time.monotonic() > self._end

    @property
    def failure(self) -> Failed:
        """What stands for a rendering that the time did not suffice for."""
        return Failed("untried", f"not tried: the {self._seconds or 0:g} s for this template are used up")


@runtime_checkable
class Timed(Protocol):
    """An engine, or several, that stop at a deadline."""

    deadline: Deadline | None


def share(deadline: Deadline, engines: Iterable[object]) -> None:
    """Give engines one deadline, all those that can have one."""
    for engine in engines:
        if isinstance(engine, Timed):
            engine.deadline = deadline
