"""What is inferred for the constructs that chat templates are made of."""

from __future__ import annotations

import pytest
from jinja2 import nodes

from portable_tpl.model.conversation import Tier
from portable_tpl.model.source import Template
from portable_tpl.template import ParsedTemplate, parse
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.types import Types, infer, same_in_everyday


def inferred(text: str, tier: Tier = Tier.EVERYDAY) -> tuple[ParsedTemplate, Types]:
    parsed = parse(Template(text))
    return parsed, infer(parsed, tier)


def printed(text: str, tier: Tier = Tier.EVERYDAY) -> list[Type]:
    """The type of each printed expression, in order."""
    parsed, types = inferred(text, tier)
    outputs = [node for node in parsed.nodes if isinstance(node, nodes.Output)]
    children = [child for output in outputs for child in output.nodes if not isinstance(child, nodes.TemplateData)]
    return [types.of(child) for child in children]


def test_a_run_sees_nothing_of_the_runs_before() -> None:
    # What a pool makes of deep types depends on what it has joined before: severities must not.
    one, other = (printed("{{ [messages, [tools]] }}")[0] for _ in range(2))
    assert one is not other
    assert one.bits == other.bits


def in_loop(body: str, before: str = "") -> str:
    return f"{before}{{% for m in messages %}}{body}{{% endfor %}}"


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("messages", ("list",)),
        ("messages[0]", ("dict",)),
        ("messages[1]", ("undefined", "dict")),
        ("messages[0].role", ("str",)),
        ("messages[0]['content']", ("str",)),
        ("messages[0].tool_calls", ("undefined",)),
        ("messages[1].tool_calls", ("undefined", "list")),
        ("tools", ("none", "list")),
        ("documents", ("none", "list")),
        ("add_generation_prompt", ("bool",)),
        ("bos_token", ("str",)),
        ("tools[0].function.parameters.type", ("str",)),
        ("tools[0]['function']['description']", ("str",)),
        ("messages|length", ("int",)),
        ("messages|length > 1", ("bool",)),
        ("messages|tojson", ("str",)),
        ("messages|map(attribute='role')|list", ("list",)),
        ("messages|selectattr('role', 'equalto', 'user')", ("iterator",)),
        ("messages[0].content.split('x')", ("list",)),
        ("messages[0].content.split('x')[0]", ("str",)),
        ("messages[0].content.split('x')[1]", ("undefined", "str")),
        ("messages[0].content.split('x')[-1]|trim", ("str",)),
        ("messages[0].content|safe", ("markup",)),
        ("messages[0].get('name')", ("none", "str")),
        ("messages[0].get('content')", ("str",)),
        ("messages[0].items()", ("view",)),
        ("messages[0].items", ("method",)),
        ("1 + 1.5", ("float",)),
        ("4 / 2", ("float",)),
        ("7 // 2", ("int",)),
        ("'a' ~ 1", ("str",)),
        ("'%s' % 1", ("str",)),
        ("(1, 2)", ("tuple",)),
        ("range(3)", ("range",)),
        ("namespace(a=1)", ("namespace",)),
        ("raise_exception", ("function",)),
        ("strftime_now('%d')", ("str",)),
        ("'a' if add_generation_prompt", ("undefined", "str")),
        ("none or 'a'", ("str",)),
        ("tools or 'a'", ("str", "list")),
        ("not tools", ("bool",)),
        ("'x'|default(1)", ("str",)),
        ("own_flag|default(false)", ("bool", "str")),
    ],
)
def test_kinds(expression: str, kinds: tuple[str, ...]) -> None:
    (found,) = printed(f"{{{{ {expression} }}}}")
    assert found.kinds == kinds


def test_roles_by_place() -> None:
    first, later = printed("{{ messages[0].role }}{% for m in messages[1:] %}{{ m.role }}{% endfor %}")
    assert first.texts == frozenset({"system", "user"})
    assert later.texts == frozenset({"user", "assistant", "tool"})


def test_a_role_of_its_own_is_expected() -> None:
    (found,) = printed(in_loop("{% if m.role == 'critic' %}{{ m.role }}{% endif %}"))
    assert found.texts == frozenset({"critic"})


