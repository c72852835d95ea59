"""A GGUF model file: its metadata is read, its tensors never.

The format is that of ggml's docs/gguf.md, versions 2 and 3, in either byte order. It is read here and not through the
``gguf`` package because that one needs numpy, maps every tensor and refuses types newer than itself, and none of it
matters for a template.

A template is changed by copying the file with another string in its metadata. The tensors' offsets count from the
start of the tensor data, which is aligned, so besides the string only the padding in front of that data changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Literal

from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.sources._container import Container, Slot, SpecialTokens, Splice, assemble
from portable_tpl.sources._files import expect_no_wait, unreadable

MAGIC = b"GGUF"
_KEY = "tokenizer.chat_template"
_CHUNK = 1 << 20
_BOOL, _STRING, _ARRAY = 7, 8, 9
# Bytes of a value by GGUF's type number; strings and arrays have no fixed size.
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
# GGUF's names of token ids and transformers' names of those tokens; "seperator" is GGUF's spelling.
_TOKENS = {
    "bos_token": "tokenizer.ggml.bos_token_id",
    "eos_token": "tokenizer.ggml.eos_token_id",
    "unk_token": "tokenizer.ggml.unknown_token_id",
    "sep_token": "tokenizer.ggml.seperator_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
    "cls_token": "tokenizer.ggml.cls_token_id",
    "mask_token": "tokenizer.ggml.mask_token_id",
}
_VOCABULARY = "tokenizer.ggml.tokens"
_TOKEN_TYPES = "tokenizer.ggml.token_type"
# Types of a token that llama.cpp cuts out of a text whole: unknown, control, user-defined.
_CUT_OUT, _CONTROL = (2, 3, 4), 3
# Where llama.cpp ends a generation, besides the end of text.
# Programs that load the file end at each of them.
_STOPS = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id")
_ALIGNMENT = "general.alignment"
ByteOrder = Literal["little", "big"]
# Far above any template and any vocabulary.
_LONGEST_STRING = 64 << 20
_MOST_ITEMS = 8 << 20
_LARGEST_ALIGNMENT = 1 << 20


class _MalformedError(Exception):
    """The bytes are not GGUF's, or stop too early."""


@dataclass
class _Reader:
    """A cursor over the metadata of a GGUF file."""

    stream: IO[bytes]
    size: int
    order: ByteOrder = "little"

    def take(self, count: int) -> bytes:
        if count > self.size - self.stream.tell():
            raise _MalformedError("it stops in the middle of its metadata")
        return self.stream.read(count)

    def skip(self, count: int) -> None:
        if count > self.size - self.stream.tell():
            raise _MalformedError("it stops in the middle of its metadata")
        self.stream.seek(count, os.SEEK_CUR)

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), self.order)

    def string(self) -> bytes:
        length = self.number(8)
        if length > _LONGEST_STRING and length <= self.size:
            raise _MalformedError(f"a string in its metadata has {length} bytes")
        return self.take(length)

    def count(self) -> int:
        """The number of an array's items, each of which costs time."""
        number = self.number(8)
        if number > _MOST_ITEMS and number <= self.size:
            raise _MalformedError(f"an array in its metadata has {number} items")
        return number


