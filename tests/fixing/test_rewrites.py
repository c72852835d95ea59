"""What each rewrite makes of a template, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import pytest

from portable_tpl.fixing import Prover, fix
from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.rewriting.helper_macros import UNDO, WITHOUT_END, WITHOUT_START
from portable_tpl.rewriting.python_text import PYTHON_STR
from portable_tpl.targets.registry import open_runtime
from tests.fixing.independent import violations

STRICT = ("minijinja-strict",)
MINIJINJA = ("minijinja",)
HF = ("hf-jinja",)
LLAMA = ("llama.cpp-engine",)
QUOTE = "{% macro quote(text, left='', right='') %}{{ left ~ text ~ right }}{{ caller() if caller }}{% endmacro %}"


def as_errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings as a configuration may have them: a macro is put in for errors only."""
    return [replace(finding, severity=Severity.ERROR) for finding in findings]


def in_loop(expression: str) -> str:
    return "{% for m in messages %}" + expression + "{% endfor %}"


# The expression before and after, inside a loop over messages.
CHANGES = [
    ("{{ m.content.strip() }}", "{{ m.content|trim }}"),
    ("{{ m['content'].strip() + '!' }}", "{{ m['content']|trim + '!' }}"),
    ("{{ m.content.strip('\\n') }}", "{{ m.content|trim('\\n') }}"),
    ("{{ m.content.strip(none) }}", "{{ m.content|trim }}"),
    ("{{ (m.role + m.content).strip() }}", "{{ (m.role + m.content)|trim }}"),
    ("{{ m.content.strip()[0] }}", "{{ (m.content|trim)[0] }}"),
    ("{{ m.content.lstrip() }}", "{{ ((m.content ~ '.')|trim)[:-1] }}"),
    ("{{ m.content.rstrip('\\n') }}", "{{ (('.' ~ m.content)|trim('\\n'))[1:] }}"),
    ("{{ m.content.lstrip('.') }}", "{{ ((m.content ~ ':')|trim('.'))[:-1] }}"),
    ("{{ m.content.upper() }}", "{{ m.content|upper }}"),
    ("{{ m.content.lower().strip() }}", "{{ m.content|lower|trim }}"),
    ("{{ m.role.capitalize() }}", "{{ m.role|capitalize }}"),
    ("{{ m.content.replace('a', m.role) }}", "{{ m.content|replace('a', m.role) }}"),
    ("{{ ', '.join([m.role, 'x']) }}", "{{ [m.role, 'x']|join(', ') }}"),
    ("{{ m.copy()['role'] }}", "{{ m['role'] }}"),
    ("{% if m.content.startswith('ab') %}y{% endif %}", "{% if m.content[:2] == 'ab' %}y{% endif %}"),
    ("{% if not m.content.startswith('ab') %}y{% endif %}", "{% if not (m.content[:2] == 'ab') %}y{% endif %}"),
    ("{% if m.content.endswith('é') and m %}y{% endif %}", "{% if m.content[-1:] == 'é' and m %}y{% endif %}"),
    (
        "{% if m.content.endswith(('a', 'bc')) and m %}y{% endif %}",
        "{% if (m.content[-1:] == 'a' or m.content[-2:] == 'bc') and m %}y{% endif %}",
    ),
    (
        "{% if m.content.startswith(m.role) %}y{% endif %}",
        "{% if m.content[:m.role|length] == m.role %}y{% endif %}",
    ),
    (
        "{% if m.content.endswith(m.role) %}y{% endif %}",
        "{% if m.content[m.content|length - m.role|length:] == m.role %}y{% endif %}",
    ),
    ("{{ m.content.removeprefix('ab') }}", "{{ m.content[2:] if m.content[:2] == 'ab' else m.content }}"),
    ("{% if m.content.find('a') != -1 %}y{% endif %}", "{% if 'a' in m.content %}y{% endif %}"),
    ("{% if m.content.find('a') == -1 %}y{% endif %}", "{% if 'a' not in m.content %}y{% endif %}"),
    ("{% if m.content.count('a') > 0 %}y{% endif %}", "{% if 'a' in m.content %}y{% endif %}"),
    ("{% for k, v in m.items() %}{{ k }}{% endfor %}", "{% for k, v in m|items %}{{ k }}{% endfor %}"),
    ("{% for k in m.keys() %}{{ k }}{% endfor %}", "{% for k in m %}{{ k }}{% endfor %}"),
    ("{% if 'role' in m.keys() %}y{% endif %}", "{% if 'role' in m %}y{% endif %}"),
    ("{{ m.keys()|join(',') }}", "{{ m|join(',') }}"),
    ("{{ m.items()|length }}", "{{ m|length }}"),
    (
        "{% for v in m.values() %}{{ loop.index }}{% endfor %}",
        "{% for v in m|items|map(attribute=1) %}{{ loop.index }}{% endfor %}",
    ),
    ("{% if m.get('name') %}y{% endif %}", "{% if m['name'] %}y{% endif %}"),
    ("{% if m.get('role') == 'user' %}y{% endif %}", "{% if m['role'] == 'user' %}y{% endif %}"),
    ("{{ m.get('name') or 'x' }}", "{{ m['name'] or 'x' }}"),
    ("{{ m.get('name') }}", "{{ m['name'] if 'name' in m else none }}"),
    ("{{ m.get('name', 'x') + '!' }}", "{{ m['name']|default('x') + '!' }}"),
    ("{{ m.get('parts', [])|default({})|join }}", "{{ m['parts']|default([])|join }}"),
    # the filter would make nothing of a default that is none, and of a key that is a method's name
    ("{{ m.get('name', none) }}", "{{ m['name'] if 'name' in m else none }}"),
    ("{{ m.get('name', m.role) }}", "{{ m['name'] if 'name' in m else m.role }}"),
    ("{{ m.get('items', 'x') }}", "{{ m['items'] if 'items' in m else 'x' }}"),
    ("{% if m.get('name') is defined and m.role %}y{% endif %}", "{% if m.role %}y{% endif %}"),
    ("{% if m.role and m.get('name', []) is defined %}y{% endif %}", "{% if m.role %}y{% endif %}"),
    (
        "{% if m.get('name') is none %}y{% endif %}",
        "{% if (m['name'] if 'name' in m else none) is none %}y{% endif %}",
    ),
    # jinja2 takes m['items'] for the method where there is no such key
    ("{% if m.get('items') %}y{% endif %}", "{% if 'items' in m and m['items'] %}y{% endif %}"),
    (
        "{{ {'user': 'U'}.get(m.role, 'X') }}",
        "{{ {'user': 'U'}[m.role] if m.role in {'user': 'U'} else 'X' }}",
    ),
    ("{{ 'no. %d' % loop.index }}", "{{ 'no. ' ~ loop.index }}"),
    ("{{ '<{}>{}'.format(m.role, m.content) }}", "{{ '<' ~ m.role ~ '>' ~ m.content }}"),
    ("{{ '{0}{{{0}}}'.format(m.role) }}", "{{ m.role ~ '{' ~ m.role ~ '}' }}"),
]

