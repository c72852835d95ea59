"""Comments that suppress findings."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.model.findings import Finding, Severity, apply_edits
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

TARGETS = ("minijinja-strict",)
BAD = "{{ messages[0].content.strip() }}"


def findings(text: str, targets: tuple[str, ...] = TARGETS, **options: list[str]) -> list[Finding]:
    return lint(parse(Template(text)), targets, **options)  # type: ignore[arg-type]


def told(text: str, targets: tuple[str, ...] = TARGETS) -> list[tuple[str, int, bool]]:
    return [(each.code, each.location.line, each.suppressed) for each in findings(text, targets)]


@pytest.mark.parametrize(
    "comment",
    [
        "{#- portable-tpl: ignore[PTL101] the deployment has pycompat -#}",
        "{# portable-tpl: ignore[PTL1] #}",
        "{#portable-tpl:ignore[PTL1xx]#}",
        "{# portable-tpl: ignore[python-method, PTL305] #}",
        "{# portable-tpl: ignore all of it #}",
        "{# portable-tpl: ignore-file[PTL101] #}",
        "{#+ portable-tpl: ignore #}",
    ],
)
def test_a_comment_suppresses_on_its_line(comment: str) -> None:
    assert told(BAD + comment) == [("PTL101", 1, True)]
    assert told(comment + BAD) == [("PTL101", 1, True)]


def test_a_comment_alone_on_its_line_is_for_the_next_one_with_content() -> None:
    comment = "{#- portable-tpl: ignore[PTL101] why -#}"
    assert told(f"{comment}\n\n{BAD}\n{BAD}") == [("PTL101", 3, True), ("PTL101", 4, False)]
    assert told(f"{comment}\n{{# another comment #}}\n  {BAD}") == [("PTL101", 3, True)]


def test_comments_add_up() -> None:
    text = "{# portable-tpl: ignore[PTL101] #}\n{# portable-tpl: ignore[PTL305] #}\n{{ m.strip() }}{{ tools|tojson }}"
    assert [suppressed for _, _, suppressed in told(text)] == [True, True]


def test_a_tag_on_several_lines_counts_as_one() -> None:
    tag = "{{ messages[0].content\n   .strip() }}"
    assert told("{# portable-tpl: ignore[PTL101] #}\n" + tag) == [("PTL101", 2, True)]
    assert told(tag + " {# portable-tpl: ignore[PTL101] #}") == [("PTL101", 1, True)]


def test_other_lines_and_other_codes_are_not_suppressed() -> None:
    found = told(BAD + "{# portable-tpl: ignore[PTL305] #}\n" + BAD)
    assert ("PTL101", 1, False) in found
    assert ("PTL101", 2, False) in found


def test_a_file_comment_is_for_the_whole_template() -> None:
    assert told(f"{BAD}\n{BAD}\n{{# portable-tpl: ignore-file[PTL101] #}}") == [
        ("PTL101", 1, True),
        ("PTL101", 2, True),
    ]


def test_a_comment_that_suppresses_nothing_is_a_finding() -> None:
    [unused] = findings("{# portable-tpl: ignore[PTL101] old #}\n{{ messages[0].content }}")
    assert (unused.code, unused.rule, unused.severity, unused.location.line) == (
        "PTL001",
        "unused-ignore",
        Severity.WARNING,
        1,
    )
    assert unused.fix is not None
    assert apply_edits("{# portable-tpl: ignore[PTL101] old #}\n{{ messages[0].content }}", unused.fix.edits) == (
        "{{ messages[0].content }}"
    )


def test_a_comment_at_the_end_suppresses_nothing() -> None:
    assert ("PTL001", 2, False) in told(BAD + "\n{# portable-tpl: ignore[PTL101] #}")


def test_a_comment_that_another_target_needs_is_not_unused() -> None:
    assert told(BAD + "{# portable-tpl: ignore[PTL101] #}", targets=("hf-jinja",)) == []


def test_a_rule_that_is_not_selected_does_not_make_its_comment_unused() -> None:
    assert findings(BAD + "{# portable-tpl: ignore[PTL101] #}", select=["PTL0", "PTL3"]) == []


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("{# portable-tpl: ignore[PTL9999] #}", "PTL9999"),
        ("{# portable-tpl: ignore[pyton-method] #}", "python-method"),
        ("{# portable-tpl: ignore[] #}", "no codes"),
        ("{# portable-tpl: ignore[PTL101 #}", "write ignore"),
        ("{# portable-tpl: disable #}", "write ignore"),
        ("{# portable-tpl: #}", "write ignore"),
    ],
)
def test_a_comment_that_is_not_understood_is_a_finding(comment: str, words: str) -> None:
    [wrong] = [finding for finding in findings(comment + "{{ messages[0].content }}") if finding.code == "PTL002"]
    assert words in wrong.message


def test_known_codes_beside_an_unknown_one_still_count() -> None:
    assert told(BAD + "{# portable-tpl: ignore[PTL101, PTL9999] #}")[0] == ("PTL101", 1, True)


def test_text_that_only_looks_like_a_comment_is_none() -> None:
    assert told(BAD + "{{ '{# portable-tpl: ignore #}' }}") == [("PTL101", 1, False)]
    assert told(BAD + "{% raw %}{# portable-tpl: ignore #}{% endraw %}")[0] == ("PTL101", 1, False)
    assert told(BAD + "{# see portable-tpl: ignore #}") == [("PTL101", 1, False)]
