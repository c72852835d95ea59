"""Values for what a template reads beyond the standard fields: its own keys and variables."""

from __future__ import annotations

from typing import Any

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.text import spoken_text
from portable_tpl.requests.fields import CONTINUATION_FLAG
from portable_tpl.requests.flags import FLAG_NAME
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE
from portable_tpl.template.usage.paths import Path
from portable_tpl.template.usage.shape import TemplateShape

_DEEPEST = 3  # levels of a drawn value; deeper ones are a mutation of their own
_NUMBERS = (1, 0, 2, 10, 256, 4096)
_MAPPING_USES = frozenset({"pairs", "is-mapping"})


def value_for(choices: Choices, shape: TemplateShape, path: Path, depth: int = 0) -> Any:
    """A value of the kind that the template seems to expect at ``path``."""
    facts = shape.at(path)
    options: list[Any] = list(facts.equals)
    if options and happens(choices, 70):
        chosen = pick(choices, options)
        return _near(choices, chosen) if chosen is not None else spoken_text(choices)
    kinds = _kinds(shape, path)
    kind = pick(choices, kinds)
    if depth >= _DEEPEST and kind in ("list", "mapping"):
        kind = "text"
    if kind == "list":
        count = facts.least + choices.below(2)
        return [value_for(choices, shape, (*path, ITEM), depth + 1) for _ in range(count)]
    if kind == "mapping":
        return _mapping(choices, shape, path, depth)
    if kind == "flag":
        return not happens(choices, 40)
    if kind == "number":
        return pick(choices, _NUMBERS)
    return spoken_text(choices, shape.markers(path))


def _near(choices: Choices, constant: Any) -> Any:
    if isinstance(constant, bool) or not isinstance(constant, int):
        return constant
    return max(0, constant + pick(choices, (0, 1, -1)))


def _kinds(shape: TemplateShape, path: Path) -> list[str]:
    facts = shape.at(path)
    uses = facts.uses
    steps = [step for step in shape.children(path) if step != TEXT]
    kinds = []
    if any(step not in (ITEM, VALUE, KEY) for step in steps) or uses & _MAPPING_USES or VALUE in steps:
        kinds.append("mapping")
    if ITEM in steps or uses & {"iterated", "joined"}:
        kinds.append("list")
    if "is-string" in uses or ("printed" in uses and not kinds):
        kinds.append("text")
    if "order" in uses or uses & {"is-number", "is-integer"}:
        kinds.append("number")
    if len(path) == 1 and FLAG_NAME.match(path[0]):
        kinds.insert(0, "flag")
    elif uses & {"is-boolean", "is-true", "is-false"} or (
        # What texts are looked for in holds them: it is no switch.
        uses & {"truth"} and "printed" not in uses and not facts.markers and not kinds
    ):
        kinds.append("flag")
    return kinds or ["text"]


def _mapping(choices: Choices, shape: TemplateShape, path: Path, depth: int) -> dict[str, Any]:
    out = {
        key: value_for(choices, shape, (*path, key), depth + 1) for key in shape.keys(path) if happens(choices, 75)
    }
    if VALUE in shape.children(path) or not out:
        named = pick(choices, ("city", "unit", "key"))
        out.setdefault(named, value_for(choices, shape, (*path, VALUE), depth + 1))
    return out


def is_flag(shape: TemplateShape, name: str) -> bool:
    """Whether a variable may be a switch."""
    return "flag" in _kinds(shape, (name,))


def variables_for(choices: Choices, shape: TemplateShape, percent: int = 45) -> dict[str, Any]:
    """Values for some of the variables that the template expects; the others stay absent."""
    return {name: value_for(choices, shape, (name,)) for name in own_variables(shape) if happens(choices, percent)}


def own_variables(shape: TemplateShape) -> list[str]:
    """The variables that a caller can hand to the template."""
    return [name for name in shape.variables if name != CONTINUATION_FLAG]


def own_copy(value: Any) -> Any:
    """A deep copy of JSON data."""
    if isinstance(value, dict):
        return {key: own_copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [own_copy(inner) for inner in value]
    return value
