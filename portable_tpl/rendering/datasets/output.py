"""Where prompts are written: beside the file's own name until all are there, so that a killed run can be resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

from portable_tpl.model.errors import InputError, SourceError

_GZIP_LEVEL = 6


@dataclass(frozen=True)
class Progress:
    """How far a run has come: where the input goes on, how long the output is, and what was counted."""

    input: tuple[int, int] = (0, 0)
    output: int = 0
    rows: int = 0
    failures: int = 0
    first_failure: str = ""


class ResumableFile:
    """``OUTPUT.partial``, with ``OUTPUT.progress`` that says which part of it is sure; both go when it is done.

    ``identity`` are the settings and the input of the run: only a run with the same may be resumed.
    """

    def __init__(self, path: str, identity: dict[str, Any], resume: bool) -> None:
        self._given = path
        self._path = os.path.realpath(path)
        if os.path.lexists(self._path) and not os.path.isfile(self._path):
            raise InputError(f"{path}: no file that could be replaced")
        self._partial, self._journal = f"{self._path}.partial", f"{self._path}.progress"
        self._identity = json.loads(json.dumps(identity))
        self._beside = f"{self._journal}.new"
        self.progress = self._known() if resume else Progress()
        with self._writing():
            self._stream: IO[bytes] = open(self._partial, "r+b" if self.progress.output else "wb")  # noqa: SIM115
            self._stream.truncate(self.progress.output)
            self._stream.seek(self.progress.output)
        self._pack = _packer(path)

    def _known(self) -> Progress:
        try:
            with open(self._journal, encoding="utf-8") as stream:
                data = json.load(stream)
            known, identity = data["progress"], data["identity"]
            progress = Progress(**{**known, "input": tuple(known["input"])})
        except FileNotFoundError:
            return Progress()
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{self._given}: its .progress file cannot be read; run without --resume") from None
        if identity != self._identity:
            raise InputError(
                f"{self._given}: was begun with other settings, another template or another input; "
                "run without --resume"
            )
        if not os.path.isfile(self._partial) or os.path.getsize(self._partial) < progress.output:
            return Progress()  # killed between taking the file's own name and forgetting how far it was
        return progress

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceError(f"{self._given}: cannot be written: {error.strerror or error}") from None

    def write(self, data: bytes) -> None:
        """Add the output of a batch; raises :class:`SourceError` as all that writes here."""
        if data:
            with self._writing():
                self._stream.write(self._pack(data))

    def note(self, progress: Progress) -> None:
        """Make sure that all so far is on disk, and remember how far that is."""
        with self._writing():
            self._stream.flush()
            os.fsync(self._stream.fileno())
            record = {**asdict(progress), "output": self._stream.tell()}
            with open(self._beside, "w", encoding="utf-8") as stream:
                json.dump({"identity": self._identity, "progress": record}, stream)
            os.replace(self._beside, self._journal)

    def commit(self) -> None:
        """All is written: take the file's own name; where that cannot be, nothing is left behind."""
        try:
            with self._writing():
                self._stream.flush()
                os.fsync(self._stream.fileno())
                self._stream.close()
                if os.path.exists(self._path):
                    os.chmod(self._partial, os.stat(self._path).st_mode & 0o7777)
                os.replace(self._partial, self._path)
                self._forget(self._journal, self._beside)
        except SourceError:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing behind; what was there under the file's name stays."""
        self.pause()
        with self._writing():
            self._forget(self._partial, self._journal, self._beside)

    def pause(self) -> None:
        """Leave what is needed to resume."""
        with suppress(OSError):  # what cannot be written any more is not sure, and so not needed
            self._stream.close()

    def _forget(self, *paths: str) -> None:
        for path in paths:
            if os.path.lexists(path):
                os.unlink(path)


def _packer(path: str) -> Callable[[bytes], bytes]:
    """Each batch is a gzip member of its own where the file is to be one, so that a part can be cut off."""
    if not path.endswith(".gz"):
        return bytes
    import gzip

    return lambda data: gzip.compress(data, _GZIP_LEVEL, mtime=0)
