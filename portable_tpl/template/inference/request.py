"""What a chat request puts into a template's context, as types, for each tier of conversations.

The tiers are those of the contract. Names are those that ``apply_chat_template`` defines: ``messages``, ``tools`` and
``documents`` (``None`` where not given), ``add_generation_prompt``, the special tokens, and any other variable.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.conversation import Tier
from portable_tpl.template.inference.kinds import (
    BOOL,
    DICT,
    FLOAT,
    FULL_DICT,
    FULL_LIST,
    HTML_CHARS,
    INT,
    LIST,
    NEGATIVE,
    NON_ASCII,
    NONE,
    STR,
    TEXT_FACTS,
    TEXT_STR,
    UNDEFINED,
)
from portable_tpl.template.inference.lattice import ABSENT, DATA, Pool, Shape, Type

_ROLES = ("system", "user", "assistant", "tool")
_SPECIAL_TOKENS = ("bos_token", "eos_token")
_OTHER_TOKENS = ("unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
_ASCII_NAME = TEXT_STR


def request_types(pool: Pool, tier: Tier, parts: bool) -> Mapping[str, Type]:
    """The types of the names that every request defines; ``parts`` says whether content may be typed parts."""
    key = (tier, parts)
    found = pool.requests.get(key)
    if found is None:
        found = pool.requests[key] = _Request(pool, tier, parts).names()
    return found


def variable_type(pool: Pool, tier: Tier) -> Type:
    """The type of a variable that the template reads and a caller may pass."""
    if tier is Tier.HOSTILE:
        return DATA
    text = pool.type(STR | TEXT_FACTS)
    bits = UNDEFINED | BOOL | STR | TEXT_FACTS | LIST
    return pool.type(bits, None, None, pool.shape((), text))


class _Request:
    def __init__(self, pool: Pool, tier: Tier, parts: bool) -> None:
        self.pool = pool
        self.tier = tier
        self.odd = tier is not Tier.EVERYDAY
        self.parts = parts
        self.text = pool.type(STR | TEXT_FACTS)
        self.name = pool.type(TEXT_STR)
        self.json = self._json()

    def names(self) -> Mapping[str, Type]:
        pool = self.pool
        types = {
            "messages": self._messages(),
            "tools": self._tools(),
            "documents": self._documents(),
            "add_generation_prompt": pool.type(BOOL),
        }
        for name in _SPECIAL_TOKENS:
            types[name] = pool.type(STR | NON_ASCII | HTML_CHARS)
        for name in _OTHER_TOKENS:
            types[name] = pool.type(UNDEFINED | STR | NON_ASCII | HTML_CHARS)
        return types

    def maybe(self, type_: Type) -> Type:
        """The type of a key that may be absent."""
        return self.pool.join(type_, ABSENT)

    def _json(self) -> Type:
        """Any value in a tool call's arguments; a type that holds itself."""
        bits = STR | TEXT_FACTS | INT | NEGATIVE | BOOL | LIST | DICT
        if self.odd:
            bits |= FLOAT | NONE
        shape = Shape((), None, 0, {})
        value = self.pool.type(bits, None, None, shape)
        shape.tail = shape.element = value
        shape.rest = self.pool.type(bits | UNDEFINED, None, None, shape)
        return value

    def _messages(self) -> Type:
        pool = self.pool
        if self.tier is Tier.HOSTILE:
            return pool.sequence(LIST, pool.dict_of(DICT, {}, DATA))
        if self.odd:
            role = self.maybe(self.name)
            fields = {**self._user("user"), **self._assistant(), **self._tool(), "role": role}
            content = self.maybe(fields["content"])
            fields = {name: self.maybe(type_) for name, type_ in fields.items()}
            message = pool.dict_of(FULL_DICT, {**fields, "content": content, "role": role}, self.maybe(self.json))
            return pool.sequence(LIST, message)
        makers = {
            "system": self._user("system"),
            "user": self._user("user"),
            "assistant": self._assistant(),
            "tool": self._tool(),
        }
        cases = {name: pool.dict_of(FULL_DICT, fields) for name, fields in makers.items()}
        first = self._by_role(cases, ("system", "user"))
        later = self._by_role(cases, ("user", "assistant", "tool"))
        return pool.type(FULL_LIST, None, None, pool.shape((first,), later, 1))

    def _by_role(self, cases: dict[str, Type], roles: tuple[str, ...]) -> Type:
        pool = self.pool
        joined = pool.join_all(cases[role] for role in roles)
        assert joined.shape is not None
        shape = pool.shape(fields=joined.shape.fields, rest=joined.shape.rest, cases=("role", cases))
        return pool.type(FULL_DICT, None, None, shape)

    def _content(self) -> Type:
        if not self.parts:
            return self.text
        part = self.pool.dict_of(
            FULL_DICT,
            {
                "type": self.pool.of_texts(("text", "image", "image_url", "audio", "video", "document", "file")),
                "text": self.maybe(self.text),
                "image": self.maybe(self.text),
                "image_url": self.maybe(self.pool.join(self.text, self.pool.dict_of(FULL_DICT, {"url": self.text}))),
                "url": self.maybe(self.text),
                "audio": self.maybe(self.text),
                "video": self.maybe(self.text),
            },
            self.maybe(self.json),
        )
        return self.pool.join(self.text, self.pool.sequence(FULL_LIST if not self.odd else LIST, part))

    def _user(self, role: str) -> dict[str, Type]:
        return {"role": self.pool.text(role), "content": self._content()}

    def _assistant(self) -> dict[str, Type]:
        reasoning = self.maybe(self.text)
        return {
            **self._user("assistant"),
            "tool_calls": self.maybe(self.pool.sequence(LIST if self.odd else FULL_LIST, self._tool_call())),
            "reasoning_content": reasoning,
            "thinking": reasoning,
            "reasoning": reasoning,
        }

    def _tool(self) -> dict[str, Type]:
        return {**self._user("tool"), "tool_call_id": self.maybe(self.name), "name": self.maybe(self.name)}

    def _tool_call(self) -> Type:
        pool = self.pool
        arguments = pool.keep(self.json, DICT)
        if self.odd:
            arguments = self.maybe(pool.join(arguments, self.text))
        function = pool.dict_of(FULL_DICT, {"name": self.name, "arguments": arguments})
        fields = {"id": self.maybe(self.name), "type": self.maybe(pool.text("function")), "function": function}
        return pool.dict_of(FULL_DICT, fields)

    def _tools(self) -> Type:
        pool = self.pool
        if self.tier is Tier.HOSTILE:
            return pool.join(pool.sequence(LIST, pool.dict_of(DICT, {}, DATA)), pool.type(NONE))
        schema = self._schema()
        function = pool.dict_of(
            FULL_DICT,
            {
                "name": self.name,
                "description": self.maybe(self.text),
                "parameters": self.maybe(schema),
                "return": self.maybe(schema),
                "strict": pool.type(UNDEFINED | BOOL),
            },
            self.maybe(self.json),
        )
        tool = pool.dict_of(FULL_DICT, {"type": pool.text("function"), "function": function})
        return pool.join(pool.sequence(LIST if self.odd else FULL_LIST, tool), pool.type(NONE))

    def _schema(self) -> Type:
        """A JSON schema; its properties are schemas."""
        pool = self.pool
        shape = Shape(None, None, 0, {})
        schema = pool.type(DICT, None, None, shape)
        maybe_schema = pool.type(DICT | UNDEFINED, None, None, shape)
        properties = pool.type(DICT | UNDEFINED, None, None, pool.shape(fields={}, rest=maybe_schema))
        several = pool.type(LIST | UNDEFINED, None, None, pool.shape((), schema))
        texts = pool.sequence(LIST, self.name)
        shape.fields = {
            "type": self.maybe(pool.join(self.name, texts)),
            "description": self.maybe(self.text),
            "properties": properties,
            "required": self.maybe(texts),
            "enum": self.maybe(pool.sequence(LIST, self.json)),
            "items": maybe_schema,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "$defs": properties,
            "additionalProperties": pool.type(DICT | BOOL | UNDEFINED, None, None, shape),
            "nullable": pool.type(UNDEFINED | BOOL),
            "title": self.maybe(self.text),
            "format": self.maybe(self.name),
        }
        shape.rest = self.maybe(self.json)
        return schema

    def _documents(self) -> Type:
        pool = self.pool
        if self.tier is Tier.HOSTILE:
            return pool.join(pool.sequence(LIST, pool.dict_of(DICT, {}, DATA)), pool.type(NONE))
        document = pool.dict_of(FULL_DICT, {}, self.maybe(self.text if not self.odd else self.json))
        return pool.join(pool.sequence(LIST if self.odd else FULL_LIST, document), pool.type(NONE))
