"""A tree changed so that a render tells what one turn of a loop set and a later one read without setting it.

Each variable of :func:`portable_tpl.template.names.turns.turn_states` has goals: its definition-use pairs, and what
they are made of, a turn that comes to the definition and one that comes to the use before it has set the variable.
A render reports them by number, as it does branches, whose numbers come before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, nodes, pass_context
from jinja2.runtime import Context

from portable_tpl.template.names.turns import TurnState
from portable_tpl.template.syntax.walking import preorder
from portable_tpl.template.tracing.instrument import call_hook, statement

START_HOOK, TURN_HOOK = "portable_tpl_start", "portable_tpl_turn"
SET_HOOK, READ_HOOK = "portable_tpl_set", "portable_tpl_read"


@dataclass(frozen=True, eq=False)
class TurnGoal:
    """A definition and a use that is to see its value, or would in an engine that forgets nothing, in a later turn.

    ``number`` is reported where that happens, ``set_number`` where the definition is run, ``read_number`` where a
    turn comes to the use without having set the variable.
    """

    number: int
    set_number: int
    read_number: int
    state: TurnState
    definition: nodes.Node
    use: nodes.Expr


@dataclass(frozen=True)
class _Numbers:
    """The numbers of one variable: ``sets`` by definition, ``reads`` by use; a pair's is ``first + row + use``."""

    first: int
    sets: int
    reads: int


def _numbered(states: Sequence[TurnState], first: int) -> Iterator[tuple[TurnState, _Numbers]]:
    for state in states:
        sets = first + len(state.definitions) * len(state.uses)
        reads = sets + len(state.definitions)
        yield state, _Numbers(first, sets, reads)
        first = reads + len(state.uses)


def turn_goals(states: Sequence[TurnState], first: int) -> list[TurnGoal]:
    """All definition-use pairs of some variables; ``first`` is the number of the template's branches."""
    return [
        TurnGoal(
            numbers.first + definition * len(state.uses) + use,
            numbers.sets + definition,
            numbers.reads + use,
            state,
            state.definitions[definition],
            state.uses[use],
        )
        for state, numbers in _numbered(states, first)
        for definition, use in state.pairs
    ]


def mark_turns(tree: nodes.Template, states: Sequence[TurnState], first: int) -> None:
    """Change a tree so that its render reports the goals to a :class:`TurnRecorder`; branches may be marked before.

    ``states`` are those of this tree, as it was when nothing was marked. For a namespace, a turn of a loop inside the
    loop over messages is a turn of its own.
    """
    wrapped: dict[int, nodes.Expr] = {}
    before: dict[int, list[nodes.Node]] = {}
    after: dict[int, list[nodes.Node]] = {}
    for index, (state, numbers) in enumerate(_numbered(states, first)):
        for loop in preorder(state.loop):
            if isinstance(loop, nodes.For) and (loop is state.loop or not state.ends_with_turn):
                turn = statement(call_hook(TURN_HOOK, loop.lineno, index, loop is state.loop))
                before.setdefault(id(loop.body[0]), []).append(turn)
        for start in state.starts:
            where = before if isinstance(start, nodes.For) else after
            where.setdefault(id(start), []).append(statement(call_hook(START_HOOK, start.lineno, index)))
        for row, definition in enumerate(state.definitions):
            row_number = numbers.first + row * len(state.uses)
            mark = call_hook(SET_HOOK, definition.lineno, index, row_number, numbers.sets + row)
            after.setdefault(id(definition), []).append(statement(mark))
        for place, use in enumerate(state.uses):
            wrapped[id(use)] = call_hook(READ_HOOK, use.lineno, index, place, numbers.reads + place, use)
    for node in list(preorder(tree)):
        for name, value in list(node.iter_fields()):
            if isinstance(value, nodes.Node):
                setattr(node, name, wrapped.get(id(value), value))
            elif isinstance(value, list):
                value[:] = [
                    new
                    for item in value
                    for new in (*before.get(id(item), ()), wrapped.get(id(item), item), *after.get(id(item), ()))
                ]


class TurnRecorder:
    """Follows the variables of a render's turns, and adds the numbers of what they came to to ``hits``."""

    def __init__(self, hits: set[int]) -> None:
        self._hits = hits
        self.start()

    def start(self) -> None:
        """Forget the render before; ``places`` has for each number of a set or a read the turn that first did it."""
        self.places: dict[int, int] = {}
        self._turns: dict[int, int] = {}  # by variable: how many turns have begun
        self._last: dict[int, int] = {}  # by variable: the row of the definition that an earlier turn ran last
        self._own: dict[int, int] = {}  # the same for this turn

    def hook(self, environment: Environment) -> None:
        """Let renders of an environment's marked templates report here."""
        environment.filters.update(
            {START_HOOK: self._start, TURN_HOOK: self._turn, SET_HOOK: self._set, READ_HOOK: self._read}
        )

    @pass_context
    def _start(self, _context: Context, index: int) -> None:
        self._last.pop(index, None)
        self._own.pop(index, None)
        self._turns[index] = 0

    @pass_context
    def _turn(self, _context: Context, index: int, counts: bool) -> None:
        self._turns[index] = self._turns.get(index, 0) + counts
        row = self._own.pop(index, None)
        if row is not None:
            self._last[index] = row

    @pass_context
    def _set(self, _context: Context, index: int, row: int, number: int) -> None:
        self._own[index] = row
        self._note(index, number)

    @pass_context
    def _read(self, _context: Context, index: int, place: int, number: int, value: Any) -> Any:
        if index not in self._own:
            self._note(index, number)
            if index in self._last:
                self._hits.add(self._last[index] + place)
        return value

    def _note(self, index: int, number: int) -> None:
        self._hits.add(number)
        self.places.setdefault(number, self._turns.get(index, 1) - 1)
