"""Everything this package raises on misuse or on failed input and output.

::

    PortableTplError
    ├── InputError              bad input: says what, where and what to do (exit status 2)
    │   ├── SourceError         a container that cannot be read or holds no template
    │   │   └── NoTemplate      one that can be read and holds none
    │   ├── TemplateSyntaxError a template that the reference cannot parse
    │   ├── ConversationError   a conversation file that is not in the contract's shape
    │   └── ConfigError         a configuration file or key that is wrong
    ├── UnknownTarget           a target id that does not exist
    ├── TargetUnavailable       a known target that is not installed here
    └── RenderError             the public ``render`` could not give a prompt
        └── NotPortable         it was not to: the template has errors for targets that were required

What a *template* does wrong inside an engine is never an exception: it is a
:class:`portable_tpl.model.rendering.Refused` or :class:`portable_tpl.model.rendering.Failed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from portable_tpl.model.words import in_one_line

if TYPE_CHECKING:
    from portable_tpl.model.findings import Finding


class PortableTplError(Exception):
    """Base of all exceptions of this package; ``str()`` is one line for the user."""


class InputError(PortableTplError):
    """Input that cannot be used; the message names the place and the remedy."""


class SourceError(InputError):
    """A container that is missing, unreadable, or holds no template."""


class NoTemplate(SourceError):
    """A container that is what it should be, only without a template."""


class TemplateSyntaxError(InputError):
    """A template that jinja2, as transformers sets it up, cannot parse.

    ``line`` counts from 1 and is ``None`` where jinja2 gives none.
    """

    def __init__(self, message: str, line: int | None = None, where: str | None = None) -> None:
        self.reason = message
        self.line = line
        self.where = where
        place = where or "template"
        if line is not None:
            place = f"{place}:{line}"
        super().__init__(f"{place}: the template does not parse: {message}")


class ConversationError(InputError):
    """A conversation that is not in the shape of the contract."""


class ConfigError(InputError):
    """A configuration file that cannot be read, or an unknown key or value in it."""


class UnknownTarget(PortableTplError):
    """A target id that no adapter has."""


class TargetUnavailable(PortableTplError):
    """A known target whose engine is not installed; the message says how to get it."""


class RenderError(PortableTplError):
    """``render`` could not give a prompt: the template refused, failed, or the input does not fit."""


class NotPortable(RenderError):
    """A template with errors for targets to which it was required to be portable; ``findings`` are these."""

    def __init__(self, message: str, findings: Sequence[Finding]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class PromptWarning(UserWarning):
    """A prompt that was made may not be the one that was meant: a variable that is not read, a token not known."""


TRACEBACK_VARIABLE = "PORTABLE_TPL_TRACEBACK"


def described(error: Exception) -> str:
    """An error that nobody foresaw, in one line; for those of the machine the machine's own words."""
    words = in_one_line(str(error))
    if isinstance(error, MemoryError):
        return "error: out of memory"
    if isinstance(error, OSError) and words:
        return f"error: {words}"
    return f"internal error: {type(error).__name__}: {words}; this is a bug, {TRACEBACK_VARIABLE}=1 shows where"
