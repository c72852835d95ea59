"""Template files of every kind, in and out: the only code of the package that reads or writes them.

One module a kind of container; :func:`open_container` tells which one a path is.

In: a path or a hub id. Out: a container with its templates; given a changed one, the file with all other bytes as
they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, TypeVar

from portable_tpl.model.errors import NoTemplate, SourceError, described
from portable_tpl.sources._container import Conflict, Container, Slot
from portable_tpl.sources._files import read_bytes, read_input, read_text, replace_files, unreadable

__all__ = [
    "Conflict",
    "Container",
    "Slot",
    "discover",
    "open_container",
    "read_bytes",
    "read_input",
    "read_text",
    "replace_files",
]

_T = TypeVar("_T")

# Endings by which a path that does not exist is surely a file and no hub id.
_FILE_ENDINGS = (".jinja", ".jinja2", ".j2", ".json", ".jsonl", ".gguf", ".txt", ".md", ".toml", ".yaml", ".html")


def open_container(path: str, stdin: IO[bytes] | None = None) -> Container:
    """Open what a path names; see ``PATH`` in the contract.

    ``-`` is standard input, or ``stdin`` where given. A path that exists here wins over a hub id. Raises
    :class:`SourceError`, in one line, where there is no template to be had.
    """
    paths = _expand(path)
    if len(paths) > 1:
        raise SourceError(f"{path}: holds {len(paths)} templates ({paths[0]}, …); name one of them")
    return _open_one(paths[0], stdin)


def discover(paths: Sequence[str], on_error: Callable[[SourceError], None] | None = None) -> list[Container]:
    """Open all that the paths name; a folder of templates gives one container for each file in it.

    A container named twice is opened once, and a file of a folder that is there for other things (a shard of a GGUF
    file, a projector) is passed over where the folder has templates. Where ``on_error`` is given it gets each
    :class:`SourceError` and the rest is opened all the same; else the first one is raised.
    """
    containers: dict[str, Container] = {}
    for path in paths:
        try:
            expanded = _guarded(path, partial(_expand, path, on_error))
        except SourceError as error:
            _report(error, on_error)
            continue
        without: list[NoTemplate] = []
        for each in expanded:
            key = os.path.normpath(each) if os.path.exists(each) else each
            if key in containers:
                continue
            try:
                containers[key] = _guarded(each, partial(_open_one, each))
            except SourceError as error:
                if isinstance(error, NoTemplate) and each.endswith(".gguf"):
                    without.append(error)
                else:
                    _report(error, on_error)
        if without and len(without) == len(expanded):
            _report(without[0], on_error)
    return list(containers.values())


def _report(error: SourceError, on_error: Callable[[SourceError], None] | None) -> None:
    if on_error is None:
        raise error
    on_error(error)


def _guarded(path: str, work: Callable[[], _T]) -> _T:
    """The work on one path; what no reader has a word for is that path's error, and the others go on."""
    try:
        return work()
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise SourceError(f"{path}: cannot be read: {described(error)}") from None


def _expand(path: str, on_error: Callable[[SourceError], None] | None = None) -> list[str]:
    """The containers a path stands for: itself, unless it is a folder of templates."""
    if not path:
        raise SourceError("an empty path; name a template file, a folder or a hub id")
    if path == "-" or not os.path.isdir(path):
        return [path]
    from portable_tpl.sources import model_folder, template_folder

    if model_folder.is_model_folder(path):
        return [path]
    inside = list(template_folder.paths_in(path, on_error))
    if not inside:
        model_folder.expect_readable(path)
        raise NoTemplate(f"{path}: no template in this folder (looked for *.jinja, *.gguf and a model's files)")
    return inside


def _open_one(path: str, stdin: IO[bytes] | None = None) -> Container:
    if path == "-":
        from portable_tpl.sources.standard_input import open_stdin

        return open_stdin(stdin)
    if os.path.isdir(path):
        from portable_tpl.sources.model_folder import require_model

        return require_model(path)
    if not os.path.exists(path):
        return _open_missing(path)
    if path.endswith(".json"):
        return _open_json(path)
    if path.endswith(".gguf") or _starts_as_gguf(path):
        from portable_tpl.sources.gguf_file import open_gguf

        return open_gguf(path)
    from portable_tpl.sources.jinja_file import open_jinja
    from portable_tpl.sources.special_tokens import near

    return open_jinja(path, near(path))


def _open_json(path: str) -> Container:
    from portable_tpl.sources import json_file, special_tokens

    text, data = json_file.read(path)
    if os.path.basename(path) == special_tokens.CONFIG:
        tokens = special_tokens.beside(os.path.dirname(path), data)
    else:
        tokens = special_tokens.near(path)
    return json_file.open_json(path, text, data, tokens)


def _starts_as_gguf(path: str) -> bool:
    """Whether a regular file begins as GGUF does, whatever its name (a pipe can be read only once)."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as stream:
            return stream.read(4) == b"GGUF"
    except OSError:
        return False


def _open_missing(path: str) -> Container:
    """A path that does not exist is a hub id if it has the form of one, else an error."""
    first = path.partition("/")[0]
    if not path.endswith(_FILE_ENDINGS) and "/" in path and not os.path.isdir(first):
        from portable_tpl.sources.hub import is_hub_id, open_hub

        if is_hub_id(path):
            return open_hub(path)
    raise SourceError(f"{path}: no such file or folder")
