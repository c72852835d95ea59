"""Changes as patches: of the files as they are, for ``git apply`` and ``patch``; of the templates, for people.

A template that is a value in a JSON file makes a patch of the line that holds it, and a folder one a file. Facts of
the format: "The diff formats" in the manual of GNU diffutils, and git's own quoting of names (``git help config``,
``core.quotePath``).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence

from portable_tpl.model.source import Template
from portable_tpl.sources import Container, read_bytes

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b"}


def file_patch(container: Container, changes: Mapping[str, str]) -> tuple[str, list[str]]:
    """The patch of a container's files, and the files that are binary and so not in it.

    ``changes`` maps names of templates to their new texts. Raises :class:`SourceError` where the new text cannot be
    stored.
    """
    patches, binary = [], []
    for path, chunks in container.contents(changes).items():
        if any(slot.kind == "gguf" for slot in container.slots if slot.file == path):
            binary.append(path)
            continue
        before, after = read_bytes(path), b"".join(chunks)
        name = _name(os.path.relpath(path) if _is_below(path) else path)
        patches.append(_patch(_text(before), _text(after), name))
    return "".join(patches), binary


def template_patch(before: Template, after: str) -> str:
    """The change of a template's own text, as people read it, whatever file it stands in."""
    return _patch(before.text, after, before.label)


def _patch(before: str, after: str, name: str) -> str:
    old, new = f"a/{name}", f"b/{name}"
    if any(char in _ESCAPES or not char.isprintable() for char in name):
        old, new = _quoted(old), _quoted(new)
    elif " " in name:
        old, new = f"{old}\t", f"{new}\t"  # git takes a name with spaces as far as a tab
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new)
    return "".join(_ended(lines))


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> Sequence[str]:
    """The lines as `patch` counts them, line ends kept; str.splitlines knows more kinds of them."""
    parts = [f"{line}\n" for line in text.split("\n")]
    last = parts.pop()[:-1]
    return [*parts, last] if last else parts


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_below(path: str) -> bool:
    """Whether a path can be named from here without going up."""
    here, there = os.path.realpath(os.curdir), os.path.realpath(path)
    return os.path.commonpath([here, there]) == here and not os.path.relpath(path).startswith(os.pardir)


def _name(path: str) -> str:
    return path.replace(os.sep, "/").removeprefix("./").lstrip("/")


def _quoted(name: str) -> str:
    data = "".join(
        char if char.isprintable() and char.isascii() and char not in _ESCAPES else _ESCAPES.get(char) or _octal(char)
        for char in name
    )
    return f'"{data}"'


def _octal(char: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