@pytest.mark.parametrize(
    "guard",
    ["m.content is string", "m['content'] is string", "m.content is not iterable or m.content is string",
     "m.content is not mapping and m.content is string", "not m.content is not string"],
)  # fmt: skip
def test_a_guard_leaves_text(guard: str) -> None:
    text, rest = printed(in_loop(f"{{% if {guard} %}}{{{{ m.content }}}}{{% else %}}{{{{ m.content }}}}{{% endif %}}")
                         + "{% for p in messages[0].content %}{{ p.type }}{% endfor %}")[:2]  # fmt: skip
    assert text.kinds == ("str",)
    assert set(rest.kinds) - {"undefined"} == {"list"}  # a message with calls may lack its content


@pytest.mark.parametrize("tier", [Tier.ORDINARY, Tier.EVERYDAY])
def test_content_is_missing_only_beside_calls(tier: Tier) -> None:
    text = "{% if m.tool_calls %}{{ m.content }}{% else %}{{ m.content }}{% endif %}{{ m.role }}"
    calling, plain, role = printed(in_loop(text), tier)
    assert calling.kinds == ("undefined", "str")
    assert plain.kinds == ("str",)
    assert role.texts == frozenset({"system", "user", "assistant", "tool"})
    by_role = "{% if m.role == 'user' %}{{ m.content }}{% else %}{{ m.content }}{% endif %}"
    reading = printed(in_loop(by_role + "{% if m.tool_calls %}{% endif %}"), tier)
    assert [each.kinds for each in reading] == [("str",), ("undefined", "str")]
    assert [each.kinds for each in printed(in_loop(by_role), tier)] == [("str",), ("str",)]


def test_ordinary_requests_hold_less_than_everyday_ones() -> None:
    text = "{{ documents }}{{ messages[1].tool_calls[0].id }}{% for m in messages %}{% if m.role == 'judge' %}{{ m.role }}{% endif %}{% endfor %}"
    ordinary, everyday = (printed(text, tier) for tier in (Tier.ORDINARY, Tier.EVERYDAY))
    assert [each.kinds for each in ordinary] == [("none",), ("str",), ()]
    assert [set(each.kinds) for each in everyday] == [{"none", "list"}, {"str", "undefined"}, {"str"}]
    assert not same_in_everyday(parse(Template(text)))
    assert same_in_everyday(parse(Template("{{ messages[0].content }}{{ tools }}")))


def test_schemas_come_in_the_shapes_of_clients() -> None:
    text = "{% for s in (tools[0].function.parameters.properties or {}).values() %}{{ s.type }}{% if s.type == 'array' %}{{ s['items'] }}{% elif s.type is string %}{{ s.type }}{% endif %}{% endfor %}"
    kind, items, named = printed(text, Tier.ORDINARY)
    assert set(kind.kinds) == {"undefined", "str", "list"}
    assert set(items.kinds) - {"method"} == {"undefined", "dict"}
    assert named.kinds == ("str",)


def test_parts_are_expected_only_where_they_are_read() -> None:
    (plain,) = printed("{{ messages[0].content }}")
    assert plain.only(k.STR)
    parts = printed("{{ messages[0].content }}{% for part in messages[0].content %}{{ part.text }}{% endfor %}")
    assert parts[0].kinds == ("str", "list")


def test_the_type_of_a_part_tells_its_keys() -> None:
    text = "{% for part in messages[0].content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}"
    (found,) = printed(text)
    assert found.kinds == ("str",)


def test_a_role_tells_the_keys() -> None:
    body = "{% if m.role == 'user' %}{{ m.tool_calls }}{% elif m.role == 'assistant' %}{{ m.tool_calls }}{% endif %}"
    user, assistant = printed(in_loop(body))
    assert user.kinds == ("undefined",)
    assert assistant.kinds == ("undefined", "list")


