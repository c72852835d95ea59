"""jinja2's parser with short cuts: the same trees from the same grammar, in fewer steps.

jinja2 descends through all its levels of precedence for every operand, though most operands stand alone. Here an
operand is read first, and what follows it decides which levels are looked at. Node by node, with each anchor, the
trees are the same; ``tests/template/test_parsing.py`` compares them. Only how deep a template may nest before
Python's stack is full would differ: what nests deep is for jinja2's own parser (:func:`nests_deep`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import nodes
from jinja2.parser import Parser

if TYPE_CHECKING:
    from portable_tpl.template.syntax.lexing import Lexed

_SUMS: dict[str, type[nodes.BinExpr]] = {"add": nodes.Add, "sub": nodes.Sub}
_PRODUCTS: dict[str, type[nodes.BinExpr]] = {
    "mul": nodes.Mul,
    "div": nodes.Div,
    "floordiv": nodes.FloorDiv,
    "mod": nodes.Mod,
}
_ARITHMETIC = frozenset({*_SUMS, *_PRODUCTS, "pow", "tilde"})
_COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq"})
# After an operand, neither of these goes on with an expression: its tag, bracket or place in a list ends.
_ENDS = frozenset({"variable_end", "block_end", "comma", "rparen", "rbracket", "rbrace", "colon"})
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}

_OPENING = frozenset({"lparen", "lbracket", "lbrace"})
_CLOSING = frozenset({"rparen", "rbracket", "rbrace"})
_OPERANDS = _CLOSING | {"name", "string", "integer", "float"}
_SHORT = 60  # tokens of a tag, which need not be looked into
_DEEP = 20  # jinja2 takes 13 frames a level and more, of the 1,000 that Python has

_NodeT = TypeVar("_NodeT", bound=nodes.Node)


def _made(kind: type[_NodeT], **fields: Any) -> _NodeT:
    """A node without its constructor, which looks at each field by name; the environment is set later."""
    node = object.__new__(kind)
    node.__dict__ = fields
    return node


class ExpressionParser(Parser):
    """Reads expressions; all else is jinja2's. Its tokens must have what :class:`lexing.LexToken` has."""

    def parse_expression(self, with_condexpr: bool = True) -> nodes.Expr:
        """An expression; with ``with_condexpr``, also one with an inline ``if``."""
        token: Any = self.stream.current
        if not with_condexpr or token.key == "name:not":
            return super().parse_expression(with_condexpr)
        node = self.parse_unary()
        if self.stream.current.type in _ENDS:
            return node
        lineno: int = token.lineno
        return self._condition(self._choice(self._comparison(self._arithmetic(node, lineno), lineno), lineno), lineno)

    def parse_compare(self) -> nodes.Expr:
        """An operand of ``and``, ``or`` and ``not``."""
        lineno = self.stream.current.lineno
        node = self.parse_unary()
        return node if self.stream.current.type in _ENDS else self._comparison(self._arithmetic(node, lineno), lineno)

    def parse_math1(self) -> nodes.Expr:
        """An operand of a comparison."""
        lineno = self.stream.current.lineno
        return self._arithmetic(self.parse_unary(), lineno)

    def parse_primary(self, with_namespace: bool = False) -> nodes.Expr:
        """A name or a literal."""
        stream = self.stream
        token: Any = stream.current
        if token.type == "name" and not with_namespace:
            next(stream)
            if token.value not in _CONSTANTS:
                return _made(nodes.Name, name=token.value, ctx="load", lineno=token.lineno)
            return _made(nodes.Const, value=_CONSTANTS[token.value], lineno=token.lineno)
        if token.type == "string" and stream.look().type != "string":
            next(stream)
            return _made(nodes.Const, value=token.value, lineno=token.lineno)
        return super().parse_primary(with_namespace)

    def parse_subscript(self, node: nodes.Expr) -> nodes.Getattr | nodes.Getitem:
        """An attribute or an item of ``node``."""
        stream = self.stream
        token, name = stream.current, stream.look()
        if token.type != "dot" or name.type != "name":
            return super().parse_subscript(node)
        next(stream)
        next(stream)
        return _made(nodes.Getattr, node=node, attr=name.value, ctx="load", lineno=token.lineno)

    def _arithmetic(self, node: nodes.Expr, lineno: int) -> nodes.Expr:
        """Go on after an operand with powers, products, texts joined by ``~``, and sums."""
        stream = self.stream
        if stream.current.type not in _ARITHMETIC:
            return node
        start = lineno
        while stream.current.type == "pow":
            next(stream)
            node = nodes.Pow(node, self.parse_unary(), lineno=start)
            start = stream.current.lineno
        node = self._chain(node, lineno, _PRODUCTS, self.parse_pow)
        if stream.current.type == "tilde":
            operands = [node]
            while stream.current.type == "tilde":
                next(stream)
                operands.append(self.parse_math2())
            node = nodes.Concat(operands, lineno=lineno)
        return self._chain(node, lineno, _SUMS, self.parse_concat)

    def _chain(
        self, node: nodes.Expr, lineno: int, kinds: dict[str, type[nodes.BinExpr]], operand: Any
    ) -> nodes.Expr:
        stream = self.stream
        while stream.current.type in kinds:
            kind = kinds[stream.current.type]
            next(stream)
            node = _made(kind, left=node, right=operand(), lineno=lineno)
            lineno = stream.current.lineno
        return node

    def _comparison(self, node: nodes.Expr, lineno: int) -> nodes.Expr:
        stream = self.stream
        found: list[nodes.Operand] = []
        while True:
            token: Any = stream.current
            if token.type in _COMPARISONS or token.key == "name:in":
                next(stream)
                name = token.type if token.type in _COMPARISONS else "in"
            elif token.key == "name:not" and stream.look().test("name:in"):
                stream.skip(2)
                name = "notin"
            else:
                return _made(nodes.Compare, expr=node, ops=found, lineno=lineno) if found else node
            found.append(_made(nodes.Operand, op=name, expr=self.parse_math1(), lineno=None))
            lineno = stream.current.lineno

    def _choice(self, node: nodes.Expr, lineno: int) -> nodes.Expr:
        stream, start = self.stream, lineno
        while stream.skip_if("name:and"):
            node = nodes.And(node, self.parse_not(), lineno=start)
            start = stream.current.lineno
        while stream.skip_if("name:or"):
            node = nodes.Or(node, self.parse_and(), lineno=lineno)
            lineno = stream.current.lineno
        return node

    def _condition(self, node: nodes.Expr, lineno: int) -> nodes.Expr:
        stream = self.stream
        while stream.skip_if("name:if"):
            test = self.parse_or()
            other = self.parse_condexpr() if stream.skip_if("name:else") else None
            node = nodes.CondExpr(test, node, other, lineno=lineno)
            lineno = stream.current.lineno
        return node


def nests_deep(lexed: Lexed) -> bool:
    """Whether a tag of a template nests so deep that it matters: in brackets, by ``not``, ``else`` and signs."""
    if lexed.longest_tag <= _SHORT:
        return False
    brackets = words = 0
    before = ""
    for _, kind, _, key, _, _ in lexed.tokens:
        if kind in _OPENING:
            brackets += 1
        elif kind in _CLOSING:
            brackets -= 1
        elif kind == "block_end" or kind == "variable_end":
            words = 0
        elif key == "name:not" or key == "name:else" or (kind in _SUMS and before not in _OPERANDS):
            words += 1
        if brackets + words > _DEEP:
            return True
        before = kind
    return False
