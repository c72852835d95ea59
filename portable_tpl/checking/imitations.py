"""What works only because an engine imitates Python, with what to write in plain Jinja instead.

Which features that are was measured: those that minijinja has with its ``pycompat`` flag and not without. Jinja's own
words for constants are lower-case; Python's are taken, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from portable_tpl.support.table import Support, load_table

IMITATION = "imitation"  # stands where findings have a target; no target has this name
_PLAIN = "minijinja-strict"
_WORDS = ("literal.True", "literal.False", "literal.None")
_INSTEAD = {
    "capitalize": "`|capitalize`",
    "count": "`|select` and `|length`",
    "endswith": "a slice from the end, compared with `==`",
    "find": "`in`",
    "format": "`|format` or `~`",
    "get": "`[key]` and `|default`",
    "items": "`|items`",
    "join": "`|join`",
    "keys": "the mapping itself",
    "lower": "`|lower`",
    "lstrip": "`|trim`, if both ends may be trimmed",
    "replace": "`|replace`",
    "rstrip": "`|trim`, if both ends may be trimmed",
    "startswith": "a slice from the start, compared with `==`",
    "strip": "`|trim`",
    "title": "`|title`",
    "upper": "`|upper`",
    "values": "`|items`",
}


@cache
def imitations() -> Mapping[str, Support]:
    """The features, as a table has what breaks."""
    table = load_table(_PLAIN)
    answers = {} if table is None else {name: each for name, each in table.broken.items() if each.answer == "flag"}
    return {**answers, **{name: Support("flag", "everyday") for name in _WORDS}}


def advice(feature: str, source: str) -> str:
    """What is imitated, and what plain Jinja has for it; ``source`` is the template's own text."""
    name = feature.partition("@")[0]
    if name in _WORDS:
        word = name.rpartition(".")[2]
        return f"`{word}` is Python's word; Jinja's own is `{word.lower()}`"
    parts = name.split(".")
    method = parts[2] if name.startswith("method.") and len(parts) > 2 else ""
    if not method:
        return f"`{source}` works only where an engine imitates Python"
    remark = f"`.{method}()` is a method of Python, which these engines imitate"
    return f"{remark}; plain Jinja has {_INSTEAD.get(method, 'none')}"
