"""What a release check is, and what it says.

A check is a module of this package with

* a docstring: the title, then the headings ``What it asks``, ``Why it matters``, ``Example`` and ``What to do``;
* ``CODE`` (``REL101``, never used again for anything else); its name is the module's, in words with dashes;
* one function that gives observations: ``examine``, of a :class:`Subject` and an :class:`~.._inquiry.Inquiry`;
  ``examine_static``, of a :class:`Subject` and the names that the deployment provides, for what needs no rendering;
  or, for what is wrong between the files of a model, ``examine_container``, of a :class:`ContainerSubject` and an
  inquiry;
* ``VALID`` and ``INVALID``: examples, which are tests.

A function raises :class:`NotAsked` where the template does not take what the question needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Affected, Fix, Severity
from portable_tpl.model.plugs import Coded
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Span, Template
from portable_tpl.template.usage.shape import TemplateShape, shape_of

if TYPE_CHECKING:
    from portable_tpl.release._inquiry import Inquiry
    from portable_tpl.sources import Container
    from portable_tpl.template.syntax.parsing import ParsedTemplate

HEADINGS = ("What it asks", "Why it matters", "Example", "What to do")
_NO_TOKENS: Mapping[str, str] = MappingProxyType({})


class NotAsked(Exception):
    """The question does not fit the template; the message says why, for people."""


@dataclass(frozen=True)
class Example:
    """A template about which a check has something to say (``INVALID``) or not (``VALID``).

    ``severity`` is that of the worst finding. ``files`` are the other files of the model, name to text.
    """

    template: str
    severity: Severity = Severity.WARNING
    special_tokens: Mapping[str, str] = field(default_factory=lambda: _NO_TOKENS, hash=False)
    files: Mapping[str, str] = field(default_factory=lambda: _NO_TOKENS, hash=False)


@dataclass(frozen=True)
class Subject:
    """The template in question, with the container that holds it (``None`` for a template that stands alone)."""

    parsed: ParsedTemplate
    container: Container | None = None

    @property
    def template(self) -> Template:
        """The template, with its special tokens."""
        return self.parsed.template

    @cached_property
    def shape(self) -> TemplateShape:
        """What the template reads of its input."""
        return shape_of(self.parsed.tree)

    @cached_property
    def boolean_variables(self) -> tuple[str, ...]:
        """The template's own variables that are only asked for their truth, in alphabetical order."""
        return tuple(name for name in self.shape.variables if self.shape.is_flag(name))


@dataclass(frozen=True)
class ContainerSubject:
    """A model's container, with each of its templates parsed; those that do not parse are not among them."""

    container: Container
    templates: tuple[Subject, ...]


class Exchange(NamedTuple):
    """A conversation that an observation shows, and what it stands for (``the same with a user's turn after it``).

    ``template`` is another one of the model that prints it; ``None`` for the template in question.
    """

    label: str
    conversation: Conversation
    template: Template | None = None


Holds = Callable[[Sequence[Rendering]], bool]


def texts_of(renderings: Sequence[Rendering]) -> list[str] | None:
    """The prompts; ``None`` where one of the renderings is none."""
    texts = [rendering.text for rendering in renderings if isinstance(rendering, Rendered)]
    return texts if len(texts) == len(renderings) else None


@dataclass(frozen=True)
class Observation:
    """What a check says about a template, before the frame makes a finding of it.

    ``message`` is one sentence in a maintainer's words. ``exchanges`` prove it on the reference. ``holds`` tells from
    the renderings of these, in order, whether an engine shows the same; where it is ``None`` engines are not asked.
    ``compared`` says that the first two prompts are compared with each other, so that their first difference is worth
    showing; ``names_branch`` that the branch behind it is, too. ``printed`` is a text of the first prompt whose place
    in the template is the finding's; else ``span`` is, where no branch and no error of an engine names a line.
    ``continued`` says that the final message of each is continued. ``related`` are further files.
    """

    severity: Severity
    message: str
    exchanges: tuple[Exchange, ...] = ()
    holds: Holds | None = None
    compared: bool = False
    names_branch: bool = True
    printed: str = ""
    span: Span | None = None
    fix: Fix | None = None
    tier: Tier = Tier.ORDINARY
    continued: bool = False
    related: tuple[str, ...] = ()
    affected: Affected | None = None


Examine = Callable[[Subject, "Inquiry"], Iterable[Observation]]
ExamineStatic = Callable[[Subject, frozenset[str]], Iterable[Observation]]
ExamineContainer = Callable[[ContainerSubject, "Inquiry"], Iterable[Observation]]


@dataclass(frozen=True)
class Check(Coded):
    """A release check, as the registry has it; it has one of the three functions."""

    valid: tuple[Example, ...]
    invalid: tuple[Example, ...]
    examine: Examine | None = None
    examine_static: ExamineStatic | None = None
    examine_container: ExamineContainer | None = None
