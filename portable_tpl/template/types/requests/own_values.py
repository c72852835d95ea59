"""The types of what only one template knows: its variables and its own keys, guessed from what it does with them."""

from __future__ import annotations

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.flags import FLAG_NAME
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, DATA, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.requests.request_tools import json_value
from portable_tpl.template.usage.demands import Demands

_DEEPEST = 3  # levels of a variable that only this template knows: a list of dicts of values
_ITERATING = ("iterated", "joined")
_NONE_GIVEN = k.NONE | k.FLOAT | k.FALSE | k.INT | k.STR


class OwnValues:
    """Types by name; each is found when it is first asked for."""

    def __init__(self, pool: Pool, demands: Demands, tier: Tier) -> None:
        self._pool = pool
        self.demands = demands
        self._tier = tier
        self._found: dict[str, Type] = {}

    def key(self, name: str) -> Type:
        """What a key of this name gives; it may always be absent."""
        type_ = self._found.get(name)
        if type_ is None:
            type_ = self._found[name] = self._optional(name, 0)
        return type_

    def variable(self, name: str) -> Type:
        """What a variable of this name is; it may always be absent, and what is not printed may be a flag."""
        slot = "$" + name
        type_ = self._found.get(slot)
        if type_ is None:
            demand = self.demands.of(name)
            flag = not demand.keys and not demand.used_as("printed", "pairs", *_ITERATING)
            flag = flag or FLAG_NAME.match(name) is not None
            type_ = self._found[slot] = self._optional(name, k.BOOL if flag else 0)
        return type_

    def _optional(self, name: str, extra: int) -> Type:
        if CONTENTS[self._tier].anything:
            return DATA
        if CONTENTS[self._tier].unusual:
            extra |= _NONE_GIVEN
        return self._pool.join(self._value(name, 0), self._pool.type(k.UNDEFINED | extra))

    def _value(self, name: str, depth: int) -> Type:
        pool = self._pool
        demand = self.demands.of(name)
        result = pool.join_all(map(self._constant, demand.equals))
        nested = False
        if demand.keys or demand.used_as("pairs", "mapping", "is-mapping") or self.demands.knows(name + "{}"):
            nested = True
            result = pool.join(result, self._mapping(name, depth))
        if demand.used_as(*_ITERATING):
            nested = True
            known = depth < _DEEPEST and self.demands.knows(name + "[]")
            item = self._value(name + "[]", depth + 1) if known else self._unknown()
            result = pool.join(result, pool.sequence(k.FULL_LIST, item))
        bits = 0
        # Inside an own value another use of the same name may be all that told it from a text.
        if demand.used_as("is-string", "printed") or (depth and not nested):
            bits |= k.STR | k.TEXT_FACTS
        if demand.used_as("order", "is-number", "is-integer"):
            bits |= k.INT
        only_asked = demand.used_as("truth") and not demand.used_as("printed") and not nested
        if only_asked or demand.used_as("is-boolean", "is-true", "is-false"):
            bits |= k.BOOL
        if not bits and not nested:
            bits = k.STR | k.TEXT_FACTS
        return pool.join(result, pool.type(bits)) if bits else result

    def _unknown(self) -> Type:
        """An item of which the template shows nothing: a text, where people behave."""
        unusual = CONTENTS[self._tier].unusual
        return json_value(self._pool, self._tier) if unusual else self._pool.type(k.STR | k.TEXT_FACTS)

    def _mapping(self, name: str, depth: int) -> Type:
        pool = self._pool
        demand = self.demands.of(name)
        if depth >= _DEEPEST:
            return pool.type(k.STR | k.TEXT_FACTS)
        fields = {key: pool.join(self._value(key, depth + 1), ABSENT) for key in sorted(demand.wanted)}
        rest = pool.join(self._value(name + "{}", depth + 1), ABSENT)
        return pool.dict_of(k.FULL_DICT, fields, rest)

    def _constant(self, value: object) -> Type:
        pool = self._pool
        if isinstance(value, str):
            return pool.text(value)
        if isinstance(value, bool):
            return pool.type(k.TRUE if value else k.FALSE)
        if isinstance(value, int):
            return pool.type(k.INT | k.NEGATIVE if value < 0 else k.INT)
        if isinstance(value, float):
            return pool.type(k.FLOAT)
        # A value that is compared with none is, where it is given, mostly a text.
        return pool.type(k.STR | k.TEXT_FACTS)
