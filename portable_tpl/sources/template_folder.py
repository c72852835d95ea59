"""A folder of templates: every template file, model folder and GGUF file in it, however deep."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from portable_tpl.model.errors import SourceError
from portable_tpl.sources._files import unreadable
from portable_tpl.sources.jinja_file import SUFFIXES
from portable_tpl.sources.model_folder import is_model_folder

# Folders that hold other people's files, or no files for people at all.
_SKIPPED = ("node_modules", "__pycache__", "site-packages")


def paths_in(folder: str, on_error: Callable[[SourceError], None] | None = None) -> Iterator[str]:
    """The containers in a folder, sorted: files by suffix, and subfolders that are a model's.

    Hidden folders, ``node_modules`` and the like are passed over, and symbolic links to folders are not followed.
    Where ``on_error`` is given it gets what is wrong with a subfolder, and the rest goes on.
    """
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path != folder and not path.endswith(os.sep):
            yield path
            continue
        try:
            inside = list(_inside(path, path == folder))
        except SourceError as error:
            if on_error is None or path == folder:
                raise
            on_error(error)
            continue
        waiting += reversed(inside)


def _inside(folder: str, is_root: bool) -> Iterator[str]:
    """What a folder holds, sorted: containers, and subfolders to look into, which end in a slash."""
    plain = folder if is_root else folder.rstrip(os.sep)
    try:
        with os.scandir(plain or os.curdir) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise unreadable(plain, error) from None
    for entry in entries:
        path = os.path.join(plain, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                yield path if _is_model(path) else os.path.join(path, "")
        elif entry.name.endswith((*SUFFIXES, ".gguf")) and not os.path.isdir(path):
            yield path


def _is_model(folder: str) -> bool:
    try:
        return is_model_folder(folder)
    except SourceError:
        return False  # looking into it says why
