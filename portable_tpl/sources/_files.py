"""Read whole files with clear errors, and replace them whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from itertools import count
from platform import node
from typing import IO

from portable_tpl.model.errors import SourceError

# Far above any template (the largest known is 100 KB) and any tokenizer_config.json (some reach 10 MB); a file
# above it is a model or a data set named by mistake, and would only fill the memory.
_MAX_BYTES = 64 * 1024 * 1024

_DESCRIPTOR = re.compile(r"/dev/(?:fd/(\d{1,6})|stdout)")
_TYPED = ("/dev/", "/proc/self/fd/")
_TEMPORARY = re.compile(r"\.portable-tpl-([0-9a-f]{8})-(\d+)-\d+\.tmp")


def read_bytes(path: str) -> bytes:
    """All bytes of a file, or of a pipe as a shell makes it; raises :class:`SourceError` where that cannot be."""
    expect_no_wait(path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:  # a NUL character in the path
        raise SourceError(f"{path!r}: not a path that can exist") from None
    if len(data) > _MAX_BYTES:
        raise SourceError(
            f"{path}: larger than {_MAX_BYTES >> 20} MB, so not a template; name the template's own file"
        )
    return data


def expect_no_wait(path: str) -> None:
    """Raise :class:`SourceError` for what may keep a reader waiting for ever: a named pipe, a device, a socket.

    What a shell offers as a path (``<(command)``, ``/dev/stdin``) is taken: the user has typed it.
    """
    if path.startswith(_TYPED):
        return
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # opening it says why
    for test, name in ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket")):
        if test(mode):
            raise SourceError(f"{path}: {name}, not a file; pipe what it holds into `-`")
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise SourceError(f"{path}: a device, not a file")


def unreadable(path: str, error: OSError) -> SourceError:
    """The exception for a path that the system would not read."""
    if isinstance(error, FileNotFoundError):
        return SourceError(f"{path}: no such file or folder")
    if isinstance(error, PermissionError):
        return SourceError(f"{path}: permission denied; make it readable for this user")
    return SourceError(f"{path}: cannot be read: {error.strerror or error}")


def decode(data: bytes, where: str) -> str:
    """The text of a template file: UTF-8, byte order mark and newlines kept, as transformers reads it.

    Raises :class:`SourceError` for an empty or a binary file.
    """
    if not data:
        raise SourceError(f"{where}: the file is empty; a template or a JSON file that holds one is expected")
    if b"\x00" in data:
        raise SourceError(f"{where}: a binary file (it holds NUL bytes), not a template in UTF-8 text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{where}: not UTF-8 text (byte 0x{data[error.start]:02x} at offset {error.start}); "
            "name a template, or save it as UTF-8"
        ) from None


def read_text(path: str) -> str:
    """The text of a file; see :func:`read_bytes` and :func:`decode` for what it raises."""
    return decode(read_bytes(path), path)


def read_input(path: str) -> str:
    """The text of a file that is no template (conversations, tools): of any size, a byte order mark dropped."""
    expect_no_wait(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 text (at offset {error.start}); save it as UTF-8") from None


def replace_files(contents: Mapping[str, Iterable[bytes]]) -> None:
    """Write files so that each is either as before or complete.

    All new contents are first written beside their targets; only when every one is safe on disk do they take their
    names. Symbolic links stay and what they point at is replaced; owner, group and permission bits stay. What an
    earlier run that was killed left in the folder is removed. Raises :class:`SourceError`, with nothing changed,
    where a file or its folder cannot be written, or its owner would not stay.
    """
    ready: list[tuple[str, str]] = []
    try:
        for path, chunks in contents.items():
            target = os.path.realpath(path)
            if path.startswith(_TYPED) or (os.path.lexists(target) and not os.path.isfile(target)):
                _write_through(path, target, chunks)
            else:
                ready.append((_write_beside(path, target, chunks), target))
        while ready:
            temporary, target = ready[0]
            os.replace(temporary, target)
            ready.pop(0)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{error.filename or 'output'}: cannot be written: {reason}") from None
    finally:
        for temporary, _ in ready:
            _remove(temporary)


def _write_beside(path: str, target: str, chunks: Iterable[bytes]) -> str:
    """Write the chunks to a new file in the target's folder, with the target's permissions; its name."""
    exists = os.path.exists(target)
    if exists and not os.access(target, os.W_OK):
        raise SourceError(f"{path}: read-only; make it writable, or write the result elsewhere")
    folder = os.path.dirname(target)
    _remove_leftovers(folder)
    temporary = os.path.join(folder, f".portable-tpl-{_machine()}-{os.getpid()}-{next(_numbers)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if exists:
            _adopt(path, temporary, os.stat(target))
    except OSError as error:  # the disc is full, for one
        _remove(temporary)
        raise SourceError(f"{path}: cannot be written: {error.strerror or error}") from None
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _adopt(path: str, temporary: str, old: os.stat_result) -> None:
    """Give a new file the owner, group and permission bits of the one that it replaces."""
    new = os.stat(temporary)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except OSError:
            raise SourceError(
                f"{path}: belongs to another user or group, whose it would not stay; "
                "run as that user, or write the result elsewhere"
            ) from None
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


_numbers = count()


def _machine() -> str:
    """This machine's name, hashed: a folder may be shared with others, whose processes are not known here."""
    return sha256(node().encode("utf-8", "replace")).hexdigest()[:8]


def _remove_leftovers(folder: str) -> None:
    """Remove temporary files of this program whose process was killed."""
    with suppress(OSError):
        for name in os.listdir(folder or os.curdir):
            match = _TEMPORARY.fullmatch(name)
            if match and match[1] == _machine() and not _is_alive(int(match[2])):
                _remove(os.path.join(folder, name))


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # asking would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _write_through(path: str, target: str, chunks: Iterable[bytes]) -> None:
    """Write to something that is no regular file (a terminal, a pipe): there is nothing to replace."""
    if os.path.isdir(target):
        raise SourceError(f"{path}: is a folder; name a file")
    with _stream(path, target) as stream:
        for chunk in chunks:
            stream.write(chunk)


def _stream(path: str, target: str) -> IO[bytes]:
    """What a path names that is no file to replace; one that is open already goes on where it is."""
    number = _DESCRIPTOR.fullmatch(path)
    if number is None:
        return open(path if path.startswith(_TYPED) else target, "wb")
    return os.fdopen(os.dup(int(number[1] or "1")), "wb")


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
