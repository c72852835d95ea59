"""From a condition of a template to what of a conversation makes it true or false."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product

from jinja2 import nodes

from portable_tpl.generation.condition_syntax import (
    assignments,
    constants,
    earlier_tests,
    index,
    is_loop,
    macro_calls,
    name_of,
)
from portable_tpl.generation.constraint_edits import Constraint, Op
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.usage.facts import ITEM
from portable_tpl.template.usage.paths import Path, PathReader

Alternatives = tuple[
    tuple[Constraint, ...], ...
]  # alternatives, each a list of constraints; () is "no way known", ((),) "nothing needed"

FREE: Alternatives = ((),)
_MOST_ALTERNATIVES = 8  # ways to one branch; conditions that are joined multiply them
_DEEPEST = 5  # conditions on conditions, through variables; a variable may be set from itself
_WORD = "search"  # what is put into two parts of the input that are to be equal
_PASSED_ON = ("lower", "upper", "trim", "string")
_MIRRORED = {"lt": "gt", "gt": "lt", "lteq": "gteq", "gteq": "lteq"}


class PathConstraints:
    """Reads a template backwards: which constraints lead to a node, and which make a condition true or false."""

    def __init__(self, parsed: ParsedTemplate, branches: Sequence[Branch]) -> None:
        self._parsed = parsed
        self._reader = PathReader(parsed.tree)
        self._assignments = assignments(parsed)
        self._calls = macro_calls(parsed)
        # One node is on the way to many others, and every round asks again.
        self._known: dict[tuple[int, int], tuple[frozenset[int], Alternatives]] = {}
        self._paths: dict[int, list[Path]] = {}
        self._by_node: dict[int, list[Branch]] = {}
        for branch in branches:
            self._by_node.setdefault(id(branch.node), []).append(branch)

    # -- the way to a node ---------------------------------------------------------------------------------------

    def own(self, branch: Branch) -> Alternatives:
        """Alternatives to take a branch once its node is reached."""
        if branch.kind == "macro":
            return self._reach_any(self._calls.get(branch.node.name, ()), 0)  # type: ignore[attr-defined]
        if branch.kind in ("loop", "empty-loop"):
            return self._iterates(branch.node, branch.wanted, 0)  # type: ignore[arg-type]
        assert branch.test is not None
        own = self.solve(branch.test, branch.wanted)
        if isinstance(branch.node, nodes.If):
            own = self._all([own, *(self.solve(test, False) for test in earlier_tests(self._parsed, branch.node))])
        return own

    def conditions(self, node: nodes.Node, depth: int = 0) -> Sequence[tuple[frozenset[int], Alternatives]]:
        """What must hold on the way to a node, outermost first: branch numbers that show it, and options to it."""
        conditions: list[tuple[frozenset[int], Alternatives]] = []
        child, parent = node, self._parsed.parent(node)
        while parent is not None:
            key = (id(child), depth)
            if key not in self._known:
                self._known[key] = self._condition(parent, child, depth)
            conditions.append(self._known[key])
            child, parent = parent, self._parsed.parent(parent)
        return [condition for condition in reversed(conditions) if condition[1] != FREE]

    def _condition(self, parent: nodes.Node, child: nodes.Node, depth: int) -> tuple[frozenset[int], Alternatives]:
        none: frozenset[int] = frozenset()
        if depth > _DEEPEST:
            return none, FREE
        if isinstance(parent, nodes.If) and child is not parent.test:
            if any(child is inner for inner in parent.body):
                numbers = self._numbers(parent, True)
                return numbers, self._all([self.solve(parent.test, True, depth)])
            if any(child is inner for inner in parent.else_):
                last = parent.elif_[-1] if parent.elif_ else parent
                every = [parent.test, *(part.test for part in parent.elif_)]
                return self._numbers(last, False), self._all([self.solve(test, False, depth) for test in every])
            # An `elif`: those before it were false.
            before = [parent.test, *(part.test for part in parent.elif_[: index(parent.elif_, child)])]
            return none, self._all([self.solve(test, False, depth) for test in before])
        if isinstance(parent, nodes.CondExpr) and child is not parent.test:
            wanted = child is parent.expr1
            return self._numbers(parent, wanted), self.solve(parent.test, wanted, depth)
        if isinstance(parent, (nodes.And, nodes.Or)) and child is parent.right:
            wanted = isinstance(parent, nodes.And)
            return self._numbers(parent, wanted), self.solve(parent.left, wanted, depth)
        if isinstance(parent, nodes.For) and any(child is inner for inner in parent.body):
            return self._numbers(parent, True), self._iterates(parent, True, depth)
        if isinstance(parent, nodes.Macro):
            return self._numbers(parent, True), self._reach_any(self._calls.get(parent.name, ()), depth + 1)
        return none, FREE

    def _numbers(self, node: nodes.Node, wanted: bool) -> frozenset[int]:
        return frozenset(branch.number for branch in self._by_node.get(id(node), ()) if branch.wanted == wanted)

    def _reach_any(self, places: Sequence[nodes.Node], depth: int) -> Alternatives:
        if depth > _DEEPEST:
            return FREE
        options: list[tuple[Constraint, ...]] = []
        for place in places[:4]:
            options += self._all([condition for _, condition in self.conditions(place, depth + 1)])
        return tuple(options[:_MOST_ALTERNATIVES]) or FREE

    def _iterates(self, loop: nodes.For, wanted: bool, depth: int) -> Alternatives:
        options = self._each(loop.iter, "longer", 0) if wanted else self._each(loop.iter, "shorter", 1)
        if not wanted:
            options += self._each(loop.iter, "falsy", None)
        if loop.test is not None and wanted:
            return self._all([options or FREE, self.solve(loop.test, True, depth)])
        return options or FREE

    # -- conditions ----------------------------------------------------------------------------------------------

    def solve(self, test: nodes.Node, wanted: bool, depth: int = 0) -> Alternatives:
        """Alternatives to make a condition true (or false)."""
        if depth > _DEEPEST:
            return FREE
        if isinstance(test, nodes.Not):
            return self.solve(test.node, not wanted, depth)
        if isinstance(test, (nodes.And, nodes.Or)):
            both = [self.solve(test.left, wanted, depth), self.solve(test.right, wanted, depth)]
            if isinstance(test, nodes.And) == wanted:
                return self._all(both)
            return (both[0] + both[1])[:_MOST_ALTERNATIVES]
        if isinstance(test, nodes.Test):
            return self._solve_test(test, wanted, depth)
        if isinstance(test, nodes.Compare):
            return self._solve_compare(test, wanted, depth)
        if isinstance(test, nodes.Call):
            return self._solve_call(test, wanted)
        if isinstance(test, nodes.Filter) and test.name in ("length", "count") and test.node is not None:
            return self._each(test.node, "longer" if wanted else "shorter", 0 if wanted else 1) or FREE
        if isinstance(test, nodes.CondExpr):
            return self._all([self.solve(test.test, True, depth), self.solve(test.expr1, wanted, depth + 1)])
        return self._solve_value(test, wanted, depth)

    def _solve_value(self, test: nodes.Node, wanted: bool, depth: int) -> Alternatives:
        if is_loop(test):
            return self._solve_loop(test, wanted)
        options = self._each(test, "truthy" if wanted else "falsy", None)
        for value, place in self._assigned(test):
            if isinstance(value, nodes.Const):
                if bool(value.value) == wanted:
                    options += self._reach_any([place], depth + 1)
            elif depth < _DEEPEST:
                options += self._all([self.solve(value, wanted, depth + 1), *self._way_to(place, depth + 1)])
        return options[:_MOST_ALTERNATIVES] or FREE

    def _way_to(self, place: nodes.Node, depth: int) -> list[Alternatives]:
        return [condition for _, condition in self.conditions(place, depth + 1)]

    def _assigned(self, node: nodes.Node) -> list[tuple[nodes.Node, nodes.Node]]:
        name = name_of(node)
        return self._assignments.get(name, [])[:6] if name else []

    def _solve_loop(self, test: nodes.Node, wanted: bool) -> Alternatives:
        """``loop.first``, ``loop.last`` and their kin: false needs a second item."""
        loop = self._parsed.parent(test)
        while loop is not None and not isinstance(loop, nodes.For):
            loop = self._parsed.parent(loop)
        many = getattr(test, "attr", "") in ("first", "last") and not wanted
        many = many or (getattr(test, "attr", "") not in ("first", "last") and wanted)
        if loop is None or not many:
            return FREE
        return self._each(loop.iter, "longer", 1) or FREE

    def _solve_test(self, test: nodes.Test, wanted: bool, depth: int) -> Alternatives:
        name = test.name
        if name in ("defined", "undefined"):
            op: Op = "present" if (name == "defined") == wanted else "absent"
            options = self._each(test.node, op, None)
            if not options:
                for _, place in self._assigned(test.node):
                    options += self._reach_any([place], depth + 1)
            return options or FREE
        if name in ("eq", "equalto", "==", "ne", "in", "sameas") and test.args:
            return self._against(test.node, test.args[0], {"ne": "ne", "in": "in"}.get(name, "eq"), wanted, depth)
        if name == "none":
            return self._each(test.node, "kind" if wanted else "present", "none") or FREE
        return self._each(test.node, "kind" if wanted else "other-kind", name) or FREE

    def _solve_compare(self, test: nodes.Compare, wanted: bool, depth: int) -> Alternatives:
        operand = test.ops[0]
        if not isinstance(test.expr, nodes.Const) and isinstance(
            operand.expr, (nodes.Const, nodes.List, nodes.Tuple)
        ):
            return self._against(test.expr, operand.expr, operand.op, wanted, depth)
        if isinstance(test.expr, nodes.Const) and operand.op in ("in", "notin"):
            inside = (operand.op == "in") == wanted
            return self._each(operand.expr, "contains" if inside else "lacks", test.expr.value) or FREE
        if isinstance(test.expr, nodes.Const):
            return self._against(operand.expr, test.expr, _MIRRORED.get(operand.op, operand.op), wanted, depth)
        if operand.op in ("in", "notin"):
            return self._within(test.expr, operand.expr, (operand.op == "in") == wanted)
        if operand.op in ("gt", "gteq", "ne") and wanted:
            return self._solve_value(test.expr, True, depth + 1)
        return FREE

    def _within(self, item: nodes.Expr, holder: nodes.Expr, inside: bool) -> Alternatives:
        """Alternatives to have one part of the input hold another, or not."""
        holders = self._each(holder, "contains" if inside else "lacks", _WORD)
        if not inside:
            return holders or FREE
        return self._all([self._each(item, "equals", _WORD) or FREE, holders]) if holders else FREE

    def _against(self, node: nodes.Node, other: nodes.Node, op: str, wanted: bool, depth: int) -> Alternatives:
        literals = constants(other)
        if not literals:
            return FREE
        if is_loop(node):
            return self._solve_loop(node, op in ("gt", "gteq", "ne") or (op == "eq" and literals[0] != 0))
        if isinstance(node, nodes.Filter) and node.name in ("length", "count") and node.node is not None:
            return self._length(node.node, literals[0], op, wanted)
        base = node
        if isinstance(node, nodes.Filter) and node.name in _PASSED_ON and node.node is not None:
            base = node.node
        equal = (op in ("eq", "in")) == wanted if op in ("eq", "ne", "in", "notin") else None
        if equal is None:
            numbers = [value for value in literals if isinstance(value, (int, float)) and not isinstance(value, bool)]
            return tuple(way for value in numbers for way in self._ordered(base, value, op, wanted)) or FREE
        options: Alternatives = ()
        for constant in literals[:4]:
            options += self._each(base, "equals" if equal else "differs", constant)
        for value, place in self._assigned(base):
            if isinstance(value, nodes.Const):
                if (value.value in literals) == equal:
                    options += self._reach_any([place], depth + 1)
            elif (equal and literals == [True]) or literals == [False]:
                options += self._all(
                    [self.solve(value, bool(literals[0]) == equal, depth + 1), *self._way_to(place, depth)]
                )
        return options[:_MOST_ALTERNATIVES] or FREE

    def _ordered(self, node: nodes.Node, value: float, op: str, wanted: bool) -> Alternatives:
        up = (op in ("gt", "gteq")) == wanted
        return self._each(node, "equals", value + (1 if up else -1))

    def _length(self, node: nodes.Node, value: object, op: str, wanted: bool) -> Alternatives:
        if not isinstance(value, int):
            return FREE
        low, high = {
            "gt": (value, None), "gteq": (value - 1, None), "lt": (None, value), "lteq": (None, value + 1),
            "eq": (value - 1, value + 1), "ne": (value, None),
        }.get(op, (None, None))  # fmt: skip
        if not wanted:
            low, high = {"eq": (value, None), "ne": (value - 1, value + 1)}.get(
                op, (None if high is None else high - 1, None if low is None else low + 1)
            )
        options: Alternatives = ()
        if low is not None:
            options += self._each(node, "longer", low)
        if high is not None:
            options += self._each(node, "shorter", high)
        return options or FREE

    def _solve_call(self, call: nodes.Call, wanted: bool) -> Alternatives:
        callee = call.node
        if not isinstance(callee, nodes.Getattr) or not call.args:
            return FREE
        ops: dict[str, Op] = {"startswith": "starts", "endswith": "ends", "find": "contains", "get": "truthy"}
        op = ops.get(callee.attr)
        value = call.args[0].value if isinstance(call.args[0], nodes.Const) else None
        if op is None or not isinstance(value, str):
            return FREE
        if op == "truthy":
            return self._each(call, "truthy" if wanted else "falsy", None) or FREE
        return self._each(callee.node, op if wanted else "lacks", value) or FREE

    def be(self, node: nodes.Node, op: Op, value: object) -> Alternatives:
        """Alternatives for an expression to be something; empty where it is no part of the input."""
        return self._each(node, op, value)

    # -- constraints on paths ----------------------------------------------------------------------------------------

    def _each(self, node: nodes.Node, op: Op, value: object) -> Alternatives:
        """One way for each part of the input that an expression may stand for."""
        paths = self._paths.get(id(node))
        if paths is None:
            every = sorted(self._reader.read(node), key=lambda path: (len(path), path))
            paths = self._paths[id(node)] = [path for path in every[:_MOST_ALTERNATIVES] if _is_settable(path)]
        return tuple((Constraint(path, op, value),) for path in paths)

    @staticmethod
    def _all(parts: Sequence[Alternatives]) -> Alternatives:
        """Alternatives that have a part of each; parts without a known way are left to chance."""
        known = [part for part in parts if part]
        return tuple(
            tuple(constraint for part in combination for constraint in part)
            for combination in islice(product(*(part[:3] for part in known)), _MOST_ALTERNATIVES)
        )


def _is_settable(path: Path) -> bool:
    return path not in (("messages", ITEM), ("bos_token",), ("eos_token",))
