"""What lies beside a container's templates: the tokenizer of their model, and GGUF files that were made from it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.sources._container import Container
from portable_tpl.sources._files import unreadable
from portable_tpl.sources.gguf_file import open_gguf, read_gguf_tokenizer
from portable_tpl.sources.tokenizer_files import read_tokenizer


@dataclass(frozen=True)
class GgufFiles:
    """The GGUF files of a folder that hold templates, and a line for each that cannot be read."""

    containers: tuple[Container, ...] = ()
    problems: tuple[str, ...] = ()


def tokenizer_of(container: Container) -> Tokenizer | None:
    """What the files say about the model's tokens; ``None`` where none of them does."""
    home = container.home
    if home is None:
        return None
    return read_tokenizer(home) if os.path.isdir(home or os.curdir) else read_gguf_tokenizer(home)


def ggufs_beside(container: Container) -> GgufFiles:
    """The GGUF files in a model's folder; one without a template (a shard, a projector) is passed over."""
    if container.kind != "model" or container.home is None:
        return GgufFiles()
    folder = container.home
    try:
        names = sorted(name for name in os.listdir(folder or os.curdir) if name.endswith(".gguf"))
    except OSError as error:
        return GgufFiles(problems=(str(unreadable(folder, error)),))
    problems: list[str] = []
    opened = [_opened(os.path.join(folder, name), problems) for name in names]
    return GgufFiles(tuple(each for each in opened if each is not None), tuple(problems))


def _opened(path: str, problems: list[str]) -> Container | None:
    try:
        return open_gguf(path)
    except NoTemplate:
        return None
    except SourceError as error:
        problems.append(f"{error} (it is left out)")
        return None
