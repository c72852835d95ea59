"""Small templates in which every value that is read says where it came from."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st

from portable_tpl.template.syntax.environment import reference_environment

NAMES = ("x", "y")
CONDITIONS = 3
ENVIRONMENT = reference_environment()


@st.composite
def programs(draw: st.DrawFn, macros: bool) -> str:
    """A template of ``set``, ``if``, ``for`` and the like; reads are marked ``<number=value>``.

    Each assignment gives a value of its own, and each condition is a variable of its own: ``c0``, ``c1``, …
    """
    return _Writer(draw, macros).body(depth=3)


class _Writer:
    def __init__(self, draw: st.DrawFn, macros: bool) -> None:
        self._draw = draw
        self._macros = macros
        self._known: list[str] = []
        self._count = 0
        self._conditions = 0

    def number(self) -> int:
        self._count += 1
        return self._count

    def condition(self) -> str:
        self._conditions += 1
        return f"c{self._conditions - 1}"

    def free_conditions(self) -> int:
        return CONDITIONS - self._conditions

    def name(self) -> str:
        return self._draw(st.sampled_from(NAMES))

    def read(self) -> str:
        return f"<{self.number()}={{{{ {self.name()} }}}}>"

    def body(self, depth: int, loop: bool = False) -> str:
        known = len(self._known)
        text = "".join(self.statement(depth, loop) for _ in range(self._draw(st.integers(1, 4))))
        del self._known[known:]
        return text

    def statement(self, depth: int, loop: bool) -> str:
        plain = (
            ["read", "read", "set", "set"]
            + ["leave"] * (loop and self.free_conditions() > 0)
            + ["call"] * bool(self._known)
        )
        nested = ["if", "if", "for"] * (self.free_conditions() > 0)
        nested += ["with", "filter", "block", "generation"] + ["macro"] * self._macros
        kind = self._draw(st.sampled_from(plain + nested * (depth > 0)))
        inner = depth - 1
        if kind == "read":
            return self.read()
        if kind == "set":
            return f"{{% set {self.name()} = 'v{self.number()}' %}}"
        if kind == "leave":
            word = self._draw(st.sampled_from(("break", "continue")))
            return f"{{% if {self.condition()} %}}{self.read()}{{% {word} %}}{self.read()}{{% endif %}}"
        if kind == "call":
            return f"{{{{ {self._draw(st.sampled_from(self._known))}('v{self.number()}') }}}}"
        if kind == "if":
            text = f"{{% if {self.condition()} %}}{self.body(inner, loop)}"
            if self.free_conditions() > 0 and self._draw(st.booleans()):
                text += f"{{% elif {self.condition()} %}}{self.body(inner, loop)}"
            return text + (f"{{% else %}}{self.body(inner, loop)}" * self._draw(st.integers(0, 1))) + "{% endif %}"
        if kind == "for":
            items = f"['v{self.number()}'] * 2 if {self.condition()} else []"
            text = f"{{% for {self.name()} in ({items}) %}}{self.body(inner, loop=True)}"
            return text + (f"{{% else %}}{self.body(inner, loop)}" * self._draw(st.integers(0, 1))) + "{% endfor %}"
        return self.enclosed(kind, inner)

    def enclosed(self, kind: str, depth: int) -> str:
        if kind == "with":
            return f"{{% with {self.name()} = 'v{self.number()}' %}}{self.body(depth)}{{% endwith %}}"
        if kind == "filter":
            return f"{{% filter trim %}}{self.body(depth)}{{% endfilter %}}"
        if kind == "generation":
            return f"{{% generation %}}{self.body(depth)}{{% endgeneration %}}"
        if kind == "block":  # the value is what the body prints; its reads are shown apart
            return f"{{% set q %}}{self.body(depth)}{{% endset %}}{{{{ q }}}}"
        name = f"m{self.number()}"
        text = f"{{% macro {name}({self.name()}) %}}{self.body(depth)}{{% endmacro %}}"
        self._known.append(name)
        return text


def observed(text: str) -> dict[int, set[str]]:
    """For each marked read the values that it had over all conditions."""
    template = ENVIRONMENT.from_string(text)
    found: dict[int, set[str]] = {}
    for conditions in product((False, True), repeat=CONDITIONS):
        context: dict[str, Any] = dict.fromkeys(NAMES, "given")
        context.update({f"c{index}": value for index, value in enumerate(conditions)})
        for piece in template.render(context).split("<")[1:]:
            number, _, rest = piece.partition("=")
            found.setdefault(int(number), set()).add(rest.partition(">")[0])
    return found
