"""The reference, instrumented: a render's "text" is a JSON object that also tells which way the render went.

Its options hold ``mode``: ``text`` (nothing is told but the answer), ``branches`` (numbers of
:func:`.instrument.branches`, then of :func:`.turn_marks.turn_goals`), ``order`` (the same without turns, and the
outcomes of tests in their order), ``pieces`` (what was printed where), ``values`` (that, and the value of every
expression; see :mod:`portable_tpl.template.tracing`) or ``reached`` (which of the expressions with the numbers
``nodes`` were evaluated, told as branches).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jinja2

from portable_tpl.targets.workers._serve import (
    LONGEST_MESSAGE,
    MOST_WRAPPED,
    Failure,
    Refusal,
    Wrapped,
    expect_small,
    serve,
)
from portable_tpl.targets.workers.transformers_worker import Jinja2Engine, PreparedCase, Spanned
from portable_tpl.template.names.turns import turn_states
from portable_tpl.template.tracing.instrument import ORDER_HOOK, hook_branches, mark_branches
from portable_tpl.template.tracing.tracing import Recorder, mark_prints, mark_reached
from portable_tpl.template.tracing.turn_marks import TurnRecorder, mark_turns

_SafeAttribute = Callable[[Any, str, Any], bool]


def _by_type(is_safe_attribute: _SafeAttribute) -> _SafeAttribute:
    """The sandbox's check, made once for all objects of a type: jinja2 decides by the type and the name alone."""
    known: dict[tuple[type, str], bool] = {}

    def remembered(obj: Any, attr: str, value: Any) -> bool:
        key = (type(obj), attr)
        if key not in known:
            known[key] = is_safe_attribute(obj, attr, value)
        return known[key]

    return remembered


class _Traced(Jinja2Engine):
    """The engine of the protocol: the reference, watched."""

    name = "jinja2-traced"

    def __init__(self) -> None:
        super().__init__()
        # A template is compiled for each mode and each rewriting of it, and rendered a few times: to work out its
        # constants beforehand takes longer than it saves, and changes no result.
        self.environment.optimized = False
        self.environment.is_safe_attribute = _by_type(self.environment.is_safe_attribute)  # type: ignore[assignment]
        self._hits: set[int] = set()
        self._order: list[int] = []
        self._recorder = Recorder()
        hook_branches(self.environment, self._hits, self._order)
        self._turns = TurnRecorder(self._hits)
        self._turns.hook(self.environment)
        self._recorder.hook(self.environment)

    def compile(self, template: str, options: dict[str, Any]) -> jinja2.Template:
        tree = self.environment.parse(template)
        if options["mode"] == "branches":
            turns = turn_states(tree)
            mark_turns(tree, turns, mark_branches(tree))
        elif options["mode"] == "order":
            mark_branches(tree, ORDER_HOOK)
        elif options["mode"] == "reached":
            mark_reached(tree, frozenset(options["nodes"]))
        elif options["mode"] != "text":
            mark_prints(tree, values=options["mode"] == "values")
        tree.set_environment(self.environment)
        code = self.environment.compile(tree)
        return self.environment.template_class.from_code(self.environment, code, self.environment.make_globals(None))

    def render(self, loaded: jinja2.Template | Spanned, case: PreparedCase) -> str:
        self._hits.clear()
        self._order.clear()
        self._turns.start()
        self._recorder.start()
        report: dict[str, Any] = {}
        try:
            text = super().render(loaded, case)
            expect_small(text)
            report["text"] = text
        except Refusal as refusal:
            report["refused"] = str(refusal)[:LONGEST_MESSAGE]
        except Failure as failure:
            report["failed"] = failure.reply
        report["branches"] = sorted(self._hits)
        if self._order:
            report["order"] = self._order
        if self._turns.places:
            report["turns"] = sorted(self._turns.places.items())
        pieces = self._recorder.pieces()
        if pieces:
            report["pieces"] = pieces
        captured = self._recorder.captured()
        if captured:
            report["captured"] = captured
        values = self._recorder.values()
        if values:
            report["values"] = list(values.items())
        whole = json.dumps(report)
        if len(whole) > MOST_WRAPPED:
            failed = {"kind": "memory", "message": "the way of the rendering takes more memory than it may"}
            whole = json.dumps({"failed": failed, "branches": report["branches"]})
        return Wrapped(whole)


if __name__ == "__main__":
    serve(_Traced())