def test_wrapped_and_flat_calls_are_told_apart() -> None:
    body = (
        "{% for call in m.tool_calls %}{% if call.function is defined %}{% set call = call.function %}{% endif %}"
        "{{ call.name }}{{ call.arguments }}{% endfor %}"
    )
    name, arguments = printed(in_loop(body))
    assert name.kinds == ("str",)
    assert arguments.kinds == ("dict",)


def test_a_key_in_a_loop_over_pairs_tells_its_value() -> None:
    text = (
        "{% for t in tools %}{% for key, value in t.function|items %}"
        "{% if key == 'name' %}{{ value }}{% elif key == 'parameters' %}{{ value }}{% endif %}{% endfor %}{% endfor %}"
    )
    name, parameters = printed(text)
    assert name.kinds == ("str",)
    assert parameters.kinds == ("dict",)


def test_what_raises_is_gone_afterwards() -> None:
    parts = "{% for p in messages[0].content %}{{ p.type }}{% endfor %}"
    before, joined, after = printed(
        "{{ messages[0].content }}{{ 'a' + messages[0].content }}{{ messages[0].content }}" + parts
    )[:3]
    assert before.kinds == ("str", "list")
    assert joined.kinds == ("str",)
    assert after.kinds == ("str",)


@pytest.mark.parametrize("use", ["m.strip()", "m|upper ~ m.upper()", "'x' + m", "m.split('a')"])
def test_using_a_text_proves_that_it_is_one(use: str) -> None:
    text = "{% set m = [1, 'a'][messages|length] %}{{ " + use + " }}{{ m }}"
    assert printed(text)[-1].kinds == ("str",)


def test_raise_exception_ends_a_path() -> None:
    text = "{% if messages[0].role != 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].role }}"
    raised, role = printed(text)
    assert raised is NEVER
    assert role.texts == frozenset({"system"})


def test_names_set_in_a_loop_end_with_it() -> None:
    first, last = printed("{% set x = 'a' %}{% for m in messages %}{% set x = 1 %}{{ x }}{% endfor %}{{ x }}")
    assert first.kinds == ("int",)
    assert last.texts == frozenset({"a"})


def test_names_set_in_a_branch_stay() -> None:
    (found,) = printed("{% set x = 'a' %}{% if tools %}{% set x = 1 %}{% endif %}{{ x }}")
    assert found.kinds == ("int", "str")


def test_a_namespace_carries_values_from_turn_to_turn() -> None:
    text = "{% set ns = namespace(x='a') %}{% for m in messages %}{{ ns.x }}{% set ns.x = 1 %}{{ ns.x }}{% endfor %}{{ ns.x }}"
    before, after, last = printed(text)
    assert before.kinds == ("int", "str")
    assert after.kinds == ("int",)
    assert last.kinds == ("int", "str")


def test_a_namespace_that_grows_comes_to_an_end() -> None:
    text = "{% set ns = namespace(n=0, s='') %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.s = ns.s ~ 'x' %}{% endfor %}{{ ns.n }}{{ ns.s }}"
    number, string = printed(text)
    assert number.kinds == ("int",)
    assert number.numbers is None
    assert string.kinds == ("str",)
    assert string.texts is None
    assert not string.may(k.HTML_CHARS | k.NON_ASCII | k.NEWLINE)


def test_an_attribute_that_only_a_branch_sets_may_be_undefined() -> None:
    text = "{% set ns = namespace() %}{% if tools %}{% set ns.x = 'a' %}{% endif %}{{ ns.x }}"
    assert printed(text)[0].kinds == ("undefined", "str")


def test_macros_see_their_arguments_and_the_names_around_them() -> None:
    text = (
        "{% macro show(a, b='d', c=none) %}{{ a }}{{ b }}{{ c }}{{ outer }}{% endmacro %}"
        "{% set outer = 3 %}{{ show('x') }}{{ show(messages, c=1) }}"
    )
    a, b, c, outer, first, second = printed(text)
    assert a.kinds == ("str", "list")
    assert b.texts == frozenset({"d"})
    assert c.kinds == ("none", "int")
    assert outer.numbers == frozenset({3})
    assert first.kinds == second.kinds == ("str",)


