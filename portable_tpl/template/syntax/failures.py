"""What went wrong while a compiled template ran, as a value."""

from __future__ import annotations

import traceback

from portable_tpl.model.rendering import Failed, Refused
from portable_tpl.template.syntax.environment import RefusalError

GENERATED = "<template>"  # the file name that jinja2 gives to templates without one


def outcome_of(error: BaseException) -> Refused | Failed:
    """A deliberate refusal as such, anything else as a failure with the template's line.

    The error's traceback must be one that jinja2 has rewritten (``Environment.handle_exception``).
    """
    if isinstance(error, RefusalError):
        return Refused(str(error))
    if isinstance(error, MemoryError):
        return Failed("memory", "out of memory")
    return Failed("error", describe(error), template_line(error))


def describe(error: BaseException) -> str:
    """The error's type and its words."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def template_line(error: BaseException) -> int | None:
    """The template's line: the innermost frame that jinja2 rewrote to it."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == GENERATED]
    return lines[-1] if lines else None
