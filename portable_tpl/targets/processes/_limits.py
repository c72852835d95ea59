"""Facts about a worker process that the operating system keeps, and the limits that it can be given.

All of it is for Linux; elsewhere the functions answer that they know nothing, and the wall limit is what remains.
"""

from __future__ import annotations

import contextlib
import os
import sys

_MEGABYTE = 1 << 20
_LINUX = sys.platform == "linux"
# What allocators and run times say before they give up; matched in the last words of a process that died.
_OUT_OF_MEMORY = ("memory allocation of", "out of memory", "bad_alloc", "MemoryError", "Cannot allocate memory")


def resident(pid: int) -> int | None:
    """Resident memory in bytes."""
    return _statm(pid, 1)


def address_space(pid: int) -> int | None:
    """Size of the address space in bytes."""
    return _statm(pid, 0)


def limit_address_space(pid: int, megabytes: int) -> bool:
    """Allow the process ``megabytes`` more than it has mapped now; whether that could be done."""
    mapped = address_space(pid)
    if mapped is None or sys.platform != "linux":
        return False
    import resource

    size = mapped + megabytes * _MEGABYTE
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
    except (OSError, ValueError):
        return False
    return True


def end_with_writer(descriptor: int, group: int) -> None:
    """Have the system kill a process group once nobody can write to the pipe that ``descriptor`` reads from.

    The group must hold the reading end open, whatever it is busy with. The system keeps the request with the pipe and
    not with a process: the writing end closes when this process ends, however it does.
    """
    if sys.platform != "linux":
        return
    import fcntl
    import signal

    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, -group)
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_ASYNC)


def grant_cpu(pid: int, seconds: float) -> None:
    """Let the process use ``seconds`` more of processor time.

    The parent renews this while it waits. A worker that hangs while its parent is killed is ended by the system once
    it has used up the grant: nobody is left to end it.
    """
    if sys.platform != "linux":
        return
    import resource

    used = _cpu_seconds(pid)
    if used is None:
        return
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))
    except (OSError, ValueError):
        return


def says_out_of_memory(words: str) -> bool:
    """Whether the last words of a dead process speak of memory."""
    return any(sign in words for sign in _OUT_OF_MEMORY)


def _statm(pid: int, index: int) -> int | None:
    if not _LINUX:
        return None
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[index]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None


def _cpu_seconds(pid: int) -> float | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None
