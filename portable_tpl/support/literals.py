"""JSON data written into a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def assignments(variables: Mapping[str, Any]) -> str:
    """Statements that give variables their values."""
    return "".join(f"{{% set {name} = {_literal(value)} %}}" for name, value in variables.items())


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
