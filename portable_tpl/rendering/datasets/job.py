"""What is done to a batch of rows: it can be sent to another process, or to another machine."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import ConversationError, PromptWarning, RenderError
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.prompts import choose, outcome_record, reason_of, render_call, warm_runtime
from portable_tpl.rendering.rows import RowOptions, row_call, unused_columns
from portable_tpl.rendering.stepping import with_steps
from portable_tpl.targets.processes._base import REFERENCE

OnError = Literal["raise", "skip", "keep"]

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
            for count, source in enumerate(rows, 1):
                record, failure = self._record(count - 1, source, shapes)
                if failure is not None:
                    failures.append(failure)
                    ended = self.on_error == "raise" or (self.on_error is None and failure.unreadable)
                    if ended:
                        break
                if record is not None:
                    lines.append(record)
        said = tuple(dict.fromkeys(str(one.message) for one in caught if issubclass(one.category, PromptWarning)))
        unused = frozenset(name for names in shapes.values() for name in names)
        return BatchResult(b"".join(lines), count, tuple(failures), unused, said, ended)

    def _record(
        self, index: int, source: bytes | Mapping[str, Json], shapes: dict[tuple[str, ...], list[str]]
    ) -> tuple[bytes | None, RowFailure | None]:
        kept: dict[str, Json] = {}
        try:
            row = _decode(source.decode("utf-8")) if isinstance(source, bytes) else source
            if isinstance(row, dict):
                columns = tuple(row)
                if columns not in shapes:
                    shapes[columns] = unused_columns(row, self.options)
                kept = {name: row[name] for name in self.options.keep if name in row}
            answer = self._answer(row)
        except UnicodeDecodeError as error:
            return self._failed(index, kept, {"error": f"not UTF-8 text (at offset {error.start})"}, True)
        except RecursionError:
            return self._failed(index, kept, {"error": "JSON nested too deeply to read"}, True)
        except ConversationError as error:
            return self._failed(index, kept, {"error": str(error)}, True)
        except RenderError as error:
            return self._failed(index, kept, {"error": str(error)}, False)
        except ValueError as error:
            return self._failed(index, kept, {"error": f"not valid JSON: {error}"}, True)
        if isinstance(answer, Rendered):
            return json_line({**kept, "prompt": answer.text}), None
        return self._failed(index, kept, outcome_record(answer), False, reason_of(answer))

    def _failed(
        self, index: int, kept: Mapping[str, Json], record: Mapping[str, Json], unreadable: bool, reason: str = ""
    ) -> tuple[bytes | None, RowFailure]:
        failure = RowFailure(index, reason or str(record["error"]), unreadable)
        return (None if self.on_error == "skip" else json_line({**kept, **record})), failure

    def _answer(self, row: Json) -> Rendering:
        call = with_steps(row_call(row, self.options), self.steps)
        if self.target == REFERENCE and not self.isolated:
            return self.chat.rendering(call, self.name)
        return render_call(choose(self.chat.template, call.tools, self.name), call, warm_runtime(self.target))


def json_line(record: Mapping[str, Json]) -> bytes:
    """A line of JSON in UTF-8; where a text has none (a lone surrogate), in ASCII."""
    try:
        return f"{_encode(record)}\n".encode()
    except UnicodeEncodeError:
        return f"{_encode_ascii(record)}\n".encode("ascii")
