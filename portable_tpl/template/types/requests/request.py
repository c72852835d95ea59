"""What a chat request puts into a template's context, as types, for each tier of conversations.

The tiers are those of the contract. The names are those that ``apply_chat_template`` defines: ``messages``, ``tools``
and ``documents`` (``None`` where not given), ``add_generation_prompt`` and the special tokens. What keys hold that no
standard knows depends on the template (:mod:`.own_values`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.fields import (
    FLAT_CALL_KEYS,
    FLAT_TOOL_KEYS,
    GIVEN_TOKENS,
    OTHER_TOKENS,
    REASONING_KEYS,
    ROLE_KEYS,
)
from portable_tpl.requests.parts import BARE_MEDIA, LINKED_MEDIA, MEDIA, PART_KEYS
from portable_tpl.requests.roles import STANDARD_ROLES, kind_of_role
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, DATA, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.requests.request_tools import (
    document_list,
    json_value,
    open_data,
    tool_call,
    tool_list,
)
from portable_tpl.template.usage.demands import Demands


class Profile(NamedTuple):
    """What a template makes of a request's standard fields; requests of equal profiles have equal types."""

    tier: Tier
    roles: frozenset[str]
    part_types: frozenset[str] | None
    tools: tuple[bool, bool]
    calls: tuple[bool, bool]
    reads_calls: bool
    part_roles: frozenset[str] = frozenset()  # besides users, whose parts are taken wherever any are


def profile_of(demands: Demands, tier: Tier) -> Profile:
    """The profile of a template."""
    roles = {role for role in demands.of("role").equals if isinstance(role, str) and role and role != "developer"}
    if not CONTENTS[tier].own_roles:
        roles = {role for role in roles if kind_of_role(role) != "own"}
    named = demands.of("content[]").wanted
    types = None
    if named & PART_KEYS:
        types = frozenset({"text", *named.intersection(MEDIA)}).union(
            value for value in demands.of("type").equals if isinstance(value, str)
        )
    tool, call = demands.of("tools[]").keys, demands.of("tool_calls[]").keys
    return Profile(
        tier,
        frozenset(roles.union(STANDARD_ROLES)),
        types,
        (not tool.isdisjoint(FLAT_TOOL_KEYS), "function" in tool),
        (not call.isdisjoint(FLAT_CALL_KEYS), "function" in call),
        demands.asks_for("tool_calls"),
    )


def request_types(pool: Pool, profile: Profile) -> Mapping[str, Type]:
    """The types of the names that every request defines."""
    types = pool.requests.get(profile)
    if types is None:
        types = pool.requests[profile] = _names(pool, profile)
    return types


def _names(pool: Pool, profile: Profile) -> Mapping[str, Type]:
    hostile = CONTENTS[profile.tier].anything
    token = DATA if hostile else pool.type(k.STR | k.NON_ASCII | k.HTML_CHARS)
    maybe_token = pool.join(token, ABSENT)
    return {
        "messages": _messages(pool, profile),
        "tools": tool_list(pool, profile.tier, *profile.tools),
        "documents": document_list(pool, profile.tier),
        "add_generation_prompt": pool.type(k.BOOL),
        **dict.fromkeys(GIVEN_TOKENS, maybe_token if hostile else token),
        **dict.fromkeys(OTHER_TOKENS, maybe_token),
    }


def marked_types(pool: Pool, profile: Profile, marks: Mapping[str, str]) -> Mapping[str, Type]:
    """The same without tools or documents, and with typed parts alone, marked by a text of its role's own.

    ``marks`` names the roles and their texts.
    """
    key = (profile, *marks.items())
    if key in pool.requests:
        return pool.requests[key]
    parts = {
        role: pool.sequence(
            k.FULL_LIST, pool.dict_of(k.FULL_DICT, {"type": pool.text("text"), "text": pool.text(mark)})
        )
        for role, mark in marks.items()
    }
    none = pool.type(k.NONE)
    given = {"messages": _messages(pool, profile, parts), "tools": none, "documents": none}
    types = pool.requests[key] = {**request_types(pool, profile), **given}
    return types


def _messages(pool: Pool, profile: Profile, contents: Mapping[str, Type] = MappingProxyType({})) -> Type:
    if CONTENTS[profile.tier].anything:
        return pool.sequence(k.FULL_LIST, pool.dict_of(k.DICT, {}, DATA))
    if CONTENTS[profile.tier].unusual:
        return _extended_messages(pool, profile)
    cases: dict[str, Type] = {}
    for role in sorted(profile.roles):
        fields = {**_NO_STANDARD_KEYS, "role": pool.text(role), **_MAKERS[kind_of_role(role)](pool, profile, role)}
        fields["content"] = contents.get(role, fields["content"])
        rest = open_data(pool, profile.tier)
        if kind_of_role(role) == "assistant":
            cases[role] = _calling_or_not(pool, fields, rest, profile)
        else:
            cases[role] = pool.dict_of(k.FULL_DICT, fields, rest)
    by_role = ("role", cases)
    first = frozenset(role for role in cases if kind_of_role(role) in ("system", "user", "own"))
    own = any(kind_of_role(role) == "own" for role in cases)
    # A system message opens the conversation; only messages of roles of the template's own may stand before it.
    later = frozenset(role for role in cases if own or kind_of_role(role) != "system")
    shape = pool.shape((pool.case(by_role, first),), pool.case(by_role, later), 1)
    return pool.type(k.FULL_LIST, None, None, shape)


