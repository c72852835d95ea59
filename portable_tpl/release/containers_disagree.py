"""Two files of one model hold templates that print different prompts.

What it asks
------------
Whether all templates of a model that have one name are the same: those of ``chat_template.jinja``,
``additional_chat_templates/``, ``tokenizer_config.json``, ``chat_template.json`` and ``processor_config.json``, and
of the GGUF files in the folder; without a model's other files, those of GGUF files that hold one model in several
encodings, as their names say. Other bytes that print the same prompts are a note; line ends are nothing. A named
template that other programs load, and transformers does not, is a warning.

Why it matters
--------------
Each runtime looks in files of its own, and in an order of its own: transformers takes ``chat_template.jinja`` where
there is one, the conversion to GGUF takes ``tokenizer_config.json``. Where the two differ, a model is served with
other prompts than it was tested with, and nothing says so.

Example
-------
A ``chat_template.jinja`` that was corrected beside a ``tokenizer_config.json`` that still holds the old template.

What to do
----------
Keep one template, in ``chat_template.jinja``, or copy it into every file. Convert to GGUF again after a change.
``portable-tpl diff`` shows all differences between two files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Severity
from portable_tpl.model.source import Template
from portable_tpl.model.words import listed
from portable_tpl.release._base import ContainerSubject, Example, Exchange, NotAsked, Observation
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.sources import Container
from portable_tpl.sources.beside import folder_of, ggufs_beside
from portable_tpl.sources.loaders import LOADERS, LOADS_GGUF
from portable_tpl.sources.model_folder import comparable

CODE = "REL109"

# What a loader does that is no difference between two texts.
_OF_LOADERS = ("refused", "no-default")
_ORDER = [loader.name for loader in (*LOADERS, LOADS_GGUF)]


@dataclass(frozen=True)
class _Copy:
    """A template of one name with the files that hold it, by name, and the programs that load it from there."""

    template: Template
    files: tuple[str, ...]
    readers: tuple[str, ...]


def examine_container(subject: ContainerSubject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation for each text that is another one than the reference's of its name."""
    container = subject.container
    for conflict in container.conflicts:
        if conflict.kind in _OF_LOADERS:
            yield Observation(Severity.WARNING, conflict.message, related=conflict.files)
    yield from _unloaded(container)
    ggufs = ggufs_beside(container).containers
    for each in container.templates:
        first, *others = _copies(container, ggufs, each)
        for other in others:
            yield _judged(first, other, subject, inquiry)


def _unloaded(container: Container) -> Iterator[Observation]:
    """Named templates that some programs load, and the reference does not, since another file hides theirs."""
    known = {each.name for each in container.templates}
    named = [slot for slot in container.slots if slot.name not in known]
    for name in dict.fromkeys(slot.name for slot in named):
        files = tuple(dict.fromkeys(slot.file for slot in named if slot.name == name))
        readers = {reader for file in files for reader in container.readers.get((file, name), ())}
        if readers:
            loads = f"{listed(sorted(readers, key=_ORDER.index))} load{'s' if len(readers) == 1 else ''}"
            holds = "holds" if len(files) == 1 else "hold"
            yield Observation(
                Severity.WARNING,
                f"{listed([_name(container, file) for file in files])} {holds} a template {name}, which {loads}, and "
                "transformers does not",
                related=tuple(_name(container, file) for file in files),
            )


def _copies(container: Container, ggufs: Sequence[Container], chosen: Template) -> list[_Copy]:
    """The different texts of a template's name, that in effect first."""
    usual = (LOADS_GGUF.name,) if container.kind == "gguf" else ()
    copies = [(slot.text, slot.file, container.readers.get((slot.file, slot.name), usual)) for slot in container.slots
            if slot.name == chosen.name]  # fmt: skip
    for gguf in ggufs:
        copies += [(one.text, gguf.path, (LOADS_GGUF.name,)) for one in gguf.templates if one.name == chosen.name]
    groups: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {comparable(chosen.text): []}
    for text, file, readers in copies:
        groups.setdefault(comparable(text), []).append((text, file, readers))
    return [_copy(container, chosen, group) for group in groups.values() if group]


def _copy(container: Container, chosen: Template, group: list[tuple[str, str, tuple[str, ...]]]) -> _Copy:
    text, file, _ = group[0]
    readers = {reader for *_, each in group for reader in each}
    # Templates of one model: what they are given is the same, whatever file they stand in.
    template = replace(chosen, text=text, path=file, container=None)
    files = tuple(dict.fromkeys(_name(container, each) for _, each, _ in group))
    return _Copy(template, files, tuple(sorted(readers, key=_ORDER.index)))


