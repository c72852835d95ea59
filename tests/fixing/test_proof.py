"""Nothing is changed that the reference does not bear out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.fixing import Prover, fix, rounds, values
from portable_tpl.fixing.proof import Proof
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

STRICT = ("minijinja-strict",)
Wrong = Callable[[str, str], None]


@pytest.fixture
def misguided(monkeypatch: pytest.MonkeyPatch) -> Wrong:
    """Let the fix of the finding at a text write something else."""

    def spoil(at: str, instead: str) -> None:
        def spoiled(parsed, *arguments, **options):  # type: ignore[no-untyped-def]
            found = []
            for finding in lint(parsed, *arguments, **options):
                start, end = finding.location.start, finding.location.end
                if parsed.text[start:end] == at:
                    wrong = Fix("wrong", Safety.SAFE, (Edit(start, end, instead),))
                    finding = type(finding)(**{**finding.__dict__, "fix": wrong})
                found.append(finding)
            return found

        monkeypatch.setattr(rounds, "lint", spoiled)

    return spoil


def test_a_change_of_the_text_is_refused_with_a_conversation_that_shows_it(misguided: Wrong, prover: Prover) -> None:
    misguided("m.content.strip()", "m.content")
    template = "{% for m in messages %}{{ m.content.strip() }}{% endfor %}"
    result = fix(Template(template), STRICT, prover=prover)
    assert result.text == template
    [(finding, reason)] = result.refused
    assert finding.code == "PTL101"
    assert "printed" in reason
    assert '"messages"' in reason


def test_one_bad_change_does_not_take_the_good_ones_with_it(misguided: Wrong, prover: Prover) -> None:
    misguided("m.content.strip()", "m.content")
    template = "{% for m in messages %}{{ m.content.strip() }}{{ m.role.upper() }}{{ m.role.strip() }}{% endfor %}"
    result = fix(Template(template), STRICT, prover=prover)
    assert "{{ m.content.strip() }}{{ m.role|upper }}{{ m.role|trim }}" in result.text
    assert [finding.location.column for finding, _ in result.refused] == [template.index("m.content.strip") + 1]


def test_a_change_of_a_refusal_is_refused(misguided: Wrong, prover: Prover) -> None:
    misguided("messages[0].role.upper()", "messages[0].role|lower")
    template = "{% if messages[0].role.upper() == 'SYSTEM' %}{{ raise_exception('no system') }}{% endif %}x"
    result = fix(Template(template), STRICT, prover=prover)
    assert result.text == template
    assert any("refuse" in reason for _, reason in result.refused)


def test_a_change_that_does_not_parse_is_refused(misguided: Wrong, prover: Prover) -> None:
    misguided("messages[0].role.upper()", "messages[0].role|")
    template = "{{ messages[0].role.upper() }}"
    result = fix(Template(template), STRICT, prover=prover)
    assert result.text == template
    assert "would not parse" in result.refused[0][1]


def test_a_change_that_does_not_help_is_refused(misguided: Wrong, prover: Prover) -> None:
    misguided("messages[0].role.upper()", "messages[0].role.lower().upper()")
    template = "{{ messages[0].role.upper() }}"
    result = fix(Template(template), STRICT, prover=prover)
    assert result.text == template
    assert "no better" in result.refused[0][1]


def test_where_no_conversation_gets_values_of_all_kinds_are_the_proof(misguided: Wrong, prover: Prover) -> None:
    unreached = "{{% if messages|length > 100000 %}}{{{{ {} }}}}{{% endif %}}"
    methods = unreached.format("messages[0].content.strip()")
    result = fix(Template(methods), STRICT, prover=prover)
    assert result.text == unreached.format("messages[0].content|trim")
    misguided("messages[0].role.upper()", "messages[0].role|capitalize")
    wrong = unreached.format("messages[0].role.upper()")
    result = fix(Template(wrong), STRICT, prover=prover)
    assert result.text == wrong
    assert "no conversation" in result.refused[0][1]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (
            "tools|rejectattr('type', 'equalto', 'x')|list",
            "(tools or [])|rejectattr('type', 'equalto', 'x')|list",
            True,
        ),
        ("names|join(' ')", "names|sort|join(' ')", False),
        ("a.b if a.b is defined else []", "a.b|default([])", True),
        ("a.b or []", "a.b|default([])", False),
        ("called(a)", "called(a )", False),
        # One name is a list to one path and a mapping to the other; one value lies within another.
        ("m[0].role or m.role", "(m[0].role or m.role)", True),
        ("x or x.a", "(x or x.a)", True),
    ],
)
def test_an_expression_alone_shows_what_it_gives(old: str, new: str, same: bool, prover: Prover) -> None:
    parsed = parse(Template(f"{{% set x = {old} %}}"))
    start = parsed.text.index(old)
    before = repr(values._VALUES[1:])
    assert Proof(prover, parsed).holds_on_values(parsed, [Edit(start, start + len(old), new)]) is same
    assert repr(values._VALUES[1:]) == before  # they are given to every other template, too


def test_given_conversations_are_part_of_the_proof(prover: Prover) -> None:
    template = "{% if secret == 'open sesame' %}{{ messages[0].content.strip() }}{% endif %}"
    given = Conversation([{"role": "user", "content": " Hi "}], variables={"secret": "open sesame"})
    result = fix(Template(template), STRICT, conversations=[given], prover=prover)
    assert "|trim" in result.text


def test_unsafe_changes_are_made_only_where_asked_for(prover: Prover) -> None:
    template = "{% for m in messages %}{{ m.content.title() }}{{ m.role.strip() }}{% endfor %}"
    cautious = fix(Template(template), STRICT, prover=prover)
    assert "{{ m.content.title() }}{{ m.role|trim }}" in cautious.text
    assert "--unsafe-fixes" in cautious.refused[0][1]
    bold = fix(Template(template), STRICT, unsafe=True, prover=prover)
    assert "{{ m.content|title }}{{ m.role|trim }}" in bold.text


def test_a_template_without_findings_needs_no_proof() -> None:
    result = fix(Template("{{ messages[0].content }}"), STRICT)
    assert (result.text, result.applied, result.refused) == ("{{ messages[0].content }}", (), ())


def test_places_are_those_of_the_text_that_was_given(prover: Prover) -> None:
    template = "{{ messages[0].content.lstrip('a') }}\n{{ messages[0].role.strip().upper() }}"
    result = fix(Template(template), STRICT, prover=prover)
    assert sorted(finding.location.line for finding in result.applied) == [1, 2, 2]
    assert all(finding.location.end <= len(template) for finding in result.applied)


def test_the_rest_of_the_text_stays_as_it_is(prover: Prover) -> None:
    template = "{#- a  comment -#}\n{%-  if   messages[0].content.strip()  -%}\n\t x{{'y' }}\n{%- endif   %}\n"
    result = fix(Template(template), STRICT, prover=prover)
    assert result.text == template.replace(".content.strip()", ".content|trim")
