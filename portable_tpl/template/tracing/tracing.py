"""A tree changed so that a render tells what it printed where, and the value of each of its expressions.

Used on the reference to find which part of a template a difference comes from. Nodes are named by their number in
jinja2's own order (:func:`portable_tpl.template.syntax.walking.preorder` of a freshly parsed tree), so that two
processes that parse the same text mean the same node.
"""

from __future__ import annotations

import json
from collections.abc import Container, ItemsView, Iterator, KeysView, ValuesView
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, nodes, pass_context
from jinja2.runtime import Context, Undefined
from markupsafe import Markup

from portable_tpl.template.syntax.walking import preorder
from portable_tpl.template.tracing.instrument import BRANCH_HOOK, call_hook, statement

BEGIN_HOOK, PRINT_HOOK, VALUE_HOOK = "portable_tpl_begin", "portable_tpl_print", "portable_tpl_value"
OPEN_HOOK, CLOSE_HOOK, CALLED_HOOK = "portable_tpl_open", "portable_tpl_close", "portable_tpl_called"
FILTERED_HOOK = "portable_tpl_filtered"

_LONGEST_VALUE = 4000  # characters of JSON; longer values are not kept
_SHORT = 600  # characters of text that are never longer than that as JSON
_MOST_VALUES = 3  # different values kept of one expression
_MOST_LOOKS = 20  # evaluations of one expression that are looked at: big values take long to write down
_MOST_PIECES = 20_000  # printed parts that are told apart; a loop of a hostile template may print millions
UNDEFINED = {"undefined": True}
_OWN_NAMES = ("loop", "caller", "self", "varargs", "kwargs")


def mark_prints(tree: nodes.Template, values: bool = False) -> None:
    """Change a tree so that its render reports printed pieces to a :class:`Recorder`; with ``values``, values too."""
    numbers = {id(node): number for number, node in enumerate(preorder(tree))}
    _mark(tree, numbers, values)


def mark_reached(tree: nodes.Template, wanted: Container[int]) -> None:
    """Change a tree so that its render reports each of some expressions, by number, as if it were a branch.

    Only expressions that :func:`recordable` knows are reported. The hook is that of
    :func:`portable_tpl.template.tracing.instrument.hook_branches`.
    """
    numbers = {id(node): number for number, node in enumerate(preorder(tree))}
    for parent in list(preorder(tree)):
        for name, value in list(parent.iter_fields()):
            if isinstance(value, nodes.Node):
                if numbers.get(id(value)) in wanted and _may_report(parent, name, value):
                    setattr(parent, name, _reached(value, numbers[id(value)]))
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if numbers.get(id(item)) in wanted and _may_report(parent, name, item):
                        value[index] = _reached(item, numbers[id(item)])


def recordable(parent: nodes.Node, node: nodes.Node) -> bool:
    """Whether :func:`mark_reached` can tell that an expression was evaluated."""
    for name, value in parent.iter_fields():
        if value is node or (isinstance(value, list) and any(item is node for item in value)):
            return _may_report(parent, name, node)
    return False


def _may_report(parent: nodes.Node, name: str, node: nodes.Node) -> bool:
    if isinstance(node, nodes.Name) and node.name in _OWN_NAMES:
        return False
    if isinstance(parent, nodes.Call) and name == "node":
        return isinstance(node, nodes.Name)  # all that tells of the call of a call block
    return _has_value(parent, name, node)


def _reached(node: Any, number: int) -> nodes.Expr:
    return call_hook(BRANCH_HOOK, node.lineno, number, number, node)


def _mark(node: nodes.Node, numbers: dict[int, int], values: bool) -> None:
    for name, value in list(node.iter_fields()):
        if isinstance(value, nodes.Node):
            _mark(value, numbers, values)
            if values and _has_value(node, name, value):
                setattr(node, name, _reporting(value, numbers))
        elif isinstance(value, list):
            setattr(node, name, [new for item in value for new in _marked_item(node, name, item, numbers, values)])
    if isinstance(node, nodes.FilterBlock):
        # The block's text goes through the filters of its tag, and then through the hook.
        block, last = numbers[id(node)], numbers[id(node.filter)]
        node.body.insert(0, statement(call_hook(BEGIN_HOOK, node.lineno, block)))
        arguments: list[nodes.Expr] = [nodes.Const(number, lineno=node.lineno) for number in (block, last)]
        node.filter = nodes.Filter(node.filter, FILTERED_HOOK, arguments, [], None, None, lineno=node.lineno)
    elif isinstance(node, (nodes.Macro, nodes.AssignBlock)) or _calls_a_macro(node):
        line = node.lineno
        body: list[nodes.Node] = node.body  # type: ignore[attr-defined]
        body.insert(0, statement(call_hook(OPEN_HOOK, line, numbers[id(node)])))
        body.append(statement(call_hook(CLOSE_HOOK, line, numbers[id(node)])))