ELSEWHERE = [
    (
        HF,
        "{% for t in tools or [] %}{% for k, v in (t.function.parameters.properties or {})|items %}"
        "{{ v.type|upper }}{% endfor %}{% endfor %}",
        "{% for t in tools or [] %}{% for k, v in (t.function.parameters.properties or {})|items %}"
        "{{ python_str(v.type)|upper }}{% endfor %}{% endfor %}",
    ),
    (MINIJINJA, "{{ tools|tojson(ensure_ascii=false)|length }}", "{{ tools|tojson" + UNDO + "|length }}"),
    (MINIJINJA, "{{ '%s-%s%%' % (m.role, 'b') }}", "{{ m.role ~ '-' ~ 'b' ~ '%' }}"),
    (MINIJINJA, "{% if tools is iterable %}y{% endif %}", "{% if tools is not none %}y{% endif %}"),
    (
        MINIJINJA,
        "{% if m.content is sequence %}y{% endif %}",
        "{% if m.content is string or m.content is sequence %}y{% endif %}",
    ),
    (MINIJINJA, "{{ 'a\\\nb' }}", "{{ 'ab' }}"),
    (HF, "{% for p in m.content %}{{ p.text }}{% endfor %}",
     "{% for p in ([] if m.content is string else m.content) %}{{ p.text }}{% endfor %}"),
    (HF, "{{ 1e3 }}", "{{ 1000.0 }}"),
    (HF, "{{ 0x10 }}", "{{ 16 }}"),
    (HF, "{{ '\\x41' if 1 < 2 < 3 else '' }}", "{{ '\\x41' if 1 < 2 and 2 < 3 else '' }}"),
    (HF, "{{ m.role == 'user' }}", "{{ 'True' if m.role == 'user' else 'False' }}"),
    (HF, "{{ m.role|e }}{{ m.nope|d('x') }}", "{{ m.role|e }}{{ m.nope|default('x') }}"),
    (HF, "{% for i in [1, 2] %}{{ loop.cycle('a', 'b') }}{% endfor %}",
     "{% for i in [1, 2] %}{{ ['a', 'b'][loop.index0 % 2] }}{% endfor %}"),
    (HF, "{{ dict(a=m.role).a }}", "{{ {'a': m.role}.a }}"),
    (HF, "{{ m.content.rsplit('ab', 1)[-1] }}", "{{ m.content.split('ab')[-1] }}"),
    (HF, "{{ m.content.rsplit('ab', 1)|first }}",
     "{{ m.content.split('ab')[:-1]|join('ab') if 'ab' in m.content else m.content }}"),
    (MINIJINJA, "{{ m.content.partition('aa')[0] }}", "{{ m.content.split('aa')[0] }}"),
    (MINIJINJA, "{{ m.content.partition('aa')[2] }}", "{{ m.content.split('aa')[1:]|join('aa') }}"),
    (MINIJINJA, "{{ m.content.rpartition('ab')[-1] }}", "{{ m.content.split('ab')[-1] }}"),
    (HF, "{% if m == messages[-1] %}y{% endif %}", "{% if m|tojson == messages[-1]|tojson %}y{% endif %}"),
    (HF, "{% for c in m.tool_calls %}{% for n, v in c.function.arguments.items() %}{{ v|string }}{% endfor %}{% endfor %}",
     "{% for c in (m.tool_calls or []) %}{% for n, v in c.function.arguments|items %}"
     "{{ python_str(v) }}{% endfor %}{% endfor %}"),
    (HF, "{% for c in m.tool_calls or [] %}{% for n, v in c.function.arguments|items %}"
         "{% if v is not mapping and v is not iterable %}{{ v|string }}{% endif %}{% endfor %}{% endfor %}",
     "{% for c in m.tool_calls or [] %}{% for n, v in c.function.arguments|items %}"
     "{% if v is not mapping and v is not iterable %}{{ v|string|capitalize if v is boolean else v|string }}"
     "{% endif %}{% endfor %}{% endfor %}"),
    (HF, "{% for t in messages|map(attribute='role')|reject('equalto', 'tool') %}{{ t }}{% endfor %}",
     "{% for t in messages|map(attribute='role') if t != 'tool' %}{{ t }}{% endfor %}"),
    (HF, "{% set s = messages|map(attribute='role')|map('upper')|join(', ') %}{{ s }}",
     "{% set s %}{% for item in messages|map(attribute='role') %}"
     "{{ item|upper }}{{ '' if loop.last else ', ' }}{% endfor %}{% endset %}{{ s }}"),
    (HF, "{{ messages|selectattr('role', 'eq', 'tool')|map(attribute='role')|first }}",
     "{{ (messages|selectattr('role', 'eq', 'tool')|map(attribute='role')|list)[0] }}"),
    (HF, "{% set t = {'a': 'b'} %}{% if t[m.nickname] is defined %}y{% endif %}",
     "{% set t = {'a': 'b'} %}{% if m.nickname is string and t[m.nickname] is defined %}y{% endif %}"),
    (HF, "{% for c in m.tool_calls or [] %}{{ ': ' ~ (c.function.arguments | string) }}{% endfor %}",
     "{% for c in m.tool_calls or [] %}{{ ': ' ~ python_str(c.function.arguments) }}{% endfor %}"),
    (HF, "{{ '%s: %s'|format(m.role, m.content) }}", "{{ m.role ~ ': ' ~ m.content }}"),
    (LLAMA, f"{QUOTE}{{{{ quote(m.role, right='>') }}}}", f"{QUOTE}{{{{ quote(m.role, '', '>') }}}}"),
    (LLAMA, f"{QUOTE}{{% call quote(m.role, right='>') %}}x{{% endcall %}}",
     f"{QUOTE}{{% call quote(m.role, '', '>') %}}x{{% endcall %}}"),
]  # fmt: skip

