"""The configuration file: ``[tool.portable-tpl]`` in ``pyproject.toml``, or ``portable-tpl.toml``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portable_tpl.model.errors import ConfigError
from portable_tpl.model.findings import Severity
from portable_tpl.model.words import did_you_mean

FILE = "portable-tpl.toml"
PROJECT_FILE = "pyproject.toml"
_TABLE = "portable-tpl"
# Any spelling of the table's name (`[tool.portable-tpl]`, `tool."portable-tpl".seed`, an inline table in `[tool]`).
# A project file that matches is parsed; this one's own name in `[project]` is a harmless false alarm.
_MENTION = re.compile(rb"""[.\s"'\[]portable-tpl["'\s.\]=]""")


@dataclass(frozen=True)
class Configuration:
    """What a configuration file sets; ``None`` and empty where it says nothing.

    ``path`` is the file (``None``: there is none). ``per_file_ignores`` maps a glob pattern, relative to the file's
    folder, to codes. ``baseline`` is a path, already resolved against the file's folder. ``severity`` maps codes,
    prefixes of codes or names of rules to the severity of their findings.
    """

    path: str | None = None
    targets: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provided: tuple[str, ...] = ()
    examples: int | None = None
    seed: int | None = None
    min_branch_coverage: float | None = None
    baseline: str | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity | None = None

    def ignored_in(self, path: str | None) -> tuple[str, ...]:
        """The codes that ``per-file-ignores`` sets for a template's path; none for a text without a path."""
        if path is None or self.path is None or not self.per_file_ignores:
            return ()
        from fnmatch import fnmatch

        folder = os.path.dirname(os.path.abspath(self.path))
        relative = os.path.relpath(os.path.abspath(path), folder).replace(os.sep, "/")
        names = (relative, os.path.basename(relative))
        ignored: list[str] = []
        for pattern, codes in self.per_file_ignores.items():
            if any(fnmatch(name, pattern.removeprefix("./")) for name in names):
                ignored += codes
        return tuple(dict.fromkeys(ignored))


def load_configuration(path: str | None = None, folder: str | None = None) -> Configuration:
    """The configuration in ``path``, or else in the nearest file from ``folder`` (the current one) upwards.

    In one folder ``portable-tpl.toml`` comes before ``pyproject.toml``, and a ``pyproject.toml`` without our table
    does not count. Raises :class:`ConfigError`, in one line, for a file that cannot be read and for a key or a value
    that is wrong.
    """
    if path is not None:
        return _read(path, _bytes(path), required=True) or Configuration(path)
    here = os.path.abspath(folder or os.curdir)
    while True:
        configuration = _in_folder(here)
        if configuration is not None:
            return configuration
        parent = os.path.dirname(here)
        if parent == here:
            return Configuration()
        here = parent


def _in_folder(folder: str) -> Configuration | None:
    own = os.path.join(folder, FILE)
    if os.path.isfile(own):
        return _read(own, _bytes(own), required=True)
    project = os.path.join(folder, PROJECT_FILE)
    if os.path.isfile(project):
        try:
            data = _bytes(project)
        except ConfigError:
            return None  # somebody else's file, of which nothing was asked
        if _MENTION.search(data):
            return _read(project, data, required=False)
    return None


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read: {error.strerror}") from None


def _read(path: str, data: bytes, *, required: bool) -> Configuration | None:
    """The configuration in a file; ``None`` where it has no table of ours and none is required."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not usable TOML: nested too deeply") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not valid TOML: not UTF-8 text") from None
    tool = content.get("tool")
    section = tool.get(_TABLE) if isinstance(tool, dict) else None
    if section is None:
        if not required:
            return None
        if os.path.basename(path) == PROJECT_FILE:
            raise ConfigError(f"{path}: no table [tool.{_TABLE}] in it")
        section = content
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: tool.{_TABLE} must be a table")
    return _build(path, section)


def _build(path: str, section: Mapping[str, Any]) -> Configuration:
    values: dict[str, Any] = {}
    for key, value in section.items():
        check = _KEYS.get(key)
        if check is None:
            raise ConfigError(f"{path}: unknown key {key!r}{_suggestion(key)}")
        values[key.replace("-", "_")] = check(f"{path}: {key!r}", value)
    built = Configuration(path, **values)
    if built.baseline is not None:
        built = replace(built, baseline=os.path.join(os.path.dirname(path), built.baseline))
    return built


def _suggestion(key: str) -> str:
    return did_you_mean(key.lower().replace("_", "-"), _KEYS, otherwise=f"known keys: {', '.join(_KEYS)}")


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    raise ConfigError(f"{where} must be a list of strings, found {_shown(value)}")


def _some_texts(where: str, value: Any) -> tuple[str, ...]:
    texts = _texts(where, value)
    if not texts:
        raise ConfigError(f"{where} must not be empty; leave it out for the default")
    return texts


def _texts_by_pattern(where: str, value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of lists of codes by file pattern, found {_shown(value)}")
    return {pattern: _texts(f"{where}[{pattern!r}]", codes) for pattern, codes in value.items()}


def _text(where: str, value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ConfigError(f"{where} must be a string that is not empty, found {_shown(value)}")


def _count(where: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigError(f"{where} must be a whole number from 0, found {_shown(value)}")


def _share(where: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ConfigError(f"{where} must be a number from 0 to 1, found {_shown(value)}")


def _severity(where: str, value: Any) -> Severity:
    known = [severity.value for severity in Severity]
    if isinstance(value, str) and value in known:
        return Severity(value)
    raise ConfigError(f"{where} must be one of {', '.join(known)}, found {_shown(value)}")


def _severities(where: str, value: Any) -> Mapping[str, Severity]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of severities by code, found {_shown(value)}")
    return {code: _severity(f"{where}[{code!r}]", severity) for code, severity in value.items()}


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


_KEYS: Mapping[str, Callable[[str, Any], Any]] = {
    "targets": _some_texts,
    "select": _some_texts,
    "ignore": _texts,
    "per-file-ignores": _texts_by_pattern,
    "provided": _texts,
    "examples": _count,
    "seed": _count,
    "min-branch-coverage": _share,
    "baseline": _text,
    "severity": _severities,
    "fail-on": _severity,
}
