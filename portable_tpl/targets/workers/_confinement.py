"""A worker's view of the machine, made smaller where the kernel can do that (Linux, Landlock): read, and no network.

An engine that a template breaks out of finds files that it can read and not write, and no network. It is a second
wall and never required: where the kernel has no Landlock, everything works as it did. As a program,
``_confinement.py COMMAND…`` confines itself and becomes the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Sequence

# linux/landlock.h, and the numbers of its system calls, which are the same on every architecture.
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION = 1  # flag: tell the version of the interface
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
# Rights: write a file, remove and make entries of every kind; since version 2 link between folders, since 3 truncate.
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_WRITES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13
_TCP = 3  # bind and connect, since version 4
_SCOPES = 3  # abstract sockets and signals to processes outside, since version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def landlock_version() -> int:
    """The version of Landlock that this kernel has; 0 where it has none."""
    if sys.platform != "linux":
        return 0
    with contextlib.suppress(OSError, AttributeError):
        return max(0, int(ctypes.CDLL(None).syscall(_CREATE, None, 0, _VERSION)))
    return 0


def confine(writable: Sequence[str] = (), network: bool = False) -> bool:
    """Let this thread, and those that it starts from now on, write nowhere but there; whether that could be done.

    ``network``: leave TCP as it is, for an engine that is itself reached through it.
    """
    version = landlock_version()
    if not version:
        return False
    rights = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(rights, _TCP if version >= 4 and not network else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    libc = ctypes.CDLL(None, use_errno=True)
    ruleset = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        for path in writable:
            with contextlib.suppress(OSError):  # a rule is about what is there
                os.makedirs(path, exist_ok=True)
        for path in (os.devnull, *writable):
            _allow(libc, ruleset, path, rights)
        done: bool = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.syscall(_RESTRICT, ruleset, 0) == 0
        return done
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Allow writing in a folder, or to a device."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be written
    try:
        allowed = rights if os.path.isdir(path) else rights & (_WRITE_FILE | _TRUNCATE)
        rule = _PathRule(allowed, descriptor)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])