UNCHANGED = [
    (STRICT, "{{ m.content|trim }}"),
    (STRICT, "{{ m.content.title() }}"),  # not the same on every text
    (STRICT, "{{ m.content.split() }}"),
    (STRICT, "{{ m.content.split('a')[0] }}"),  # nothing short does the same without split
    (MINIJINJA, "{{ m.content.rpartition('aa')[0] }}"),  # of `aaa` it takes another piece
    (STRICT, "{{ m.content.split('aa')[-1] }}"),  # pieces of `aaa` depend on where the cutting starts
    (STRICT, "{{ m.content.split(m.role)[0] }}"),
    (STRICT, "{{ m.content.split('a')[2] }}"),
    (STRICT, "{{ m.items() }}"),  # prints dict_items(…)
    (STRICT, "{{ m.keys() }}"),
    (STRICT, "{% if m.content.startswith('') %}y{% endif %}"),
    (("minijinja-strict@3.0.5",), "{{ m.content.replace('a', 'b', 1) }}"),  # its filter does not count
    (STRICT, "{{ '{:>3}'.format(m.role) }}"),
    (STRICT, "{{ '{!r}'.format(m.role) }}"),
    (STRICT, "{{ range(3).count(1) }}"),
    (STRICT, "{{ '%5s' % m.role }}"),
    (MINIJINJA, "{{ m.content.strip() }}"),  # works there
    (HF, "{{ m.content.strip() }}"),
    (HF, "{% if m.content.startswith('a') %}y{% endif %}"),
    (LLAMA, "{% macro f(a, b=m.role, c='') %}{{ a }}{{ c }}{% endmacro %}{{ f('x', c='y') }}"),  # whose m?
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_methods_become_plain_jinja(before: str, after: str, prover: Prover) -> None:
    old = Template(in_loop(before))
    result = fix(old, STRICT, prover=prover, level=Severity.NOTE)
    assert result.text == in_loop(after), result.refused
    assert result.applied
    assert violations(old, Template(result.text), prover) == []


@pytest.mark.parametrize(("targets", "before", "after"), ELSEWHERE)
def test_other_rewrites(targets: tuple[str, ...], before: str, after: str, prover: Prover) -> None:
    old = Template(in_loop(before))
    result = fix(old, targets, prover=prover, level=Severity.NOTE)
    assert result.text.endswith(in_loop(after)), (result.text, result.refused)
    assert violations(old, Template(result.text), prover) == []


@pytest.mark.parametrize(("targets", "expression"), UNCHANGED)
def test_what_is_left_alone(targets: tuple[str, ...], expression: str, prover: Prover) -> None:
    template = in_loop(expression)
    assert fix(Template(template), targets, prover=prover).text == template


@pytest.mark.parametrize(
    ("expression", "call"),
    [
        ("m.content.lstrip('\\n')", "without_start(m.content, '\\n')"),
        ("m.content.rstrip('\\n')", "without_end(m.content, '\\n')"),
        ("m.content.strip('\\n')", "without_end(without_start(m.content, '\\n'), '\\n')"),
    ],
)
def test_line_ends_are_stripped_by_a_macro_of_four_lines(expression: str, call: str, prover: Prover) -> None:
    old = Template(in_loop("{{ " + expression + " }}"))
    result = fix(old, HF, prover=prover, graded=as_errors)
    assert result.text.endswith(in_loop("{{ " + call + " }}")), result.refused
    assert result.text.count("\n") == 4 * call.count("without")
    assert violations(old, Template(result.text), prover) == []


@pytest.mark.parametrize("mark", ["\n", "."])
def test_the_macros_strip_as_python_does(mark: str, prover: Prover) -> None:
    for macro, method in ((WITHOUT_START, str.lstrip), (WITHOUT_END, str.rstrip)):
        for pieces in product((mark, "a", " "), repeat=5):
            text = "".join(pieces)
            template = Template(
                macro.definition("cut") + "{{- cut(messages[0].content, '" + repr(mark)[1:-1] + "') }}"
            )
            given = Conversation([{"role": "user", "content": text}])
            assert prover.reference.render(template, given) == Rendered(method(text, mark))


def test_what_follows_a_continue_goes_into_an_else(prover: Prover) -> None:
    lines = (
        "{%- for m in messages %}",
        "{%- if m.role == 'system' %}[{{ m.content }}]",
        "  {%- continue %}",
        "{%- endif %}",
    )
    rest = ("{{ m.role }}{% set x = m.content %}", "{{ x }}", "{%- endfor %}")
    template = Template("\n".join((*lines, *rest)))
    result = fix(template, (*HF, *LLAMA), prover=prover)
    assert result.text == "\n".join((*lines[:2], "  {%- else %}", *rest[:2], "{%- endif %}{%- endfor %}"))
    assert violations(template, Template(result.text), prover) == []
    elsewhere = (
        "{% for m in messages %}{% if m.content %}{% if m.role == 'system' %}{{ m.content }}{% continue %}{% endif %}"
    )
    left = Template(elsewhere + "{% endif %}{{ m.role }}{% endfor %}")
    assert fix(left, HF, prover=prover).text == left.text


LADDER = "{{{{ (v|tojson if v is none else {} if v is defined else 'x') }}}}"


def test_a_boolean_gets_no_third_choice_in_a_row(prover: Prover) -> None:
    loops = "{{% for m in messages %}}{{{{ m.content }}}}{{% for c in m.tool_calls or [] %}}{}{{% endfor %}}{{% endfor %}}"
    arguments = "{{% for k, v in c.function.arguments|items %}}{{% if v is not mapping and v is not iterable %}}"
    arguments += "{}{{% endif %}}{{% endfor %}}"
    template = loops.format(arguments.format(LADDER.format("v|string")))
    assert fix(Template(template), HF, prover=prover).text == template


def test_what_may_be_absent_is_repaired_though_it_is_no_sure_error(prover: Prover) -> None:
    seen = (
        "{{% set ns = namespace(ids=[]) %}}{{% for m in messages %}}{{% if m.role == 'tool' and {} not in ns.ids %}}"
    )
    text = seen + "{{{{ m.content }}}}{{% set ns.ids = ns.ids + [{}] %}}{{% endif %}}{{% endfor %}}"
    old, new = (text.format(*2 * (each,)) for each in ("m.tool_call_id", "m.tool_call_id|default(-1)"))
    assert fix(Template(old), HF, prover=prover).text == new


ODD = (
    "a", "it's", 'say "hi"', 'it\'s "so"', "C:\\dir", "two\nlines\t.", "naïve 日本 🙂", "👩\u200d💻 می\u200cخواهم",
    "<b>&", "\\'\\\"", "",
)  # fmt: skip
ARGUMENTS: dict[str, Json] = {
    "texts": list(ODD),
    "words": [True, False, None, 0, -1.5],
    "deep": [[], {}, ["a", ["b"]], {"k'": {"x": None}}],
    "mapping": {"it's": "a", "b": [1]},
    **{f"t{number}": each for number, each in enumerate(ODD)},
    "yes": True,
    "nothing": None,
    "number": 12,
}


@pytest.mark.parametrize("engine", [*HF, *LLAMA, *MINIJINJA, "transformers"])
def test_the_macro_for_text_does_what_python_does(engine: str) -> None:
    template = Template(
        PYTHON_STR.definition("text_of") + "{%- for k in args -%}[{{ text_of(args[k]) }}]{%- endfor -%}"
    )
    given = Conversation([{"role": "user", "content": "a"}], variables={"args": ARGUMENTS})
    runtime = open_runtime(engine)
    try:
        answer = runtime.render(template, given)
    finally:
        runtime.close()
    assert answer == Rendered("".join(f"[{each}]" for each in ARGUMENTS.values()))


@pytest.mark.parametrize("text", ["\x00", "\x7f", "\xa0", "\u200b", "\u2028", "\ud7ff\ue000", "\x1b[0m'\"\\", "\r\n"])
def test_the_macro_for_text_keeps_the_reference(text: str, prover: Prover) -> None:
    template = Template(PYTHON_STR.definition("text_of") + "{{- text_of(args) }}")
    given = Conversation([{"role": "user", "content": "a"}], variables={"args": [text, {text: text}]})
    assert prover.reference.render(template, given) == Rendered(str([text, {text: text}]))


def test_a_schema_s_default_that_is_null_is_written(prover: Prover) -> None:
    loop = "{{% for t in tools or [] %}}{{% for k, v in (t.function.parameters.properties or {{}})|items %}}"
    text = loop + "{{% if 'default' in v and v.default is not iterable %}}{}{{% endif %}}{{% endfor %}}{{% endfor %}}"
    old = Template(text.format("{{ '=' ~ v.default }}"))
    result = fix(old, HF, prover=prover)
    assert result.text.endswith(text.format("{{ '=' ~ python_str(v.default) }}")), result.refused
    assert violations(old, Template(result.text), prover) == []


def test_pieces_of_a_map_are_gathered_in_front_of_their_tag(prover: Prover) -> None:
    macro = "{%- macro show(all) %}{{ all|length }}{% endmacro %}"
    template = Template(
        macro + in_loop("{% for t in tools or [] %}x:{{ show([t.type]|map('upper')|list) }}{% endfor %}")
    )
    result = fix(template, LLAMA, prover=prover)
    loop = "{% for item in [t.type] %}{% set mapped.list = mapped.list + [item|upper] %}{% endfor %}"
    assert "x:{% set mapped = namespace(list=[]) %}" + loop + "{{ show(mapped.list|list) }}" in result.text, (
        result.refused
    )
    assert violations(template, Template(result.text), prover) == []


def test_a_macro_is_defined_once(prover: Prover) -> None:
    template = in_loop("{{ m.content.lstrip('\\n') }}{{ m.role.lstrip('\\n') }}")
    assert fix(Template(template), HF, prover=prover, graded=as_errors).text.count("macro without_start") == 1


def test_a_macro_has_the_line_ends_of_the_file(prover: Prover) -> None:
    lines = (
        "{%- for m in messages -%}",
        "{{- m.content.lstrip('\\n') -}}",
        "{{- m.role.lstrip('\\n') -}}",
        "{%- endfor -%}",
    )
    windows = fix(Template("\r\n".join(lines)), HF, prover=prover, graded=as_errors).text
    unix = fix(Template("\n".join(lines)), HF, prover=prover, graded=as_errors).text
    assert unix.count("\n") == 7
    assert windows == unix.replace("\n", "\r\n")


def test_a_macro_takes_another_name_where_its_own_is_taken(prover: Prover) -> None:
    template = "{% set without_start = 1 %}" + in_loop("{{ m.content.lstrip('\\n') }}{{ without_start }}")
    result = fix(Template(template), HF, prover=prover, graded=as_errors)
    assert "{%- macro without_start_2(text, mark) -%}" in result.text
    assert "{{ without_start_2(m.content, '\\n') }}{{ without_start }}" in result.text


def test_several_targets_get_what_all_of_them_can_do(prover: Prover) -> None:
    template = in_loop("{{ m.role.strip() }}{{ m.content.strip('\\n') }}")
    alone = fix(Template(template), STRICT, prover=prover).text
    together = fix(Template(template), (*STRICT, *HF), prover=prover).text
    assert alone == in_loop("{{ m.role|trim }}{{ m.content|trim('\\n') }}")
    assert together == in_loop("{{ m.role|trim }}{{ m.content.strip('\\n') }}")  # hf-jinja's trim takes no text


def test_what_is_milder_is_left_alone(prover: Prover) -> None:
    template = in_loop("{{ m|tojson }}")
    assert fix(Template(template), MINIJINJA, prover=prover).text == template
    for level, text in ((Severity.WARNING, in_loop("{{ m|tojson" + UNDO + " }}")), (Severity.ERROR, template)):
        assert fix(Template(template), MINIJINJA, prover=prover, level=level).text == text
    assert "json_text" in fix(Template(template), ("minijinja-strict",), prover=prover).text
    milder = fix(Template(in_loop("{{ m.content.lstrip('\\n') }}")), HF, prover=prover, level=Severity.WARNING)
    assert "macro" not in milder.text
    assert [reason for *_, reason in milder.left] == ["it would take a macro, which is for errors only"]


def test_a_rewrite_is_in_the_style_of_the_template(prover: Prover) -> None:
    template = in_loop('{{ "<" }}{{ m.role | lower }}{{ m.role.strip() }}{{ "%s!" % m.role }}')
    text = fix(Template(template), STRICT, prover=prover).text
    assert text == in_loop('{{ "<" }}{{ m.role | lower }}{{ m.role | trim }}{{ m.role ~ "!" }}')


def test_only_what_is_selected_is_fixed(prover: Prover) -> None:
    template = in_loop("{{ m.content.strip() }}{{ m|tojson }}")
    result = fix(Template(template), STRICT, select=["PTL101"], prover=prover)
    assert result.text == in_loop("{{ m.content|trim }}{{ m|tojson }}")


def test_what_is_suppressed_is_not_fixed(prover: Prover) -> None:
    template = in_loop("{{ m.content.strip() }}{#- portable-tpl: ignore[PTL101] pycompat is on -#}")
    assert fix(Template(template), STRICT, prover=prover).text == template


def test_an_unsafe_fix_has_its_price(prover: Prover) -> None:
    template = Template(in_loop("{{ m.content.rstrip(' \\n') }}"))
    assert fix(template, HF, prover=prover).text == template.text
    result = fix(template, HF, prover=prover, unsafe=True)
    assert result.text == in_loop("{{ m.content.rstrip() }}")
    (finding,) = result.applied
    assert finding.fix is not None
    assert finding.fix.price is not None
    assert 0 < finding.fix.price.changed < finding.fix.price.cases
    assert finding.fix.price.before != finding.fix.price.after


def test_text_is_never_made_json_text(prover: Prover) -> None:
    template = Template(
        "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.arguments }}{% endfor %}{% endfor %}"
    )
    result = fix(template, HF, prover=prover, unsafe=True)
    assert result.text == template.text.replace(
        "{{ c.function.arguments }}",
        "{{ c.function.arguments if c.function.arguments is string else c.function.arguments|tojson }}",
    ), result.refused
    assert fix(Template(result.text), HF, prover=prover, unsafe=True).text == result.text
