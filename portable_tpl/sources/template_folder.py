"""A folder of templates: every template file, model folder and GGUF file in it, however deep."""

from __future__ import annotations

import os
from collections.abc import Iterator

from portable_tpl.sources._files import unreadable
from portable_tpl.sources.jinja_file import SUFFIXES
from portable_tpl.sources.model_folder import is_model_folder

# Folders that hold other people's files, or no files for people at all.
_SKIPPED = ("node_modules", "__pycache__", "site-packages")


def paths_in(folder: str) -> Iterator[str]:
    """The containers in a folder, sorted: files by suffix, and subfolders that are a model's.

    Hidden folders, ``node_modules`` and the like are passed over, and symbolic links to folders are not followed.
    """
    try:
        entries = sorted(os.scandir(folder or os.curdir), key=lambda entry: entry.name)
    except OSError as error:
        raise unreadable(folder, error) from None
    for entry in entries:
        path = os.path.join(folder, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if is_model_folder(path):
                yield path
            else:
                yield from paths_in(path)
        elif entry.name.endswith((*SUFFIXES, ".gguf")) and not entry.is_dir():
            yield path
