"""What is done to a batch of rows: it can be sent to another process, or to another machine."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import ConversationError, PromptWarning, RenderError
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.prompts import Call, outcome_record, reason_of, render_calls, warm_runtime
from portable_tpl.rendering.rows import RowOptions, row_call, unused_columns
from portable_tpl.rendering.stepping import with_steps
from portable_tpl.targets.processes._base import REFERENCE

OnError = Literal["raise", "skip", "keep"]
# What came of a row: also why it stands for no call, and why its call gets no prompt.
_Answer: TypeAlias = Rendering | Exception

# What JSON has no form for (a date in a column of Parquet that is kept) is written as its text.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_encode_ascii = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode
_decode = json.JSONDecoder().decode


@dataclass(frozen=True)
class RowFailure:
    """A row without a prompt: its number in the batch from 0, why, and whether it could not even be read."""

    index: int
    reason: str
    unreadable: bool = False


@dataclass(frozen=True)
class BatchResult:
    """The output of one batch, as it goes into the file; what came to notice on the way.

    ``ended`` says that the last failure ended the batch, and is to end the run.
    """

    output: bytes
    rows: int
    failures: tuple[RowFailure, ...] = ()
    unused: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True)
class RenderJob:
    """The prompts of rows: call it with a batch of JSON lines, or of objects.

    ``on_error``: ``raise`` ends a batch at its first failure, ``skip`` leaves rows without a prompt out, ``keep``
    writes the error in the prompt's place. ``None`` keeps what templates refuse, and ends at what cannot be read.
    ``target`` and ``isolated`` choose an engine in a process of its own; ``steps`` are those of deployments.
    """

    chat: ChatTemplate
    name: str | None = None
    options: RowOptions = field(default_factory=RowOptions)
    on_error: OnError | None = None
    target: str = REFERENCE
    isolated: bool = False
    steps: tuple[str, ...] = ()

    def __call__(self, rows: Sequence[bytes | Mapping[str, Json]]) -> BatchResult:
        """Render a batch; never raises for what is in a row."""
        lines: list[bytes] = []
        failures: list[RowFailure] = []
        shapes: dict[tuple[str, ...], list[str]] = {}
        count = 0
        ended = False
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PromptWarning)
            for count, (kept, answer) in enumerate(self._answers(rows, shapes), 1):
                if isinstance(answer, Rendered):
                    lines.append(json_line({**kept, "prompt": answer.text}))
                    continue
                failure, record = _without_prompt(count - 1, answer)
                failures.append(failure)
                ended = self.on_error == "raise" or (self.on_error is None and failure.unreadable)
                if ended:
                    break
                if self.on_error != "skip":
                    lines.append(json_line({**kept, **record}))
        words = tuple(dict.fromkeys(str(one.message) for one in caught if issubclass(one.category, PromptWarning)))
        unused = frozenset(name for names in shapes.values() for name in names)
        return BatchResult(b"".join(lines), count, tuple(failures), unused, words, ended)

    def _answers(
        self, rows: Sequence[bytes | Mapping[str, Json]], shapes: dict[tuple[str, ...], list[str]]
    ) -> Iterator[tuple[Mapping[str, Json], _Answer]]:
        """The columns that are kept of each row, and its answer."""
        if self.target == REFERENCE and not self.isolated:
            for source in rows:
                kept, call = self._call(source, shapes)
                yield kept, call if isinstance(call, Exception) else self._here(call)
            return
        given = [self._call(source, shapes) for source in rows]
        calls = [call for _, call in given if isinstance(call, Call)]
        answers = iter(render_calls(self.chat.template, calls, warm_runtime(self.target), self.name))
        for kept, call in given:
            yield kept, next(answers) if isinstance(call, Call) else call

    def _here(self, call: Call) -> _Answer:
        try:
            return self.chat.rendering(call, self.name)
        except RenderError as error:
            return error

    def _call(
        self, source: bytes | Mapping[str, Json], shapes: dict[tuple[str, ...], list[str]]
    ) -> tuple[Mapping[str, Json], Call | Exception]:
        """The columns that are kept of a row, and the call that it stands for or why it stands for none."""
        kept: dict[str, Json] = {}
        try:
            row = _decode(source.decode("utf-8")) if isinstance(source, bytes) else source
            if isinstance(row, dict):
                columns = tuple(row)
                if columns not in shapes:
                    shapes[columns] = unused_columns(row, self.options)
                kept = {name: row[name] for name in self.options.keep if name in row}
            return kept, with_steps(row_call(row, self.options), self.steps)
        except (ValueError, RecursionError, ConversationError, RenderError) as error:
            return kept, error


def _without_prompt(index: int, answer: Refused | Failed | Exception) -> tuple[RowFailure, Mapping[str, Json]]:
    """Why a row has no prompt, and what is written in its place."""
    if isinstance(answer, RenderError):
        return RowFailure(index, str(answer)), {"error": str(answer)}
    if isinstance(answer, Exception):
        reason = _unreadable(answer)
        return RowFailure(index, reason, unreadable=True), {"error": reason}
    return RowFailure(index, reason_of(answer)), outcome_record(answer)


def _unreadable(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text (at offset {error.start})"
    if isinstance(error, RecursionError):
        return "JSON nested too deeply to read"
    if type(error) is ValueError:  # Python's own limit
        return "a number of too many digits"
    return str(error) if isinstance(error, ConversationError) else f"not valid JSON: {error}"


def json_line(record: Mapping[str, Json]) -> bytes:
    """A line of JSON in UTF-8; where a text has none (a lone surrogate), in ASCII."""
    try:
        return f"{_encode(record)}\n".encode()
    except UnicodeEncodeError:
        return f"{_encode_ascii(record)}\n".encode("ascii")