def _marked_item(
    node: nodes.Node, name: str, item: Any, numbers: dict[int, int], values: bool
) -> Iterator[nodes.Node | Any]:
    if not isinstance(item, nodes.Node):
        yield item
        return
    _mark(item, numbers, values)
    if isinstance(node, nodes.Output):
        printed = item
        if values and _has_value(node, name, item):
            printed = _reporting(item, numbers)
        yield _printing(printed, numbers[id(item)])
    elif _calls_a_macro(item):
        # What it prints is what its macro prints; no expression stands for it.
        begin = call_hook(BEGIN_HOOK, item.lineno, numbers[id(item)])
        end = call_hook(CALLED_HOOK, item.lineno, numbers[id(item)])
        yield from (statement(begin), item, statement(end))
    elif values and _has_value(node, name, item):
        yield _reporting(item, numbers)
    else:
        yield item


def _calls_a_macro(node: nodes.Node) -> bool:
    """A call block of the template's own; the generation tag, which is one too, prints its body where it stands."""
    return isinstance(node, nodes.CallBlock) and not isinstance(node.call.node, nodes.ExtensionAttribute)


def _has_value(parent: nodes.Node, name: str, node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Expr) or isinstance(
        node, (nodes.Const, nodes.NSRef, nodes.Slice, nodes.TemplateData)
    ):
        return False
    if isinstance(node, (nodes.Name, nodes.Tuple)) and getattr(node, "ctx", "load") != "load":
        return False
    if isinstance(parent, nodes.Call) and name == "node":
        return False  # the method or function itself
    if isinstance(parent, nodes.CallBlock) and name == "call":
        return False
    if isinstance(parent, nodes.Tuple) and parent.ctx != "load":
        return False
    # Statements that need a constant, or bind names, or are seldom met.
    return not isinstance(
        parent, (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.Include, nodes.Import, nodes.FromImport,
                 nodes.Extends, nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)
    ) and not (isinstance(parent, nodes.For) and name == "target")  # fmt: skip


def _reporting(node: Any, numbers: dict[int, int]) -> nodes.Expr:
    if isinstance(node, nodes.Name) and node.name in _OWN_NAMES:
        return node
    return call_hook(VALUE_HOOK, node.lineno, numbers[id(node)], node)


def _printing(node: Any, number: int) -> nodes.Expr:
    begin = call_hook(BEGIN_HOOK, node.lineno, number)
    value = nodes.Const(node.data, lineno=node.lineno) if isinstance(node, nodes.TemplateData) else node
    return call_hook(PRINT_HOOK, node.lineno, begin, value)


@dataclass
class Piece:
    """A printed piece of text: the node that printed it, and the pieces printed while its value was made."""

    node: int
    text: str = ""
    inner: list[Piece] = field(default_factory=list)


