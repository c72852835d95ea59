"""Folders whose modules are found by being there: rules, release checks, steps, engines, deployments.

A module whose name starts with an underscore belongs to the folder itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, TypeVar


@dataclass(frozen=True)
class Coded:
    """What goes by a code and has a page: ``title`` is the first line of its ``docs``.

    ``valid`` and ``invalid`` are its examples, which are tests.
    """

    code: str
    name: str
    title: str
    docs: str
    valid: tuple[Any, ...]
    invalid: tuple[Any, ...]


CodedT = TypeVar("CodedT", bound=Coded)


def plug_modules(package: str) -> list[Any]:
    """The modules of a folder, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(import_module(package).__path__))
    return [import_module(f"{package}.{name}") for name in names if not name.startswith("_")]


def coded_plugs(package: str, kind: type[CodedT], **attributes: str) -> Mapping[str, CodedT]:
    """What the modules of a folder say, by code; its name is the module's, in words with dashes.

    ``attributes`` are further fields of ``kind`` and the module's names for them, ``None`` where it has none. Raises
    ``ValueError`` where a code is used twice.
    """
    plugs: dict[str, CodedT] = {}
    for module in plug_modules(package):
        docs = module.__doc__ or ""
        plug = kind(
            module.CODE,
            module.__name__.rpartition(".")[2].replace("_", "-"),
            docs.partition("\n")[0].rstrip("."),
            docs,
            tuple(module.VALID),
            tuple(module.INVALID),
            **{name: getattr(module, attribute, None) for name, attribute in attributes.items()},
        )
        if plug.code in plugs:
            raise ValueError(f"{package}: two modules have the code {plug.code}")
        plugs[plug.code] = plug
    return MappingProxyType(dict(sorted(plugs.items())))


def find_coded(plugs: Iterable[CodedT], name: str) -> CodedT | None:
    """The one with a code or name, in any case of letters."""
    wanted = name.strip().lower()
    return next((plug for plug in plugs if wanted in (plug.code.lower(), plug.name)), None)
