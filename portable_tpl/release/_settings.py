"""The template's own switches, each on and off."""

from __future__ import annotations

import json
from collections.abc import Mapping

from portable_tpl.model.conversation import Json
from portable_tpl.release._base import Subject

_MOST_SWITCHES = 6


def settings_of(subject: Subject) -> list[dict[str, Json]]:
    """No switch given, then each of the first few alone, on and off."""
    switches = subject.boolean_variables[:_MOST_SWITCHES]
    return [{}, *({name: value} for name in switches for value in (True, False))]


def words_of(setting: Mapping[str, Json]) -> str:
    """A setting for the middle of a sentence; empty where no switch is given."""
    return "".join(f" with {name}={json.dumps(value)}" for name, value in setting.items())
