"""What lies beside a container's templates: the tokenizer of their model, and GGUF files that were made from it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.sources._container import Container
from portable_tpl.sources._files import unreadable
from portable_tpl.sources.gguf_file import open_gguf, read_gguf_tokenizer
from portable_tpl.sources.tokenizer_files import read_tokenizer

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
# Q4_K_M, IQ2_XXS, TQ1_0, MXFP4, F16, BF16, FP8, after the marks of two well-known makers of them.
_ENCODING = re.compile(r"[-._](?:UD[-_]|i1[-_])?(?:[IT]?Q\d\w*|(?:MX)?FP\d\w*|B?F(?:16|32))$", re.IGNORECASE)


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
    """The GGUF files in a model's folder, or those after a GGUF file that hold the same model in another encoding.

    One without a template (a shard, a projector) is passed over.
    """
    folder = folder_of(container)
    if folder is None or container.kind not in ("model", "gguf"):
        return GgufFiles()
    try:
        names = sorted(name for name in os.listdir(folder or os.curdir) if name.endswith(".gguf"))
    except OSError as error:
        return GgufFiles(problems=(str(unreadable(folder, error)),))
    if container.kind == "gguf":
        own = os.path.basename(container.path)
        names = [name for name in names if name > own and _model_of(name) == _model_of(own)]
    problems: list[str] = []
    opened = [_opened(os.path.join(folder, name), problems) for name in names]
    return GgufFiles(tuple(each for each in opened if each is not None), tuple(problems))


def folder_of(container: Container) -> str | None:
    """The folder in which a model's files are; ``None`` where they are in none."""
    return os.path.dirname(container.path) if container.kind == "gguf" else container.home


def _model_of(name: str) -> str:
    """The name of the model in that of a GGUF file, without its encoding and the number of the part.

    Source: the naming convention of GGUF, ``<Name>-<Size>-<FineTune>-<Version>-<Encoding>-<Type>-<Shard>.gguf``.
    """
    return _ENCODING.sub("", _SHARD.sub("", name.removesuffix(".gguf"))).casefold()


def _opened(path: str, problems: list[str]) -> Container | None:
    try:
        return open_gguf(path)
    except NoTemplate:
        return None
    except SourceError as error:
        problems.append(f"{error} (it is left out)")
        return None
