"""What a runtime is to the rest of the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template

REFERENCE = "transformers"
DEFAULT_TARGETS = ("minijinja", "hf-jinja", "llama.cpp")


@dataclass(frozen=True)
class Limits:
    """What one render may cost before the worker is stopped.

    ``seconds``: wall time of one render, loading the template included; ``megabytes``: memory of the worker process
    above what the warm engine itself needs; ``text_megabytes``: size of one prompt in UTF-8; ``batch_megabytes``:
    what the prompts of one batch may take in the memory of this process, all together.
    """

    seconds: float = 10.0
    megabytes: int = 160
    text_megabytes: int = 4
    batch_megabytes: int = 24


@dataclass(frozen=True)
class Availability:
    """Whether a runtime can run here. Where not: why, in one line, and how to get it, as a command."""

    ok: bool
    version: str | None = None
    reason: str | None = None
    remedy: str | None = None


class Runtime(Protocol):
    """A warm engine for one target.

    Renderings come back in the order of the conversations. Whatever the engine does is a value of
    :mod:`portable_tpl.model.rendering`; no method but ``close`` may be called after ``close``.
    """

    id: str
    engine: str
    version: str

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        """Render one conversation."""
        ...

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template: one load, one round trip."""
        ...

    def close(self) -> None:
        """Stop the worker process; may be called twice."""
        ...
