"""What the files of a model say about its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tokenizer:
    """The tokens of a model, as far as its files tell.

    ``special`` are its special tokens by name (``bos_token``). ``adds_bos`` and ``adds_eos`` are what the files say
    about tokens that the tokenizer adds by itself, ``None`` where they say nothing. ``stops`` are the texts of the
    tokens at which the files say that generation ends, none where they do not; ``unnamed_stops`` those whose text no
    file tells, by id. ``control`` has, by text, whether each token that is cut out of a text as a whole is marked as
    special; ``whole`` says that no such token is missing from it. ``files`` are those that were read, ``problems`` a
    line for each that could not be.
    """

    special: Mapping[str, str] = field(default_factory=dict)
    adds_bos: bool | None = None
    adds_eos: bool | None = None
    stops: tuple[str, ...] = ()
    unnamed_stops: tuple[int, ...] = ()
    control: Mapping[str, bool] = field(default_factory=dict)
    whole: bool = False
    files: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
