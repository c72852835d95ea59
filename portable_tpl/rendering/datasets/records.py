"""Rows from files, in batches: JSON lines, plain or in gzip, and Parquet where pyarrow is there."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import InputError
from portable_tpl.sources._files import unreadable

_ROWS = 512
_BYTES = 1 << 20
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Batch:
    """Rows that lie together: texts of JSON, or objects; ``numbers`` are their lines (or rows) in the file, from 1.

    ``end`` is where the next batch begins: bytes of the plain text, and lines or rows. ``read`` is how many bytes of
    the file were read, for a progress bar.
    """

    rows: list[bytes | dict[str, Json]]
    numbers: list[int]
    end: tuple[int, int]
    read: int


@dataclass
class Records:
    """A file of rows that is open; iterate over :meth:`batches` once."""

    kind: str
    stream: IO[bytes]
    raw: IO[bytes]
    size: int | None

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[Batch]:
        """The rows from ``start`` on, the :attr:`Batch.end` of an earlier one; raises :class:`InputError`."""
        return _parquet_batches(self.raw, start[1]) if self.kind == "parquet" else self._line_batches(start)

    def _line_batches(self, start: tuple[int, int]) -> Iterator[Batch]:
        position, line = start
        if position:
            self.stream.seek(position)
        rows: list[bytes | dict[str, Json]] = []
        numbers: list[int] = []
        size = 0
        for text in self._lines():
            line += 1
            position += len(text)
            size += len(text)
            if line == 1 and text.startswith(_BOM):
                text = text[len(_BOM) :]
            if not text.isspace():
                rows.append(text)
                numbers.append(line)
            if len(rows) >= _ROWS or size >= _BYTES:
                yield Batch(rows, numbers, (position, line), self._read())
                rows, numbers, size = [], [], 0
        if rows:
            yield Batch(rows, numbers, (position, line), self._read())

    def _lines(self) -> Iterator[bytes]:
        try:
            yield from self.stream
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{getattr(self.raw, 'name', 'input')}: cannot be read: {error}") from None

    def _read(self) -> int:
        return self.raw.tell() if self.size is not None else 0


@contextmanager
def open_records(path: str, stdin: IO[bytes] | None = None) -> Iterator[Records]:
    """Open a file of rows, ``-`` for ``stdin``; its first bytes tell what it is. Raises :class:`InputError`."""
    if path == "-":
        assert stdin is not None
        yield _records(path, stdin, None)
        return
    try:
        raw = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise unreadable(path, error) from None
    with raw:
        yield _records(path, raw, os.fstat(raw.fileno()).st_size)


def _records(path: str, raw: IO[bytes], size: int | None) -> Records:
    buffered = raw if hasattr(raw, "peek") else io.BufferedReader(raw)  # type: ignore[type-var]
    try:
        head = buffered.peek(4)[:4]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if head.startswith(_GZIP):
        return Records("gzip", gzip.GzipFile(fileobj=buffered), buffered, size)  # type: ignore[arg-type]
    if head == _PARQUET:
        return Records("parquet", buffered, buffered, size)
    return Records("lines", buffered, buffered, size)


def _parquet_batches(raw: IO[bytes], start: int) -> Iterator[Batch]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError("reading Parquet needs pyarrow: pip install pyarrow") from None
    if not raw.seekable():
        raise InputError("a Parquet file cannot be read from a pipe; name the file")
    try:
        file: Any = parquet.ParquetFile(raw)
        number = 0
        for table in file.iter_batches(batch_size=_ROWS):
            rows = table.to_pylist()
            begin, number = number, number + len(rows)
            if number > start:
                skipped = max(0, start - begin)
                numbers = list(range(begin + skipped + 1, number + 1))
                yield Batch(rows[skipped:], numbers, (0, number), 0)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{getattr(raw, 'name', 'input')}: cannot be read: {' '.join(str(error).split())}") from None
