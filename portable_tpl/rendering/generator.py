"""jinja2's own code generator, which emits calls of :mod:`portable_tpl.rendering.short_ways` in a few places."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst

from portable_tpl.rendering.short_ways import DICT_ATTRIBUTES

# Tests without arguments as Python's own: what stands before and after the value.
_TESTS = {
    "defined": ("(not isinstance(", ", short_undefined))"),
    "undefined": ("isinstance(", ", short_undefined)"),
    "none": ("(", " is None)"),
    "string": ("isinstance(", ", str)"),
    "mapping": ("short_is_mapping(", ")"),
    "true": ("(", " is True)"),
    "false": ("(", " is False)"),
}
_OWN_KEYWORDS = ("_loop_vars", "_block_vars")


class ShortWayGenerator(CodeGenerator):
    """The code that jinja2 writes, with other names for the functions that read members and call."""

    _circular: frozenset[str] = frozenset()

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        """Macros that call one another in a circle are called as by the sandbox.

        How deep they may go is counted in Python's frames, of which the short ways have fewer.
        """
        self._circular = circular_macros(node)
        super().visit_Template(node, frame)

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        """``x.name``."""
        self.write("short_member(" if node.attr in DICT_ATTRIBUTES else "short_key(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    @optimizeconst
    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        """``x[key]``; slices do not go through the sandbox."""
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("short_item(")
        self.visit(node.node, frame)
        self.write(", ")
        self.visit(node.arg, frame)
        self.write(")")

    @optimizeconst
    def visit_Test(self, node: nodes.Test, frame: Frame) -> None:  # noqa: N802
        """``x is name``."""
        around = _TESTS.get(node.name)
        if around is None or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            super().visit_Test(node, frame)
            return
        self.write(around[0])
        self.visit(node.node, frame)
        self.write(around[1])

    @optimizeconst
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """``f(…)`` and ``x.name(…)``; what is called is evaluated before the arguments, as ever."""
        if self._is_sandboxed(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        extra = {"caller": "caller"} if forward_caller else None
        if isinstance(node.node, nodes.ExtensionAttribute):
            # The generation tag's own function, which takes the evaluation context first.
            self.visit(node.node, frame)
            self.write("(context.eval_ctx")
            self.signature(node, frame, extra)
            self.write(")")
            return
        if isinstance(node.node, nodes.Getattr):
            self.write("short_method(context, ")
            self.visit(node.node.node, frame)
            self.write(f", {node.node.attr!r}")
        else:
            self.write("short_function(context, ")
            self.visit(node.node, frame)
        loop_vars = "_loop_vars" if frame.loop_frame else "None"
        block_vars = "_block_vars" if frame.block_frame else "None"
        self.write(f", {loop_vars}, {block_vars})(")
        self._write_arguments(node, frame, extra)
        self.write(")")

    def _is_sandboxed(self, node: nodes.Call) -> bool:
        """Whether a call is left as it is: errors about ``*x`` and ``**x`` name the function that was called."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return True
        if any(keyword.key in _OWN_KEYWORDS for keyword in node.kwargs):
            return True
        return isinstance(node.node, nodes.Name) and node.node.name in self._circular

    def _write_arguments(self, node: nodes.Call, frame: Frame, extra: dict[str, Any] | None) -> None:
        """What jinja2 writes for the arguments, without the comma that it puts before them."""
        stream, self.stream = self.stream, StringIO()
        try:
            self.signature(node, frame, extra)
            written = self.stream.getvalue()
        finally:
            self.stream = stream
        self.write(written.removeprefix(", "))


def circular_macros(tree: nodes.Template) -> frozenset[str]:
    """The macros that may come to call themselves."""
    calls: dict[str, set[str]] = {}
    for macro in tree.find_all(nodes.Macro):
        names = (call.node for call in macro.find_all(nodes.Call))
        calls.setdefault(macro.name, set()).update(name.name for name in names if isinstance(name, nodes.Name))
    return frozenset(name for name in calls if name in _reached(calls[name], calls))


def _reached(start: Iterable[str], calls: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += calls.get(name, ())
    return seen


_PROBE = (
    "{{ a.b }}{{ a[c] }}{{ a[1:] }}{{ f(c, d=1) }}{{ a.b(c) }}{{ a is defined }}"
    "{% for e in a %}{{ loop.index }}{{ f(e) }}{% endfor %}{% macro g(h) %}{{ h }}{% endmacro %}"
)
_A, _C, _F = (f"(undefined(name={name!r}) if l_0_{name} is missing else l_0_{name})" for name in "acf")
_EXPECTED = (
    f"environment.getattr({_A}, 'b')",
    f"environment.getitem({_A}, {_C})",
    f"{_A}[1:]",
    f"environment.call(context, {_F}, {_C}, d=1)",
    f"environment.call(context, environment.getattr({_A}, 'b'), {_C})",
    f"environment.call(context, {_F}, l_1_e, _loop_vars=_loop_vars)",
    f"t_1({_A})",
    f"in LoopContext({_A}, undefined):",
    "environment.getattr(l_1_loop, 'index')",
)


def is_code_as_expected(environment: Environment) -> bool:
    """Whether the installed jinja2 writes for these constructs what the short ways stand for.

    ``environment`` is one with jinja2's own generator. Where the answer is no, templates are to be compiled by it.
    """
    try:
        source = environment.compile(_PROBE, raw=True)
    except Exception:
        return False
    return all(piece in source for piece in _EXPECTED)
