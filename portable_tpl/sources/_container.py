"""What every kind of container is to the rest of the package."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from portable_tpl.model.errors import SourceError
from portable_tpl.model.source import Template
from portable_tpl.sources._files import read_bytes, replace_files


@dataclass(frozen=True)
class SpecialTokens:
    """The special tokens of a container by name, and the class of its tokenizer; see :class:`Template`.

    ``home`` is the folder, or the GGUF file, that holds the tokenizer.
    """

    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tokenizer: str | None = None
    home: str | None = None


NO_TOKENS = SpecialTokens()
Splice = tuple[int, int, str]


class Document(Protocol):
    """A file as it was read, from which a changed copy can be written."""

    @property
    def path(self) -> str:
        """Where the file is, spelt as the user did."""
        ...

    @property
    def kind(self) -> str:
        """``jinja``, ``tokenizer_config``, ``chat_template``, ``processor_config`` or ``gguf``."""
        ...

    def spliced(self, splices: Sequence[Splice]) -> Iterable[bytes]:
        """The file's bytes with each ``[start, end)`` replaced by a text, in chunks."""
        ...

    def is_current(self) -> bool:
        """Whether the file on disk is still what was read."""
        ...


@dataclass(frozen=True)
class TextDocument:
    """A text file; offsets of splices are characters of ``text``."""

    path: str
    kind: str
    text: str

    def spliced(self, splices: Sequence[Splice]) -> Iterable[bytes]:
        """The file's bytes with each ``[start, end)`` replaced by a text."""
        out: list[str] = []
        position = 0
        for start, end, text in sorted(splices):
            out += (self.text[position:start], text)
            position = end
        out.append(self.text[position:])
        try:
            return ["".join(out).encode("utf-8")]
        except UnicodeEncodeError:
            raise SourceError(
                f"{self.path}: the new template holds a lone surrogate, which UTF-8 cannot store"
            ) from None

    def is_current(self) -> bool:
        """Whether the file on disk is still what was read."""
        return read_bytes(self.path) == self.text.encode("utf-8")


def as_is(text: str) -> str:
    """How a raw template file spells a template: as it is."""
    return text


@dataclass(frozen=True)
class Slot:
    """One place in one file that holds a template; ``spell`` turns a template into the file's notation."""

    name: str
    text: str
    document: Document
    start: int
    end: int
    spell: Callable[[str], str] = as_is

    @property
    def file(self) -> str:
        """The file's path."""
        return self.document.path

    @property
    def kind(self) -> str:
        """The file's kind; see :class:`Document`."""
        return self.document.kind

    @property
    def line(self) -> int | None:
        """The line, from 1, where a template begins that is a value in a text file; ``None`` for any other."""
        if not isinstance(self.document, TextDocument) or self.spell is as_is:
            return None
        return self.document.text.count("\n", 0, self.start) + 1


@dataclass(frozen=True)
class Conflict:
    """Two programs that load this container do not see the same template, or one of them sees none.

    ``name`` is the template's name; ``files`` are those involved, the one in effect first; ``message`` is one line
    for people. ``kind``: ``differs`` (files hold different texts), ``no-default`` (only named templates are
    loaded), ``refused`` (a loader raises an error), ``overridden`` (a named template hides another file's).
    """

    kind: str
    name: str
    files: tuple[str, ...]
    message: str


def _expect_inside(file: str) -> None:
    """Raise :class:`SourceError` for a link that leads out of its folder, and of the current one."""
    target, folder = os.path.realpath(file), os.path.realpath(os.path.dirname(file) or os.curdir)
    here = os.path.realpath(os.curdir)
    parents = (folder, here) if folder.startswith(here) else (folder,)
    if os.path.islink(file) and not any(target.startswith(os.path.join(parent, "")) for parent in parents):
        raise SourceError(
            f"{file}: a link to a file elsewhere, which is not changed; name that file, or use --output"
        )


