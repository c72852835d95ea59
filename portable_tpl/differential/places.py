"""Places in JSON data, and copies of the data in which they hold something else; what is not on the way is shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Path = tuple[Any, ...]
Edit = tuple[Path, Any]  # a place and its new value, or GONE

GONE = object()


def containers(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything that can be taken out of an object or a list."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from containers(inner, (*path, key))


def leaves(data: dict[str, Any]) -> Iterator[Path]:
    """The path of everything that holds nothing else, and of contents, whatever they hold."""
    for path in containers(data):
        value = value_at(data, path)
        if not isinstance(value, (dict, list)) or path[-1] == "content":
            yield path


def value_at(data: Any, path: Path) -> Any:
    """What is at a place."""
    for key in path:
        data = data[key]
    return data


def without(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """The data with one part gone."""
    changed: dict[str, Any] = _copied_along(data, path[:-1])
    del value_at(changed, path[:-1])[path[-1]]
    return changed


def edited(data: dict[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    """The data with several parts changed or gone; what lies in a part that goes anyway is left alone."""
    gone = {path for path, value in edits if value is GONE}
    outer = [edit for edit in edits if not any(edit[0][:depth] in gone for depth in range(1, len(edit[0])))]
    changed = data
    for path, value in sorted(outer, key=lambda edit: _last_first(edit[0]), reverse=True):
        changed = without(changed, path) if value is GONE else with_values(changed, {path: value})
    return changed


def _last_first(path: Path) -> tuple[tuple[int, int, str], ...]:
    """A key by which later items of a list come after earlier ones."""
    return tuple((0, key, "") if isinstance(key, int) else (1, 0, key) for key in path)


def with_values(data: dict[str, Any], values: dict[Path, Any]) -> dict[str, Any]:
    """The data with other values at some places."""
    changed = data
    for path, value in values.items():
        changed = _copied_along(changed, path[:-1])
        value_at(changed, path[:-1])[path[-1]] = value
    return changed


def _copied_along(data: Any, path: Path) -> Any:
    """A copy of which only the containers on a path are new."""
    copy = data.copy()
    inner = copy
    for key in path:
        inner[key] = inner[key].copy()
        inner = inner[key]
    return copy
