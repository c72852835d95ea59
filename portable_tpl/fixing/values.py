"""Proof of a change at a place that no conversation reaches: its expression alone, given values of all kinds.

In: a template and the edits of a fix inside one expression. Out: two small templates, one with the old expression and
one with the new, and the conversations that give its names their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import product
from typing import Any, NamedTuple

from jinja2 import nodes

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Edit, apply_edits
from portable_tpl.model.source import Span
from portable_tpl.template.syntax.parsing import ParsedTemplate

_ABSENT = object()
_VALUES: tuple[Any, ...] = (
    _ABSENT,
    None,
    "",
    "a",
    " Ab\n",
    "<b>é'\"",
    0,
    3,
    2.5,
    True,
    False,
    [],
    ["b ", "A"],
    [{"type": "text", "name": "a", "text": "t"}, {"type": "other", "role": "user", "content": "c"}],
    {},
    {"type": "object", "a": [1, None]},
)
_PROBE, _RESULT = "probed_names", "probed_result"
_KINDS = ("string", "none", "defined", "boolean", "number", "mapping")
_STEPS = (1, 3, 5, 7)  # from the value of one name to that of the next, where there are too many for all pairs
_MOST_PAIRED = 2

_MESSAGE: dict[str, Any] = {"role": "user", "content": "Hi"}  # the reference takes no conversation without any

Path = tuple[str | int, ...]


class Trial(NamedTuple):
    """The old and the new expression as templates of their own, and what to render both with."""

    old: str
    new: str
    conversations: list[Conversation]


def trial(parsed: ParsedTemplate, edits: Sequence[Edit]) -> Trial | None:
    """What shows whether a change keeps the value of an expression; ``None`` where it is no change of one alone."""
    root = _expression(parsed, edits)
    paths = None if root is None else _paths(parsed, root)
    if root is None or paths is None:
        return None
    span = parsed.span(root)
    moved = tuple(Edit(edit.start - span.start, edit.end - span.start, edit.text) for edit in edits)
    source = parsed.source(root)
    roots = sorted({str(path[0]) for path in paths})
    head = "".join(f"{{% set {name} = {_PROBE}['{name}'] %}}" for name in roots)
    old, new = (head + _shown(text, root, parsed.parent(root)) for text in (source, apply_edits(source, moved)))
    given = [Conversation([_MESSAGE], variables={_PROBE: names}) for names in _assignments(paths, roots)]
    return Trial(old, new, given)


def _expression(parsed: ParsedTemplate, edits: Sequence[Edit]) -> nodes.Expr | None:
    """The whole expression of a statement in which all edits lie."""
    for node in parsed.nodes:
        if isinstance(node, nodes.Expr) and isinstance(parsed.parent(node), (nodes.Stmt, nodes.Output)):
            span = parsed.span(node)
            if all(span.contains(Span(edit.start, edit.end)) for edit in edits):
                return node
    return None


def _paths(parsed: ParsedTemplate, root: nodes.Expr) -> list[Path] | None:
    """The names that are read, with their constant steps; ``None`` where some depend on others, or on macros."""
    paths: dict[Path, None] = {}
    for node in (root, *parsed.beneath(root)):
        if not isinstance(node, nodes.Name) or node.ctx != "load":
            continue
        path: Path = (node.name,)
        top: nodes.Node = node
        parent = parsed.parent(top)
        while top is not root and isinstance(parent, (nodes.Getattr, nodes.Getitem)) and parent.node is top:
            step = parent.attr if isinstance(parent, nodes.Getattr) else _constant(parent.arg)
            if not isinstance(step, (str, int)) or (isinstance(step, int) and not 0 <= step <= 3):
                return None
            path, top, parent = (*path, step), parent, parsed.parent(parent)
        if isinstance(parent, nodes.Call) and parent.node is top:
            if len(path) == 1:
                return None
            path = path[:-1]  # a method of the value
        paths[path] = None
    return list(paths)


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) and type(node.value) in (str, int) else None


def _shown(source: str, root: nodes.Expr, statement: nodes.Node | None) -> str:
    """A template that prints all that the statement around an expression can make of its value."""
    if isinstance(statement, nodes.Output):
        return f"<{{{{ {source} }}}}>"
    if isinstance(statement, nodes.For) and statement.iter is root:
        return f"{{% for {_RESULT} in {source} %}}<{{{{ {_RESULT} }}}}>{{% endfor %}}"
    if isinstance(statement, nodes.If):
        return f"{{{{ 'yes' if ({source}) else 'no' }}}}"
    kinds = "".join(f"{{{{ {_RESULT} is {kind} }}}} " for kind in _KINDS)
    return f"{{% set {_RESULT} = {source} %}}<{{{{ {_RESULT} }}}}>{kinds}"


def _assignments(paths: Sequence[Path], roots: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Values for all names: each value at each place, and beside others; and each in the place of a whole name."""
    count = len(_VALUES)
    if len(paths) <= _MOST_PAIRED:
        chosen = [list(row) for row in product(_VALUES, repeat=len(paths))]
    else:
        chosen = [
            [_VALUES[(start + step * place) % count] for place in range(len(paths))]
            for start in range(count)
            for step in _STEPS
        ]
    for row in chosen:
        names: dict[str, Any] = {}
        for path, value in zip(paths, row, strict=True):
            _put(names, path, value)
        yield names
        for root in roots if any(len(path) > 1 for path in paths) else ():
            for value in _VALUES[1:] if row is chosen[-1] else ():
                yield {**names, root: value}


def _put(names: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value where a path leads, through mappings and lists made on the way."""
    holder: Any = names
    for step, after in zip(path, (*path[1:], None), strict=True):
        if isinstance(holder, list) and isinstance(step, int):
            while len(holder) <= step:
                holder.append({})
        elif not isinstance(holder, dict):
            return  # a shorter path has its value there, or it is a list to another path
        if after is None:
            if value is not _ABSENT:
                holder[step] = deepcopy(value)  # a longer path may put something into it
        elif isinstance(holder, list):
            holder = holder[int(step)]
        else:
            holder = holder.setdefault(step, [] if isinstance(after, int) else {})