@dataclass(frozen=True)
class Container:
    """A file, folder, stream or repository that holds templates.

    ``path`` is what the user named. ``templates`` are those in effect, ``default`` first. ``slots`` are all places
    that hold one: those in effect first, then the others. ``locked`` says why the container cannot be written, if it
    cannot. ``home`` is the folder, or the GGUF file, in which the tokenizer is. ``readers`` are
    the programs that load each of a model's templates, by file and name, as far as that is known.
    """

    path: str
    kind: str
    templates: tuple[Template, ...]
    slots: tuple[Slot, ...]
    conflicts: tuple[Conflict, ...] = ()
    locked: str | None = None
    home: str | None = None
    readers: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, compare=False)

    def template(self, name: str = "default") -> Template:
        """The template of that name; a single template answers to ``default`` whatever its name."""
        for template in self.templates:
            if template.name == name:
                return template
        if name == "default" and len(self.templates) == 1:
            return self.templates[0]
        names = ", ".join(template.name for template in self.templates)
        raise SourceError(f"{self.path}: no template named {name!r}; it holds: {names}")

    def slots_of(self, name: str) -> tuple[Slot, ...]:
        """The places to change together when the template of that name changes: all that hold its text."""
        chosen = self.template(name)
        return tuple(slot for slot in self.slots if slot.name == chosen.name and slot.text == chosen.text)

    def contents(self, changes: Mapping[str, str]) -> dict[str, Iterable[bytes]]:
        """The new bytes of each file that holds a changed template (name to new text), in chunks."""
        return _spliced((slot, text) for name, text in changes.items() for slot in self.slots_of(name))

    def new_bytes(self, changes: Mapping[str, str]) -> bytes:
        """The container's bytes with templates changed, where one file holds them all; else :class:`SourceError`."""
        named = changes or {self.templates[0].name: self.templates[0].text}
        contents = _spliced((self.slots_of(name)[0], text) for name, text in named.items())
        if len(contents) > 1:
            raise SourceError(
                f"{self.path}: the changes concern several files ({', '.join(contents)}); name one of them"
            )
        return b"".join(next(iter(contents.values())))

    def write(self, changes: Mapping[str, str], output: str | None = None) -> tuple[str, ...]:
        """Write changed templates, to ``output`` instead of in place where given; the paths written.

        All other bytes stay as they were; each file is replaced whole or not at all. Raises :class:`SourceError`
        where the container is locked or has changed on disk since it was read.
        """
        if output is not None:
            replace_files({output: [self.new_bytes(changes)]})
            return (output,)
        if self.locked is not None:
            raise SourceError(f"{self.path}: {self.locked}; write the result to a file with --output")
        contents = self.contents(changes)
        for slot in self.slots:
            if slot.file in contents and not slot.document.is_current():
                raise SourceError(f"{slot.file}: changed on disk since it was read; run again")
        for file in contents:
            _expect_inside(file)
        replace_files(contents)
        return tuple(contents)

    def replace(self, name: str, new_text: str) -> tuple[str, ...]:
        """Write one changed template in place; see :meth:`write`."""
        return self.write({name: new_text})


def _spliced(changes: Iterable[tuple[Slot, str]]) -> dict[str, Iterable[bytes]]:
    splices: dict[str, list[Splice]] = {}
    documents: dict[str, Document] = {}
    for slot, text in changes:
        documents[slot.file] = slot.document
        splices.setdefault(slot.file, []).append((slot.start, slot.end, slot.spell(text)))
    return {file: documents[file].spliced(parts) for file, parts in splices.items()}


def assemble(
    path: str,
    kind: str,
    slots: Sequence[Slot],
    tokens: SpecialTokens = NO_TOKENS,
    *,
    effective: Sequence[Slot] | None = None,
    conflicts: Sequence[Conflict] = (),
    readers: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
    locked: str | None = None,
    label: str | None = None,
) -> Container:
    """Build a container from its slots; ``label`` replaces the files' paths in its templates."""
    chosen = sorted(slots if effective is None else effective, key=lambda slot: (slot.name != "default", slot.name))
    for slot in chosen:
        if not slot.text.strip():
            raise SourceError(f"{slot.file}: the template{_named(slot.name)} is empty")
    plain = [
        Template(
            slot.text,
            slot.name,
            label or slot.file,
            tokens.texts,
            tokenizer=tokens.tokenizer,
            container=_place(slot, label),
        )
        for slot in chosen
    ]
    templates = tuple(replace(one, named=_others(one, plain)) for one in plain)
    ordered = (*chosen, *(slot for slot in slots if slot not in chosen))
    return Container(path, kind, templates, ordered, tuple(conflicts), locked, tokens.home, readers or {})


def _others(one: Template, templates: Sequence[Template]) -> Mapping[str, Template]:
    """What ``one`` is to have within reach; see :class:`Template`."""
    has_default = any(each.name == "default" for each in templates)
    return {each.name: each for each in templates if each is not one or not has_default}


def _place(slot: Slot, label: str | None) -> tuple[str, int] | None:
    if slot.line is None:
        return None
    # Under a label (a hub id) the file's own path is one in a cache.
    return (slot.file if label is None else os.path.basename(slot.file)), slot.line


def _named(name: str) -> str:
    return "" if name == "default" else f" {name!r}"
