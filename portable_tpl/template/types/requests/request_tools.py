"""Tools, calls of tools and documents, as types."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.requests.tools import MANY_INSIDE, NAMED_INSIDE, OWN_FLAGS, OWN_RETURNS, SCHEMA_TYPES
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, DATA, Shape, Type
from portable_tpl.template.types.lattice.pool import Pool

_UNION = "[]"  # the case of a schema whose type is a list of types


def json_value(pool: Pool, tier: Tier) -> Type:
    """Any JSON value of a tier; a type that holds itself."""
    if CONTENTS[tier].anything:
        return DATA
    return pool.data(_data_bits(tier))[0]


def open_data(pool: Pool, tier: Tier) -> Type:
    """What a key gives that only the template knows."""
    return DATA if CONTENTS[tier].anything else pool.unsure(pool.data(_data_bits(tier))[1], but=k.UNDEFINED)


def _data_bits(tier: Tier) -> int:
    bits = k.STR | k.TEXT_FACTS | k.INT | k.NEGATIVE | k.BOOL | k.LIST | k.DICT
    return bits | k.FLOAT | k.NONE if CONTENTS[tier].unusual else bits


def tool_call(pool: Pool, tier: Tier, flat: bool, wrapped: bool) -> Type:
    """One call; flat where the template takes a call's name right off the call."""
    odd = CONTENTS[tier].unusual
    rest = open_data(pool, tier)
    arguments = pool.keep(json_value(pool, tier), k.FULL_DICT)
    if odd:
        arguments = pool.join_all(
            (pool.keep(json_value(pool, tier), k.DICT), pool.type(k.STR | k.TEXT_FACTS | k.NONE), ABSENT)
        )
    fields = {"name": pool.type(k.TEXT_STR), "arguments": arguments}
    marked = {
        "id": pool.type(k.TEXT_STR | (k.UNDEFINED if CONTENTS[tier].unread_calls else 0) | (k.NONE if odd else 0)),
        "type": pool.join(pool.text("function"), ABSENT),
    }
    function = pool.dict_of(k.FULL_DICT, {**fields, "id": marked["id"]} if odd else fields)
    unwrapped = dict.fromkeys(fields, ABSENT)
    result = pool.dict_of(k.FULL_DICT, {**unwrapped, **marked, "function": function}, rest)
    if not (flat or odd):
        return result
    flat_type = marked["type"] if odd else ABSENT
    bare = pool.dict_of(k.FULL_DICT, {**fields, "id": marked["id"], "type": flat_type, "function": ABSENT}, rest)
    return _either(pool, bare, result) if wrapped or odd else bare


def _either(pool: Pool, flat: Type, wrapped: Type) -> Type:
    """A dict that has a ``function`` in it or is one itself."""
    cases = ("function", {"": flat, "*": wrapped})
    return pool.case(cases, frozenset(cases[1]))


def tool_list(pool: Pool, tier: Tier, flat: bool, wrapped: bool) -> Type:
    """The tools, or ``None``; each wrapped as clients send it, or flat where the template takes it so."""
    if CONTENTS[tier].anything:
        return pool.join(pool.sequence(k.LIST, pool.dict_of(k.DICT, {}, DATA)), pool.type(k.NONE))
    odd = CONTENTS[tier].unusual
    rest = open_data(pool, tier)
    text = pool.type(k.STR | k.TEXT_FACTS)
    parameters = _schema(pool, tier)
    if not odd:
        assert parameters.shape is not None
        assert parameters.shape.cases is not None
        parameters = pool.case(parameters.shape.cases, frozenset(("object",)))
    fields = {
        "name": pool.type(k.TEXT_STR),
        "description": pool.join(text, ABSENT) if odd else text,
        "parameters": pool.join(parameters, ABSENT) if odd else parameters,
        **_own_schema_keys(pool),
    }
    function = pool.dict_of(k.FULL_DICT, fields, rest)
    tool = pool.dict_of(k.FULL_DICT, {"type": pool.text("function"), "function": function})
    if flat or odd:
        bare = pool.dict_of(k.FULL_DICT, {**fields, "type": ABSENT, "function": ABSENT}, rest)
        tool = _either(pool, bare, tool) if wrapped or odd else bare
    return pool.join(pool.sequence(k.LIST if odd else k.FULL_LIST, tool), pool.type(k.NONE))


_DEFAULTS = k.STR | k.TEXT_FACTS | k.INT | k.BOOL | k.NONE | k.UNDEFINED


def _own_schema_keys(pool: Pool) -> dict[str, Type]:
    """Keys that tools and schemas may have and that only some templates read."""
    text = pool.type(k.STR | k.TEXT_FACTS)
    flag = pool.type(k.BOOL | k.UNDEFINED)
    returned = pool.dict_of(k.FULL_DICT, {"type": pool.text("string"), "description": text})
    return {
        **dict.fromkeys(OWN_FLAGS, flag),
        **dict.fromkeys(OWN_RETURNS, pool.unsure(pool.join(returned, ABSENT), but=k.UNDEFINED)),
    }


