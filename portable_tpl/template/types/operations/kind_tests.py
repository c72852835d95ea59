"""Which values pass jinja2's tests."""

from __future__ import annotations

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.equality import equal_parts
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.machine import Machine

# The kinds of which a value passes the test; all values of all other kinds fail it.
KIND_TESTS: dict[str, int] = {
    "boolean": k.BOOL,
    "callable": k.MACRO | k.FUNCTION | k.METHOD | k.OTHER | k.UNDEFINED,
    "escaped": k.MARKUP,
    "false": k.FALSE,
    "float": k.FLOAT,
    "integer": k.INT,
    "iterable": k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.VIEW | k.ITERATOR | k.RANGE | k.LOOP | k.UNDEFINED,
    "mapping": k.DICT,
    "none": k.NONE,
    "number": k.NUMBER,
    "sequence": k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.RANGE | k.UNDEFINED,
    "string": k.ANY_TEXT,
    "true": k.TRUE,
    "undefined": k.UNDEFINED,
    "defined": k.ALL_KINDS & ~k.UNDEFINED,
}


EQUAL = ("eq", "equalto", "==")


UNEQUAL = ("ne", "!=")


def assume_test(machine: Machine, name: str, value: Type, arguments: list[Type], wanted: bool) -> Type:
    """The values that pass the test (or fail it, where not ``wanted``)."""
    pool = machine.pool
    mask = KIND_TESTS.get(name)
    if mask is not None:
        return pool.keep(value, mask if wanted else k.ALL_KINDS & ~mask)
    if name in EQUAL and arguments:
        return equal_parts(pool, value, arguments[0])[0 if wanted else 1]
    if name in UNEQUAL and arguments:
        return equal_parts(pool, value, arguments[0])[1 if wanted else 0]
    if (
        name == "in"
        and wanted
        and arguments
        and arguments[0].only(k.LIST | k.TUPLE)
        and arguments[0].shape is not None
    ):
        return equal_parts(pool, value, arguments[0].shape.element)[0]
    return value