def test_a_macro_that_calls_itself() -> None:
    text = "{% macro walk(x) %}{% for k, v in x.items() %}{{ v }}{% if v is mapping %}{{ walk(v) }}{% endif %}{% endfor %}{% endmacro %}"
    value, *_ = printed(in_loop("{% for c in m.tool_calls %}{{ walk(c.function.arguments) }}{% endfor %}", text))
    assert value.kinds == ("bool", "int", "str", "list", "dict")


def test_a_macro_that_nobody_calls_is_not_reached() -> None:
    parsed, types = inferred("{% macro never() %}{{ 1 }}{% endmacro %}{{ 2 }}")
    one, two = [node for node in parsed.nodes if isinstance(node, nodes.Const)]
    assert not types.reachable(one)
    assert types.reachable(two)


def test_the_body_of_a_call_block() -> None:
    text = "{% macro wrap(x) %}<{{ caller() }}>{% endmacro %}{% set n = 4 %}{% call wrap(1) %}{{ n }}{% endcall %}"
    caller, body = printed(text)
    assert caller.kinds == ("str",)
    assert body.numbers == frozenset({4})


@pytest.mark.parametrize(
    "condition",
    ["messages[0].role == 'tool'", "messages[0].content is none", "tools is undefined", "messages is mapping",
     "not messages", "messages|length == 0", "messages[0].role not in ['system', 'user']", "add_generation_prompt is string",
     "tools is not none and tools is string", "'role' not in messages[0]", "messages[0].role|upper == 'TOOL'", "1 > 2"],
)  # fmt: skip
def test_what_everyday_conversations_never_do(condition: str) -> None:
    parsed, types = inferred(f"{{% if {condition} %}}{{{{ 'dead' }}}}{{% else %}}{{{{ 'alive' }}}}{{% endif %}}")
    consts = {node.value: node for node in parsed.nodes if isinstance(node, nodes.Const)}
    assert not types.reachable(consts["dead"])
    assert types.reachable(consts["alive"])


def test_stranger_tiers_hold_more() -> None:
    text = "{{ messages[1].content }}{{ messages[1].tool_calls[0].function.arguments }}{{ tools }}"
    ordinary, everyday, extended, hostile = (printed(text, tier) for tier in Tier)
    assert [each.bits for each in ordinary[:2]] == [each.bits for each in everyday[:2]]
    assert everyday[0].kinds == ("undefined", "str")
    assert set(extended[0].kinds) == {"undefined", "none", "str", "list", "dict"}
    assert "int" in hostile[0].kinds
    assert everyday[1].kinds == ("dict",)
    assert set(extended[1].kinds) == {"undefined", "none", "dict", "str"}
    for mild, odd, odder in zip(everyday, extended, hostile, strict=True):
        assert not mild.bits & k.ALL_KINDS & ~odd.bits
        assert not odd.bits & k.ALL_KINDS & ~odder.bits


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("{% if enable_it %}{{ 1 }}{% endif %}{% set y = enable_it %}", ("undefined", "bool")),
        ("{{ date }}{% set y = date %}", ("undefined", "str")),
        ("{% for x in extras %}{{ x }}{% endfor %}{% set y = extras %}", ("undefined", "list")),
        ("{{ options.depth }}{% set y = options %}", ("undefined", "dict")),
        ("{% if effort == 'high' %}{{ effort }}{% endif %}{% set y = effort %}", ("undefined", "str")),
        ("{% if budget > 5 %}{{ budget }}{% endif %}{% set y = budget %}", ("undefined", "int", "str")),
    ],
)
def test_own_variables_are_what_they_are_used_as(text: str, kinds: tuple[str, ...]) -> None:
    parsed, _ = inferred("{% if w is defined %}{% endif %}" + text)
    name = next(node.node for node in parsed.nodes if isinstance(node, nodes.Assign))
    first = parse(Template(text))  # a name is narrowed by its uses before it: ask for the first
    own = infer(first).of(next(n for n in first.nodes if isinstance(n, nodes.Name) and n.name == name.name))  # type: ignore[attr-defined]
    assert own.kinds == kinds