class Recorder:
    """Collects what one render prints and computes; hang it on an environment with :meth:`hook`."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Forget the render before."""
        self._open: list[list[Piece]] = [[]]
        self._captured: list[Piece] = []
        self._values: dict[int, dict[Any, Any]] = {}
        self._described: dict[int, tuple[Any, Any, str]] = {}
        self._looked: dict[int, int] = {}
        self._count = 0

    def hook(self, environment: Environment) -> None:
        """Let renders of an environment's marked templates report here."""
        environment.filters.update(
            {
                BEGIN_HOOK: self._begin,
                PRINT_HOOK: self._print,
                VALUE_HOOK: self._value,
                OPEN_HOOK: self._capture,
                CLOSE_HOOK: self._end_capture,
                CALLED_HOOK: self._called,
                FILTERED_HOOK: self._filtered,
            }
        )

    def pieces(self) -> list[list[Any]]:
        """The printed pieces in order: ``[node, text, [inner pieces]]``."""
        return [_as_list(piece) for piece in self._open[0]]

    def captured(self) -> list[list[Any]]:
        """Pieces that were printed into a variable or an argument, in the same form."""
        return [_as_list(piece) for piece in self._captured]

    def values(self) -> dict[int, list[Any]]:
        """The different values of each expression, at most three; of a filter block, the texts that it filters.

        A value is ``{"value": …}``, ``{"undefined": true}`` or ``{"other": type name}``; beside ``value`` stands
        ``kind`` where JSON does not say it: ``view``, ``iterator``, ``tuple``, ``markup``; beside ``undefined`` which
        ``key`` was ``missing`` in a ``dict``, ``list`` or ``str``, if it was in one.
        """
        return {node: list(values.values()) for node, values in self._values.items()}

    @pass_context
    def _begin(self, _context: Context, node: int) -> int:
        self._open.append([])
        return node

    @pass_context
    def _print(self, _context: Context, node: int, value: Any) -> Any:
        inner = self._open.pop() if len(self._open) > 1 else []
        if self._count < _MOST_PIECES:
            self._count += 1
            self._open[-1].append(Piece(node, str(value), inner))
        return value

    @pass_context
    def _called(self, _context: Context, node: int) -> None:
        inner = self._open.pop() if len(self._open) > 1 else []
        self._open[-1].append(Piece(node, "".join(piece.text for piece in inner), inner))

    @pass_context
    def _filtered(self, context: Context, text: Any, block: int, last: int) -> Any:
        inner = self._open.pop() if len(self._open) > 1 else []
        self._value(context, block, "".join(piece.text for piece in inner))
        self._open[-1].append(Piece(last, str(text), inner))
        return self._value(context, last, text)

    @pass_context
    def _capture(self, _context: Context, node: int) -> None:
        self._open.append([])

    @pass_context
    def _end_capture(self, _context: Context, node: int) -> None:
        # What a macro printed is what its caller makes of it; kept as inner pieces where something is being printed.
        pieces = self._open.pop() if len(self._open) > 1 else []
        if len(self._open) > 1:
            self._open[-1].extend(pieces)
        else:
            self._captured.extend(pieces)

    @pass_context
    def _value(self, _context: Context, node: int, value: Any) -> Any:
        kept = self._values.setdefault(node, {})
        looked = self._looked[node] = self._looked.get(node, 0) + 1
        if looked > _MOST_LOOKS or len(kept) >= _MOST_VALUES:
            if isinstance(value, Undefined):  # rare, and mostly what goes wrong
                kept.setdefault("undefined", _undefined(value))
        else:
            kind = type(value)
            if kind is bool or value is None or (kind is str and len(value) <= _SHORT):
                kept.setdefault((kind, value), {"value": value})
            elif kind is dict or kind is list:
                # The same messages pass by at many places; the value is kept, so that its id stays its own.
                known = self._described.get(id(value))
                if known is None:
                    description, _ = _described(value)
                    known = self._described[id(value)] = (value, description, json.dumps(description))
                kept.setdefault(known[2], known[1])
            else:
                description, value = _described(value)
                # Undefined values are one, as the first of them tells of itself.
                kept.setdefault("undefined" if "undefined" in description else json.dumps(description), description)
        return value


def _as_list(piece: Piece) -> list[Any]:
    return [piece.node, piece.text, [_as_list(inner) for inner in piece.inner]]


def _undefined(value: Undefined) -> dict[str, Any]:
    owner, key = value._undefined_obj, value._undefined_name
    if type(owner) not in (dict, list, str) or type(key) not in (str, int) or value._undefined_hint is not None:
        return UNDEFINED
    return {**UNDEFINED, "missing": type(owner).__name__, "key": key}


def _described(value: Any) -> tuple[dict[str, Any], Any]:
    """A value in words, and the value to go on with: iterators are read to the end to be seen."""
    if isinstance(value, Undefined):
        return _undefined(value), value
    if isinstance(value, Iterator):
        items = list(value)
        made, _ = _described(items)
        return {**made, "kind": "iterator"}, iter(items)
    if isinstance(value, (KeysView, ValuesView, ItemsView)):
        return {**_described(list(value))[0], "kind": "view"}, value
    description: dict[str, Any] = {"other": type(value).__name__}
    if isinstance(value, (str, int, float, bool, type(None), dict, list, tuple)):
        try:
            text = json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return description, value
        if len(text) <= _LONGEST_VALUE:
            description = {"value": json.loads(text)}
            if isinstance(value, Markup):
                description["kind"] = "markup"
            elif isinstance(value, tuple):
                description["kind"] = "tuple"
    return description, value