@dataclass
class _Metadata:
    """What matters of a GGUF file's metadata; ``templates`` are (key, start, end) with the length field included."""

    templates: list[tuple[str, int, int, bytes]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    vocabulary: list[bytes] = field(default_factory=list)
    token_types: list[int] = field(default_factory=list)
    end: int = 0


def _read_metadata(reader: _Reader) -> _Metadata:
    if reader.take(4) != MAGIC:
        raise _MalformedError("it does not begin with GGUF")
    version = reader.take(4)
    # A version is small, so the byte that is not zero tells the byte order.
    reader.order = "big" if version[0] == 0 else "little"
    if int.from_bytes(version, reader.order) not in (2, 3):
        raise _MalformedError(f"version {int.from_bytes(version, reader.order)} is not 2 or 3")
    tensors, pairs = reader.number(8), reader.number(8)
    metadata = _Metadata()
    for _ in range(pairs):
        key = reader.string().decode("utf-8", "replace")
        _read_value(reader, key, reader.number(4), metadata)
    for _ in range(tensors):
        reader.skip(reader.number(8))
        reader.skip(reader.number(4) * 8 + 4 + 8)
    metadata.end = reader.stream.tell()
    alignment = metadata.numbers.get(_ALIGNMENT, 32)
    if not 0 < alignment <= _LARGEST_ALIGNMENT or alignment & (alignment - 1):
        raise _MalformedError(f"its alignment is {alignment}, which is not a power of two up to {_LARGEST_ALIGNMENT}")
    return metadata


def _read_value(reader: _Reader, key: str, kind: int, metadata: _Metadata) -> None:
    if key == _KEY and kind != _STRING:
        raise _MalformedError(f"the key {key!r} has the type {kind}, not that of text")
    if kind == _STRING:
        start = reader.stream.tell()
        value = reader.string()
        if key == _KEY or key.startswith(_KEY + "."):
            metadata.templates.append((key, start, reader.stream.tell(), value))
    elif kind == _ARRAY:
        if key == _TOKEN_TYPES:
            _read_numbers(reader, metadata.token_types)
        else:
            _read_array(reader, metadata.vocabulary if key == _VOCABULARY else None)
    elif kind == _BOOL:
        metadata.flags[key] = reader.number(1) != 0
    elif kind in (4, 10):
        metadata.numbers[key] = reader.number(_SIZES[kind])
    elif kind in _SIZES:
        reader.skip(_SIZES[kind])
    else:
        raise _MalformedError(f"the key {key!r} has the unknown type {kind}")


def _read_array(reader: _Reader, keep: list[bytes] | None, depth: int = 0) -> None:
    kind, count = reader.number(4), reader.number(8)
    if kind in _SIZES:
        reader.skip(_SIZES[kind] * count)
        return
    if kind not in (_STRING, _ARRAY) or depth > 4:
        raise _MalformedError(f"an array has the unknown type {kind}")
    if count > _MOST_ITEMS and count <= reader.size:
        raise _MalformedError(f"an array in its metadata has {count} items")
    for _ in range(count):
        if kind == _ARRAY:
            _read_array(reader, None, depth + 1)
        elif keep is None:
            reader.skip(reader.number(8))
        else:
            keep.append(reader.string())


def _read_numbers(reader: _Reader, keep: list[int]) -> None:
    kind, count = reader.number(4), reader.count()
    if kind not in _SIZES:
        raise _MalformedError(f"an array of numbers has the type {kind}")
    data = reader.take(_SIZES[kind] * count)
    keep += [int.from_bytes(data[at : at + _SIZES[kind]], reader.order) for at in range(0, len(data), _SIZES[kind])]


@dataclass(frozen=True)
class GgufDocument:
    """A GGUF file; offsets of splices are bytes, from a string's length field to the string's end."""

    path: str
    metadata_end: int
    alignment: int
    order: ByteOrder
    stamp: tuple[int, int]
    kind: str = "gguf"

    def spliced(self, splices: Sequence[Splice]) -> Iterator[bytes]:
        """The file's bytes with strings of the metadata replaced and the tensor data aligned anew."""
        with open(self.path, "rb") as stream:
            moved = 0
            position = 0
            for start, end, text in sorted(splices):
                value = text.encode("utf-8")
                yield from _range(stream, position, start)
                yield len(value).to_bytes(8, self.order) + value
                moved += 8 + len(value) - (end - start)
                position = end
            yield from _range(stream, position, self.metadata_end)
            old_padding = -self.metadata_end % self.alignment
            data = min(self.metadata_end + old_padding, self.stamp[0])
            if data > self.metadata_end or self.stamp[0] > data:
                yield bytes(-(self.metadata_end + moved) % self.alignment)
            yield from _range(stream, data, self.stamp[0])

    def is_current(self) -> bool:
        """Whether the file's size and time are still those of the reading; it may be too large to compare."""
        try:
            return _stamp(self.path) == self.stamp
        except OSError:
            return False


def _range(stream: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    stream.seek(start)
    while start < end:
        chunk = stream.read(min(_CHUNK, end - start))
        if not chunk:
            return
        start += len(chunk)
        yield chunk


def _stamp(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def open_gguf(path: str) -> Container:
    """Open a GGUF file; :class:`SourceError` where it is damaged or holds no template."""
    metadata, order, stamp = _metadata_of(path)
    if not metadata.templates:
        raise NoTemplate(f"{path}: no chat template in this GGUF file: the key {_KEY!r} is missing")
    document = GgufDocument(path, metadata.end, metadata.numbers.get(_ALIGNMENT, 32), order, stamp)
    slots = [_slot(path, document, *entry) for entry in metadata.templates]
    return assemble(path, "gguf", slots, replace(_special_tokens(metadata), home=path))


def _metadata_of(path: str) -> tuple[_Metadata, ByteOrder, tuple[int, int]]:
    expect_no_wait(path)
    try:
        stamp = _stamp(path)
        with open(path, "rb") as stream:
            reader = _Reader(stream, stamp[0])
            return _read_metadata(reader), reader.order, stamp
    except OSError as error:
        raise unreadable(path, error) from None
    except _MalformedError as error:
        raise SourceError(f"{path}: not a usable GGUF file: {error}") from None


def read_gguf_tokenizer(path: str) -> Tokenizer | None:
    """The tokenizer in a GGUF file, which holds the whole vocabulary; ``None`` where it has none.

    Without the types of its tokens it is not known which of them are cut out of a text. Raises :class:`SourceError`.
    """
    metadata, _, _ = _metadata_of(path)
    if not metadata.vocabulary:
        return None
    texts = [token.decode("utf-8", "replace") for token in metadata.vocabulary]
    ends = [metadata.numbers[key] for key in _STOPS if key in metadata.numbers]
    typed = zip(texts, metadata.token_types, strict=False)
    return Tokenizer(
        special=_special_tokens(metadata).texts,
        adds_bos=metadata.flags.get("tokenizer.ggml.add_bos_token"),
        adds_eos=metadata.flags.get("tokenizer.ggml.add_eos_token"),
        stops=tuple(texts[number] for number in ends if number < len(texts)),
        control={text: kind == _CONTROL for text, kind in typed if kind in _CUT_OUT},
        whole=len(metadata.token_types) == len(texts),
        files=(path,),
    )


def _slot(path: str, document: GgufDocument, key: str, start: int, end: int, value: bytes) -> Slot:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise SourceError(f"{path}: the value of {key!r} is not UTF-8 text") from None
    return Slot("default" if key == _KEY else key[len(_KEY) + 1 :], text, document, start, end)


def _special_tokens(metadata: _Metadata) -> SpecialTokens:
    texts = {}
    for name, key in _TOKENS.items():
        index = metadata.numbers.get(key)
        if index is not None and index < len(metadata.vocabulary):
            texts[name] = metadata.vocabulary[index].decode("utf-8", "replace")
    return SpecialTokens(texts, "" if texts else None)
