"""Branches of a template, and a tree changed so that a render says which of them it took.

The branches are those of ``if``/``elif``/``else``, of the inline ``if``, of a loop (taken, empty), of the left side
of ``and`` and ``or``, and the entry of a macro. They are numbered in the order of jinja2's own tree, so that two
processes that parse the same text mean the same branch by the same number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import Environment, nodes, pass_context
from jinja2.runtime import Context

from portable_tpl.template.syntax.walking import preorder

BranchKind = Literal[
    "if", "else", "inline-if", "inline-else", "loop", "empty-loop", "shortcut", "right-side", "macro"
]

# The names under which a render's recorder stands among the environment's filters: no template can shadow these, and
# jinja2 calls them as they are; other calls pass through its sandbox, which takes longer than the hook. Each takes
# the context, which it does not need: without it, jinja2 would call those with constants when it compiles.
BRANCH_HOOK = "portable_tpl_branch"
ORDER_HOOK = "portable_tpl_order"
HIT_HOOK = "portable_tpl_hit"

_MOST_ORDERED = 20_000  # outcomes of one render: a loop over a long text has more than anybody reads


@dataclass(frozen=True)
class Branch:
    """One way that a template can go.

    ``node`` is the construct (``If``, ``CondExpr``, ``For``, ``And``, ``Or``, ``Macro``), ``test`` what decides
    (``None`` for a macro), and ``wanted`` the truth of ``test`` that leads here (for a loop: whether it has an item).
    """

    number: int
    kind: BranchKind
    line: int
    node: nodes.Node
    test: nodes.Node | None
    wanted: bool


def branches(tree: nodes.Node) -> list[Branch]:
    """All branches of a template's tree."""
    result: list[Branch] = []

    def add(kind: BranchKind, node: nodes.Node, test: nodes.Node | None, wanted: bool) -> None:
        line = test.lineno if test is not None else node.lineno
        result.append(Branch(len(result), kind, line, node, test, wanted))

    elifs: set[int] = set()
    for node in preorder(tree):
        if isinstance(node, nodes.If):
            elifs.update(id(inner) for inner in node.elif_)
            if id(node) in elifs:
                continue  # counted with the `if` that it continues
            for part in (node, *node.elif_):
                add("if", part, part.test, True)
            add("else", (node, *node.elif_)[-1], (node, *node.elif_)[-1].test, False)
        elif isinstance(node, nodes.CondExpr):
            add("inline-if", node, node.test, True)
            add("inline-else", node, node.test, False)
        elif isinstance(node, nodes.For):
            add("loop", node, node.iter, True)
            add("empty-loop", node, node.iter, False)
        elif isinstance(node, (nodes.And, nodes.Or)):
            is_and = isinstance(node, nodes.And)
            add("right-side", node, node.left, is_and)
            add("shortcut", node, node.left, not is_and)
        elif isinstance(node, nodes.Macro):
            add("macro", node, None, True)
    return result


def call_hook(hook: str, line: int, *arguments: nodes.Expr | int | None) -> nodes.Filter:
    """A call of a hook, as a node."""
    first, *others = (
        argument if isinstance(argument, nodes.Expr) else nodes.Const(argument, lineno=line) for argument in arguments
    )
    return nodes.Filter(first, hook, others, [], None, None, lineno=line)


def statement(call: nodes.Filter) -> nodes.ExprStmt:
    """A call as a statement of its own, which prints nothing."""
    return nodes.ExprStmt(call, lineno=call.lineno)


def mark_branches(tree: nodes.Template, test_hook: str = BRANCH_HOOK) -> int:
    """Change a tree so that its render reports branches to the hooks; gives the number of branches.

    ``test_hook`` is :data:`ORDER_HOOK` where the order of the outcomes is asked for as well.
    """
    marked = branches(tree)
    tests: dict[tuple[int, str], tuple[Branch | None, Branch | None]] = {}
    for branch in marked:
        if branch.kind in ("macro", "loop", "empty-loop"):
            _mark_entry(branch)
            continue
        field = "left" if isinstance(branch.node, (nodes.And, nodes.Or)) else "test"
        when_true, when_false = tests.get((id(branch.node), field), (None, None))
        tests[id(branch.node), field] = (branch, when_false) if branch.wanted else (when_true, branch)
    for (_, field), (when_true, when_false) in tests.items():
        node = (when_true or when_false).node  # type: ignore[union-attr]
        test = getattr(node, field)
        numbers = [branch.number if branch else None for branch in (when_true, when_false)]
        setattr(node, field, call_hook(test_hook, test.lineno, *numbers, test))
    return len(marked)


def _mark_entry(branch: Branch) -> None:
    node: Any = branch.node
    body = node.else_ if branch.kind == "empty-loop" else node.body
    body.insert(0, statement(call_hook(HIT_HOOK, branch.line, branch.number)))


def hook_branches(environment: Environment, hits: set[int], order: list[int] | None = None) -> None:
    """Let the renders of an environment's marked templates add the branches that they take to ``hits``.

    ``order`` gets the outcomes of tests one by one, those of templates that are marked with :data:`ORDER_HOOK`.
    """

    def test_hook(log: list[int] | None) -> Callable[..., Any]:
        @pass_context
        def on_test(_context: Context, when_true: int | None, when_false: int | None, value: Any) -> Any:
            number = when_true if value else when_false
            if number is not None:
                hits.add(number)
                if log is not None and len(log) < _MOST_ORDERED:
                    log.append(number)
            return value

        return on_test

    @pass_context
    def on_entry(_context: Context, number: int) -> None:
        hits.add(number)

    environment.filters.update({BRANCH_HOOK: test_hook(None), ORDER_HOOK: test_hook(order), HIT_HOOK: on_entry})