def test_facts_of_text() -> None:
    role, content, name = printed("{{ messages[0].role }}{{ messages[0].content }}{{ tools[0].function.name }}")
    assert not role.may(k.TEXT_FACTS | k.EMPTY_STR)
    assert content.bits & k.TEXT_FACTS == k.TEXT_FACTS
    assert content.may(k.EMPTY_STR)
    assert not name.may(k.TEXT_FACTS)


def test_trimmed_text_has_no_outer_space() -> None:
    for found in printed("{{ messages[0].content|trim }}{{ messages[0].content.strip() }}"):
        assert not found.may(k.LEADING_SPACE | k.TRAILING_SPACE)
        assert found.may(k.NEWLINE)


def test_an_expression_that_always_raises() -> None:
    parsed, types = inferred("{{ messages + 'a' }}{{ 1 }}")
    addition = next(node for node in parsed.nodes if isinstance(node, nodes.Add))
    after = next(node for node in parsed.nodes if isinstance(node, nodes.Const) and node.value == 1)
    assert types.reachable(addition)
    assert not types.of(addition).bits & k.ALL_KINDS
    assert not types.reachable(after)


def test_very_nested_templates_are_inferred() -> None:
    depth = 60
    text = "{% if tools %}" * depth + "{{ tools }}" + "{% endif %}" * depth
    assert printed(text)[0].kinds == ("list",)
    assert printed("{{ " + "(" * 20 + "1" + ")" * 20 + " }}")[0].numbers == frozenset({1})


def test_nested_loops_are_cheap() -> None:
    text = (
        "{% set ns = namespace(n=0) %}"
        + "{% for m in messages %}" * 12
        + "{% set ns.n = ns.n + 1 %}"
        + "{% endfor %}" * 12
    )
    assert printed(text + "{{ ns.n }}")[0].kinds == ("int",)


def test_what_is_nested_too_deeply_for_the_reference_may_be_anything() -> None:
    parsed, types = inferred("{{ " + "+".join(["tools"] * 900) + " }}")
    addition = next(node for node in parsed.nodes if isinstance(node, nodes.Add))
    assert types.of(addition) is ANY
    assert types.reachable(addition)


def test_long_chains_of_branches_are_cheap() -> None:
    text = "{% if add_a and add_b %}a" + "{% elif add_c and add_d %}b" * 400 + "{% else %}{{ tools }}{% endif %}"
    assert printed(text)[0].kinds == ("none", "list")


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("{% if m.content %}{% set ns.a = true %}{% endif %}", k.BOOL),
        ("{% if m.content is number %}{% set ns.a = true %}{% endif %}", k.FALSE),
        (
            "{% if m.content is none %}{% set ns.a = true %}{% else %}{% set ns.a = 'x' %}{% endif %}",
            k.FALSE | k.TEXT_STR,
        ),
        ("{% set ns.a = 1 %}", k.FALSE | k.NONZERO),
    ],
)
def test_a_namespace_holds_what_is_really_written(body: str, kinds: int) -> None:
    """What the tree lets expect is taken back where no conversation of the tier gets there."""
    types = printed(in_loop("{{ ns.a }}" + body, "{% set ns = namespace(a=false) %}"))
    assert types[0].bits & k.ALL_KINDS == kinds


def test_a_namespace_of_the_same_name_is_another_one() -> None:
    macro = "{% macro m() %}{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{{ ns.n }}{% endfor %}{% endmacro %}"
    counting = "{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{{ ns.n }}{% set ns.n = ns.n + 1 %}{% endfor %}"
    still, _, counted = printed(macro + "{{ m() }}" + counting)
    assert still.numbers == frozenset((0,))
    assert counted.only(k.INT)
    assert counted.numbers is None


def test_a_text_that_grows_is_any_text() -> None:
    grows = in_loop("{{ ns.t }}{% set ns.t = ns.t + m.content %}", "{% set ns = namespace(t='') %}")
    constant = in_loop("{{ ns.t }}{% set ns.t = ns.t + 'a' %}", "{% set ns = namespace(t='') %}")
    assert printed(grows)[0].texts is None
    assert printed(grows)[0].only(k.STR)
    assert printed(constant)[0].only(k.STR)
