"""A model's folder: the files in which programs look for its chat templates, and which program takes which.

The facts, with their sources: :mod:`portable_tpl.sources.loaders`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.sources import jinja_file, json_file, special_tokens
from portable_tpl.sources._container import Conflict, Container, SpecialTokens, assemble
from portable_tpl.sources._files import read_bytes, read_text, unreadable
from portable_tpl.sources.loaders import LOADERS, Files, Named, by_processor, by_tokenizer

JINJA = "chat_template.jinja"
ADDITIONAL = "additional_chat_templates"
CONFIG = special_tokens.CONFIG
LEGACY = "chat_template.json"
PROCESSOR = "processor_config.json"
FILES = (JINJA, CONFIG, LEGACY, PROCESSOR)


def is_model_folder(folder: str) -> bool:
    """Whether a folder holds chat templates in the way of a model, in the files that loaders look for.

    A folder in which ``chat_template.jinja`` is only one of several templates, without any configuration, is a
    folder of templates.
    """
    names = set(_names(folder))
    if any(name in names and _mentions_template(os.path.join(folder, name)) for name in (CONFIG, LEGACY, PROCESSOR)):
        return True
    if ADDITIONAL in names and _additional_names(os.path.join(folder, ADDITIONAL)):
        return True
    alone = not any(name.endswith(jinja_file.SUFFIXES) for name in names - {JINJA})
    return JINJA in names and (alone or bool(names & {CONFIG, LEGACY, PROCESSOR}))


def _mentions_template(path: str) -> bool:
    """Whether a JSON file may hold a template; one that cannot be read counts, so that opening it says why."""
    try:
        return b'"chat_template"' in read_bytes(path)
    except SourceError:
        return not os.path.isdir(path)


def expect_readable(folder: str) -> None:
    """Raise :class:`SourceError` where one of a model's files is none that could be read, so may hold a template."""
    for name in (CONFIG, LEGACY, PROCESSOR):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            json_file.read(path)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or os.curdir))
    except OSError as error:
        raise unreadable(folder, error) from None


def open_model(folder: str, *, path: str | None = None, locked: str | None = None) -> Container | None:
    """The container of a model's folder with the templates that transformers' tokenizer loads.

    Where that would find none, those of its processor. ``None`` where no file holds a template. ``path`` is what the
    user named where that is no folder (a hub id).
    """
    files, tokens = _read(folder)
    slots = files.all()
    if not slots:
        return None
    effective = by_tokenizer(files) or by_processor(files)
    return assemble(
        path or folder,
        "model",
        slots,
        tokens,
        effective=list(effective.values()),
        conflicts=[replace(conflict, files=_relative(conflict.files, folder)) for conflict in conflicts(files)],
        readers=_readers(files),
        locked=locked,
        label=path,
    )


def _readers(files: Files) -> dict[tuple[str, str], tuple[str, ...]]:
    """The programs that load each template, by file and name."""
    readers: dict[tuple[str, str], tuple[str, ...]] = {}
    for loader in LOADERS:
        for slot in loader.choose(files).values():
            readers[slot.file, slot.name] = (*readers.get((slot.file, slot.name), ()), loader.name)
    return readers


def _relative(files: Sequence[str], folder: str) -> tuple[str, ...]:
    return tuple(os.path.relpath(file, folder or os.curdir).replace(os.sep, "/") for file in files)


def _read(folder: str) -> tuple[Files, SpecialTokens]:
    names = set(_names(folder))
    by_file: dict[str, Named] = {}
    config: Mapping[str, object] | None = None
    for name in FILES:
        path = os.path.join(folder, name)
        if name not in names or os.path.isdir(path):
            by_file[name] = {}
        elif name == JINJA:
            by_file[name] = {"default": jinja_file.slot(path, read_text(path))}
        else:
            text, data = json_file.read(path)
            by_file[name] = {slot.name: slot for slot in json_file.slots(path, text, data)}
            config = data if name == CONFIG else config
    additional = _additional(os.path.join(folder, ADDITIONAL))
    files = Files(by_file[JINJA], additional, by_file[CONFIG], by_file[LEGACY], by_file[PROCESSOR])
    return files, special_tokens.beside(folder, config)


def _additional_names(folder: str) -> list[str]:
    return [name for name in _names(folder) if name.endswith(".jinja")] if os.path.isdir(folder) else []


def _additional(folder: str) -> Named:
    templates: Named = {}
    for name in _additional_names(folder):
        path = os.path.join(folder, name)
        stem = name.removesuffix(".jinja")
        templates[stem] = jinja_file.slot(path, read_text(path), stem)
    return templates


def conflicts(files: Files) -> list[Conflict]:
    """Where the programs that load this folder would not agree."""
    loaded = {loader.name: loader.choose(files) for loader in LOADERS}
    reference = loaded["transformers"] or loaded["transformers (processor)"]
    result = []
    if files.legacy and files.additional:
        message = f"transformers' processor refuses {LEGACY} together with {ADDITIONAL}/"
        result.append(_default_conflict("refused", files, message))
    if loaded["transformers"] and "default" not in loaded["transformers"]:
        names = ", ".join(sorted(reference))
        message = f"transformers finds only named templates here ({names}) and asks its caller for a name: no default"
        result.append(_default_conflict("no-default", files, message))
    if files.jinja and "default" in files.additional:
        message = f"{ADDITIONAL}/default.jinja replaces {JINJA} in transformers' tokenizer, but not in its processor"
        result.append(_default_conflict("overridden", files, message))
    for name in sorted({slot.name for slot in files.all()}):
        result += _differences(name, loaded, reference)
    return result


def _default_conflict(kind: str, files: Files, message: str) -> Conflict:
    return Conflict(kind, "default", tuple(dict.fromkeys(slot.file for slot in files.all())), message)


def _differences(name: str, loaded: Mapping[str, Named], reference: Named) -> list[Conflict]:
    """One conflict for each file that a loader takes instead of the reference's and that prints something else."""
    chosen = reference.get(name)
    if chosen is None:
        return []
    others: dict[str, list[str]] = {}
    for loader, named in loaded.items():
        slot = named.get(name)
        if slot is not None and comparable(slot.text) != comparable(chosen.text):
            others.setdefault(slot.file, []).append(loader)
    differences = []
    for file, loaders in others.items():
        here, there = os.path.basename(chosen.file), os.path.basename(file)
        message = f"{there} holds another template {name!r} than {here}, and {', '.join(loaders)} loads {there}"
        differences.append(Conflict("differs", name, (chosen.file, file), message))
    return differences


def comparable(text: str) -> str:
    """The text without what no rendering can show: jinja2 folds line ends and drops one at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def require_model(folder: str) -> Container:
    """As :func:`open_model`, but raises :class:`SourceError` where there is no template."""
    container = open_model(folder)
    if container is None:
        raise NoTemplate(
            f"{folder}: no chat template in this folder (looked in {', '.join(FILES)} and {ADDITIONAL}/)"
        )
    return container