def _name(container: Container, file: str) -> str:
    """A file's name within the model's folder."""
    return os.path.relpath(file, folder_of(container) or os.curdir).replace(os.sep, "/")


def _judged(first: _Copy, other: _Copy, subject: ContainerSubject, inquiry: Inquiry) -> Observation:
    if inquiry.engines.difference is None:
        raise NotAsked("nothing compares templates here")
    related = (*first.files, *other.files)
    try:
        difference = inquiry.engines.difference(first.template, other.template)
    except TemplateSyntaxError as error:
        at = "" if error.line is None else f" (line {error.line})"
        words = f"{listed(other.files)} holds a template that does not parse: {error.reason}{at}"
        return Observation(Severity.ERROR, words, related=related)
    loaded = _loading(first, other)
    if not difference.differences:
        words = (
            f"{listed(first.files)} and {listed(other.files)} hold different templates that print the same prompts"
        )
        return Observation(Severity.NOTE, f"{words} in {difference.cases} conversations; {loaded}", related=related)
    smallest = difference.differences[0]
    words = f"{listed(first.files)} and {listed(other.files)} print different prompts; {loaded}"
    place = smallest.places[0]
    own = subject.container.templates[0]
    shown = own.text == first.template.text and place is not None
    return Observation(
        Severity.ERROR,
        words,
        (
            Exchange(first.files[0], smallest.conversation, first.template),
            Exchange(other.files[0], smallest.conversation, other.template),
        ),
        compared=True,
        span=own.line_span(place.line) if shown and place is not None else None,
        tier=smallest.tier,
        related=related,
    )


def _loading(first: _Copy, other: _Copy) -> str:
    if first.readers == other.readers == (LOADS_GGUF.name,):
        return f"{LOADS_GGUF.name} loads the one that it is given"
    return f"{_loads(first, 'the first')}, {_loads(other, 'the other')}"


def _loads(copy: _Copy, which: str) -> str:
    if not copy.readers:
        return f"nothing known loads {which}"
    return f"{listed(copy.readers)} load{'s' if len(copy.readers) == 1 else ''} {which}"


_TEMPLATE = """\
{%- for m in messages %}
    {{- '<|' + m.role + '|>' + m.content + '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
"""
_OTHER = _TEMPLATE.replace("'<|assistant|>'", "'<|assistant|>\\n'")
_ANEW = _TEMPLATE.replace("m.", "message.").replace("for m in", "for message in")


def _holding(template: object, **further: object) -> str:
    return json.dumps({"chat_template": template, **further})


VALID = (
    Example(_TEMPLATE),
    Example(_TEMPLATE, files={"tokenizer_config.json": _holding(_TEMPLATE)}),
    Example(_TEMPLATE, files={"tokenizer_config.json": json.dumps({"eos_token": "<|end|>"})}),
    # jinja2 folds line ends, and drops one at the end.
    Example(_TEMPLATE, files={"tokenizer_config.json": _holding(_TEMPLATE.replace("\n", "\r\n").rstrip())}),
    # Two names are two templates.
    Example(_TEMPLATE, files={"additional_chat_templates/rag.jinja": _OTHER}),
    Example(
        _TEMPLATE,
        files={
            "tokenizer_config.json": _holding([{"name": "default", "template": _TEMPLATE}]),
            "chat_template.json": _holding(_TEMPLATE),
            "processor_config.json": _holding(_TEMPLATE),
        },
    ),
)
INVALID = (
    Example(_TEMPLATE, Severity.ERROR, files={"tokenizer_config.json": _holding(_OTHER)}),
    Example(_TEMPLATE, Severity.ERROR, files={"chat_template.json": _holding(_OTHER)}),
    Example(_TEMPLATE, Severity.NOTE, files={"tokenizer_config.json": _holding(_ANEW)}),
    # Only one of three is another one, and only with a system message.
    Example(
        _TEMPLATE,
        Severity.ERROR,
        files={
            "tokenizer_config.json": _holding(_TEMPLATE),
            "processor_config.json": _holding(
                _TEMPLATE.replace("m.content", "(m.content if m.role != 'system' else '')")
            ),
        },
    ),
    Example(_TEMPLATE, Severity.ERROR, files={"tokenizer_config.json": _holding(_TEMPLATE + "{% if %}")}),
    # A template for tools that transformers never sees.
    Example(
        _TEMPLATE,
        files={
            "tokenizer_config.json": _holding(
                [{"name": "default", "template": _TEMPLATE}, {"name": "tool_use", "template": _OTHER}]
            )
        },
    ),
    Example(
        _TEMPLATE,
        files={"chat_template.json": _holding(_TEMPLATE), "additional_chat_templates/rag.jinja": _TEMPLATE},
    ),
)
