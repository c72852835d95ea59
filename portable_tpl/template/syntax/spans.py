"""Where each node of jinja2's tree stands in the text.

jinja2 keeps one token a node (:mod:`portable_tpl.template.syntax.parsing` calls it the anchor), and which one that is
depends on the node: the first one, the operator, or even the one behind. So each kind of node has its own rule, which
finds the node's first and last token from its anchor and the extents of its parts
(:mod:`portable_tpl.template.syntax.span_rules`). Nothing is computed before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from jinja2 import nodes

from portable_tpl.model.source import Span
from portable_tpl.template.syntax.lexing import Lexed, LexToken

Extent: TypeAlias = tuple[int, int]
"""The indices of a node's first and last token."""

Rule: TypeAlias = "Callable[[Extents, Any], Extent]"

_CLOSING = {"lparen": "rparen", "lbracket": "rbracket", "lbrace": "rbrace"}
_BLOCKS = frozenset(
    (
        nodes.For,
        nodes.If,
        nodes.Macro,
        nodes.CallBlock,
        nodes.FilterBlock,
        nodes.With,
        nodes.Block,
        nodes.AssignBlock,
        nodes.ScopedEvalContextModifier,
    )
)


class Extents:
    """The places of the nodes of one tree."""

    def __init__(
        self,
        lexed: Lexed,
        order: Sequence[nodes.Node],
        anchors: dict[nodes.Node, int],
        rule_for: Callable[[type[nodes.Node]], Rule],
    ) -> None:
        self.tokens = lexed.tokens
        self.anchors = anchors
        self._lexed = lexed
        self._order = order
        self._rule_for = rule_for
        self._known: dict[nodes.Node, Extent] = {}

    def span(self, node: nodes.Node) -> Span:
        """The place of a node in the template's text; not for the root, which may be without tokens."""
        first, last = self.extent(node)
        start, end = self.tokens[first].start, self.tokens[last].end
        if first > last:  # the empty tuple of `x[]` has no token of its own and stands between two
            start, end = end, start
        return Span(self._lexed.offset(start), self._lexed.offset(end))

    def extent(self, node: nodes.Node) -> Extent:
        """A node's first and last token."""
        known = self._known
        if node not in known:
            # Not recursive: a sum of 5,000 terms is a tree of that depth, and the parser takes it.
            pending, order = [node], []
            while pending:
                item = pending.pop()
                if item not in known:
                    order.append(item)
                    pending += _parts(item)
            for item in reversed(order):
                known[item] = self._rule_for(type(item))(self, item)
        return known[node]

    def outer(self, node: nodes.Node) -> Extent:
        """The extent of an expression with the brackets that group it; its own extent must be known already."""
        first, last = self._known[node]
        while self.groups(first - 1, last + 1):
            first, last = first - 1, last + 1
        return first, last

    def groups(self, first: int, last: int) -> bool:
        """Whether two tokens are a pair of round brackets that hold neither arguments nor a signature."""
        if self.partner.get(first) != last or self.tokens[first].type != "lparen":
            return False
        return first not in self._argument_brackets

    @cached_property
    def partner(self) -> dict[int, int]:
        """For each opening bracket the token that closes it, and the other way round."""
        partner: dict[int, int] = {}
        pending: list[int] = []
        closing = frozenset(_CLOSING.values())
        for index, token in enumerate(self.tokens):
            kind = token[1]
            if kind in _CLOSING:
                pending.append(index)
            elif kind in closing:
                start = pending.pop()
                partner[start], partner[index] = index, start
        return partner

    @cached_property
    def _argument_brackets(self) -> frozenset[int]:
        """Every ``(`` of a call or a signature: it groups nothing, even around a single expression."""
        brackets = set()
        for node in self._order:
            kind = node.__class__
            if kind is nodes.Call:
                brackets.add(self.anchors[node])
            elif kind is nodes.Filter or kind is nodes.Test:
                brackets.add(self.after_name(node))  # type: ignore[arg-type]
            elif kind is nodes.Macro:
                brackets.add(self.anchors[node] + 2)
            elif kind is nodes.CallBlock:
                brackets.add(self.anchors[node] + 1)
        return frozenset(brackets)

    def after_name(self, node: nodes.Filter | nodes.Test) -> int:
        """The token after a filter's or test's name, which may be dotted."""
        index = self.anchors[node]
        if isinstance(node, nodes.Test):
            index += 2 if self.tokens[index + 1].key == "name:not" else 1
        while self.tokens[index + 1].type == "dot":
            index += 2
        return index + 1

    @cached_property
    def tags(self) -> Tags:
        """How the tags of the template belong together."""
        return Tags(self.tokens, {self.anchors[node] for node in self._order if node.__class__ in _BLOCKS})


class Tags:
    """Which tag closes, or goes on with, which: ``{% if %}`` … ``{% elif %}`` … ``{% endif %}``.

    ``last`` has, for each ``{%``, the ``%}`` of the tag or of the tag that closes its block; ``branch_last``, for
    each ``{%`` of an ``elif`` or ``else``, the last token before the block goes on.
    """

    def __init__(self, tokens: Sequence[LexToken], openers: set[int]) -> None:
        self.last: dict[int, int] = {}
        self.branch_last: dict[int, int] = {}
        pending: list[tuple[int, int]] = []  # open blocks: their first tag, and the latest of the block's own tags
        begin = 0
        for index, kind in enumerate([token[1] for token in tokens]):
            if kind == "block_begin":
                begin = index
            elif kind == "block_end":
                name = tokens[begin + 1].value
                self.last[begin] = index
                if begin + 1 in openers:
                    pending.append((begin, begin))
                elif name in ("elif", "else"):
                    opener, latest = pending.pop()
                    self.branch_last[latest] = begin - 1
                    pending.append((opener, begin))
                elif name.startswith("end"):
                    opener, latest = pending.pop()
                    self.branch_last[latest] = begin - 1
                    self.last[opener] = index


def _parts(node: nodes.Node) -> Iterable[nodes.Node]:
    """The nodes that a node's extent depends on."""
    if isinstance(node, nodes.Stmt) and not isinstance(node, nodes.Output):
        return ()  # its tags say it all
    return node.iter_child_nodes()