def _calling_or_not(pool: Pool, fields: Mapping[str, Type], rest: Type, profile: Profile) -> Type:
    """An assistant's message: one with calls may come without content, since the reference drops what is null.

    That is so where the template reads calls, as for the judge of tiers.
    """
    calls = pool.keep(fields["tool_calls"], k.ALL_KINDS & ~k.UNDEFINED)
    said = pool.type(k.STR | k.TEXT_FACTS)
    content = pool.join(pool.keep(fields["content"], ~k.STR), said)
    if profile.reads_calls:
        content = pool.join(content, ABSENT)
    calling = {**fields, "tool_calls": calls, "content": content}
    cases = {
        "": pool.dict_of(k.FULL_DICT, {**fields, "tool_calls": ABSENT}, rest),
        "*": pool.dict_of(k.FULL_DICT, calling, rest),
    }
    return pool.case(("tool_calls", cases), frozenset(cases))


def _extended_messages(pool: Pool, profile: Profile) -> Type:
    fields = {**_plain(pool, profile, ""), **_assistant(pool, profile, ""), **_tool(pool, profile, "")}
    nothing = pool.type(k.NONE | k.UNDEFINED)
    fields = {name: pool.join(type_, nothing) for name, type_ in fields.items()}
    data = json_value(pool, profile.tier)
    # A tool's result may be data; what any other role says is text or parts.
    result = pool.keep(data, k.LIST | k.DICT)
    fields["content"] = pool.join_all((fields["content"], content_type(pool, profile), result))
    fields["role"] = pool.type(k.TEXT_STR)
    return pool.sequence(k.FULL_LIST, pool.dict_of(k.FULL_DICT, fields, open_data(pool, profile.tier)))


def content_type(pool: Pool, profile: Profile, role: str = "user") -> Type:
    """A message's content: text, or typed parts where the template takes them; pictures come from users."""
    text = pool.type(k.STR | k.TEXT_FACTS | (0 if kind_of_role(role) == "tool" else k.RARELY_EMPTY))
    types = profile.part_types
    if CONTENTS[profile.tier].unusual:
        types = types or frozenset(("text",))
    if types is None or (role != "user" and role not in profile.part_roles):
        return text
    key = ("content", profile)
    if key not in pool.requests:
        pool.requests[key] = _part_lists(pool, profile, types, text)
    return pool.join(text, pool.requests[key]["all" if role == "user" else "text"])


def _part_lists(pool: Pool, profile: Profile, types: frozenset[str], text: Type) -> Mapping[str, Type]:
    """Lists of parts of all types, and of those of text alone."""
    rest = open_data(pool, profile.tier)
    if CONTENTS[profile.tier].unusual:
        text = pool.join(text, pool.type(k.NONE))
    maybe_text = maybe_link = pool.join(text, ABSENT)
    link = pool.dict_of(k.FULL_DICT, {"url": text})
    plain = dict.fromkeys((*PART_KEYS, "url", "content"), ABSENT)
    cases: dict[str, Type] = {}
    for name in sorted(types):
        fields: dict[str, Type] = {}
        if name in BARE_MEDIA:
            fields = {**plain, name: maybe_link, "url": maybe_link}
        elif name in LINKED_MEDIA:
            fields = {**plain, name: pool.join(link, ABSENT)}
        elif name == "text":
            fields = {**plain, "text": text, "content": maybe_text}
        cases[name] = pool.dict_of(k.FULL_DICT, {**fields, "type": pool.text(name)}, rest)
    by_type = ("type", cases)
    return {
        "all": pool.sequence(k.FULL_LIST, pool.case(by_type, frozenset(cases))),
        "text": pool.sequence(k.FULL_LIST, pool.case(by_type, frozenset(("text",)))),
    }


def _plain(pool: Pool, profile: Profile, role: str) -> dict[str, Type]:
    return {"content": content_type(pool, profile, role), "name": pool.type(k.TEXT_STR | k.UNDEFINED)}


def _assistant(pool: Pool, profile: Profile, role: str) -> dict[str, Type]:
    odd = CONTENTS[profile.tier].unusual
    reasoning = pool.type(k.STR | k.TEXT_FACTS | k.UNDEFINED)
    calls = pool.sequence(k.LIST if odd else k.FULL_LIST, tool_call(pool, profile.tier, *profile.calls))
    return {
        **_plain(pool, profile, role),
        "tool_calls": pool.join(calls, ABSENT),
        **dict.fromkeys(REASONING_KEYS, reasoning),
    }


def _tool(pool: Pool, profile: Profile, role: str) -> dict[str, Type]:
    return {
        **_plain(pool, profile, role),
        "tool_call_id": pool.unsure(pool.type(k.TEXT_STR | k.UNDEFINED), but=k.STR),
    }


_NO_STANDARD_KEYS = dict.fromkeys(ROLE_KEYS, ABSENT)
_MAKERS = {"system": _plain, "user": _plain, "own": _plain, "assistant": _assistant, "tool": _tool}