def _schema(pool: Pool, tier: Tier) -> Type:
    """A JSON schema, which holds schemas; told apart by its ``type``."""
    key = ("schema", tier)
    if key in pool.requests:
        return pool.requests[key]["schema"]
    odd = CONTENTS[tier].unusual
    rest = open_data(pool, tier)
    # The schemas inside are of this same type: it is made empty first and filled in below.
    inner = Shape(fields={})
    inner.deep = _data_bits(tier) | k.UNDEFINED | k.NONE
    kind = k.DICT if odd else k.FULL_DICT
    schema = pool.type(kind, None, None, inner)
    maybe_schema = pool.type(kind | k.UNDEFINED, None, None, inner)
    named = pool.join(pool.type(k.DICT, None, None, pool.shape(fields={}, rest=maybe_schema)), ABSENT)
    several = pool.join(pool.sequence(k.FULL_LIST, schema), ABSENT)
    plain = _schema_keys(pool, maybe_schema)
    untyped = {**dict.fromkeys(MANY_INSIDE, several), "$ref": pool.type(k.TEXT_STR | k.UNDEFINED)}
    items = pool.unsure(maybe_schema, but=kind)  # hardly an array comes without
    inside = {"object": dict.fromkeys(NAMED_INSIDE, named), "array": {"items": items}}
    if odd:
        inner.rest = rest
        inner.fields = {
            **plain,
            **untyped,
            "type": pool.join_all((plain["type"], pool.sequence(k.FULL_LIST, plain["type"]), ABSENT)),
            **inside["object"],
            **inside["array"],
            "default": pool.join(json_value(pool, tier), ABSENT),
        }
    else:
        by_type = _schemas_by_type(pool, plain, untyped, inside, rest)
        inner.fields, inner.rest, inner.cases = by_type.fields, by_type.rest, by_type.cases
    pool.requests[key] = {"schema": schema}
    return schema


def _schema_keys(pool: Pool, maybe_schema: Type) -> dict[str, Type]:
    """What the keys of a schema of any type give; those that only some types have are absent."""
    names = pool.sequence(k.FULL_LIST, pool.type(k.STR | k.TEXT_FACTS))
    choices = pool.sequence(k.FULL_LIST, pool.type(k.TEXT_STR | k.TEXT_FACTS | k.INT | k.NEGATIVE))
    return {
        "type": pool.of_texts(SCHEMA_TYPES),
        "description": pool.type(k.STR | k.TEXT_FACTS | k.UNDEFINED),
        "enum": pool.join(choices, ABSENT),
        "required": pool.join(names, ABSENT),
        "default": pool.unsure(pool.type(_DEFAULTS), but=k.UNDEFINED),
        "additionalProperties": pool.unsure(pool.join(maybe_schema, pool.type(k.BOOL)), but=k.UNDEFINED),
        **_own_schema_keys(pool),
        **dict.fromkeys((*NAMED_INSIDE, "items", *MANY_INSIDE, "$ref"), ABSENT),
    }


def _schemas_by_type(
    pool: Pool,
    plain: Mapping[str, Type],
    untyped: Mapping[str, Type],
    inside: Mapping[str, Mapping[str, Type]],
    rest: Type,
) -> Shape:
    """Schemas of each type with the keys ``inside`` of that type alone, of none, and of several."""
    cases = {
        name: pool.dict_of(k.FULL_DICT, {**plain, "type": pool.text(name), **inside.get(name, {})}, rest)
        for name in SCHEMA_TYPES
    }
    cases[""] = pool.dict_of(k.FULL_DICT, {**plain, **untyped, "type": ABSENT}, rest)
    cases[_UNION] = pool.dict_of(k.FULL_DICT, {**plain, "type": pool.sequence(k.FULL_LIST, plain["type"])}, rest)
    shape = pool.case(("type", cases), frozenset(cases)).shape
    assert shape is not None
    return shape


def document_list(pool: Pool, tier: Tier) -> Type:
    """The documents, or ``None``: a title, a text, and what else the template reads."""
    if not CONTENTS[tier].documents:
        return pool.type(k.NONE)
    if CONTENTS[tier].anything:
        return pool.join(pool.sequence(k.LIST, pool.dict_of(k.DICT, {}, DATA)), pool.type(k.NONE))
    text = pool.type(k.STR | k.TEXT_FACTS)
    document = pool.dict_of(k.FULL_DICT, {"title": text, "text": text}, open_data(pool, tier))
    many = pool.sequence(k.LIST if CONTENTS[tier].unusual else k.FULL_LIST, document)
    return pool.join(many, pool.type(k.NONE))
