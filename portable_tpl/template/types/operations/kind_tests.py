"""Which values pass jinja2's tests."""

from __future__ import annotations

from portable_tpl.template.types.lattice.equality import equal_parts
from portable_tpl.template.types.lattice.kinds import (
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    FALSE,
    FLOAT,
    FUNCTION,
    INT,
    ITERATOR,
    LIST,
    LOOP,
    MACRO,
    MARKUP,
    METHOD,
    NONE,
    NUMBER,
    OTHER,
    RANGE,
    TRUE,
    TUPLE,
    UNDEFINED,
    VIEW,
)
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.machine import Machine

# The kinds of which a value passes the test; all values of all other kinds fail it.
KIND_TESTS: dict[str, int] = {
    "boolean": BOOL,
    "callable": MACRO | FUNCTION | METHOD | OTHER | UNDEFINED,
    "escaped": MARKUP,
    "false": FALSE,
    "float": FLOAT,
    "integer": INT,
    "iterable": ANY_TEXT | LIST | TUPLE | DICT | VIEW | ITERATOR | RANGE | LOOP | UNDEFINED,
    "mapping": DICT,
    "none": NONE,
    "number": NUMBER,
    "sequence": ANY_TEXT | LIST | TUPLE | DICT | RANGE | UNDEFINED,
    "string": ANY_TEXT,
    "true": TRUE,
    "undefined": UNDEFINED,
    "defined": ALL_KINDS & ~UNDEFINED,
}


EQUAL = ("eq", "equalto", "==")


UNEQUAL = ("ne", "!=")


def assume_test(machine: Machine, name: str, value: Type, arguments: list[Type], wanted: bool) -> Type:
    """The values that pass the test (or fail it, where not ``wanted``)."""
    pool = machine.pool
    mask = KIND_TESTS.get(name)
    if mask is not None:
        return pool.keep(value, mask if wanted else ALL_KINDS & ~mask)
    if name in EQUAL and arguments:
        return equal_parts(pool, value, arguments[0])[0 if wanted else 1]
    if name in UNEQUAL and arguments:
        return equal_parts(pool, value, arguments[0])[1 if wanted else 0]
    if name == "in" and wanted and arguments and arguments[0].only(LIST | TUPLE) and arguments[0].shape is not None:
        return equal_parts(pool, value, arguments[0].shape.element)[0]
    return value
