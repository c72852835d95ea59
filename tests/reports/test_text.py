"""The report for a terminal: snapshots of what people read, and carets that point at the right place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Edit, Effect, Fix, Safety, Severity
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.report import Report
from portable_tpl.model.source import Span, Template
from portable_tpl.reports import text
from portable_tpl.reports.parts.items import Item
from portable_tpl.reports.parts.visible import width
from portable_tpl.reports.parts.words import item_message

from . import hostile, samples

FULL = """\
                     minijinja-strict  hf-jinja  llama.cpp
chat_template.jinja         ≠             ✗          ?
≠ another prompt  ✗ no prompt  ? no verdict

error target-error  hf-jinja · 200 of 200 conversations
  fails; cause not identified
  at chat_template.jinja:3:1
  3 |     {{ message.content.strip() }}<|im_end|>
  user " a<b "  assistant null tool_calls=[]  tools [{"name":"f"}]  add_generat…
  transformers  renders x·y
  hf-jinja      fails at line 3: Unknown method: strip

error PTL101  minijinja-strict
  `str.strip()` does not exist there
  at chat_template.jinja:3:20
  3 |     {{ message.content.strip() }}<|im_end|>
    |                       ^^^^^^^^
  fix: use the `trim` filter
    -     {{ message.content.strip() }}<|im_end|>
    +     {{ message.content | trim }}<|im_end|>

warning PTL305  minijinja-strict, hf-jinja · 2 of 200 conversations
  `tojson` takes no `indent` (extended conversations)
  at chat_template.jinja:6:4
  6 | {{ tool | tojson(
    |    ^^^^^^^^^^^^^^
  7 |      indent=2
    |      ^^^^^^^^
  8 |    ) }}
    |    ^

beside the verdict, not for the template to cure: parts-joined (hf-jinja)
200 conversations reached 4 of 6 branches (1 more no conversation of this tier
can reach); missed: line 5: loop is empty

note: llama.cpp was skipped: not installed; pip install 'portable-tpl[llamacpp]'
1 template: 2 findings (1 error, 1 warning), 2 mismatches, 1 more that decide no
verdict, 1 suppressed
`portable-tpl fix` repairs 1 finding; --verbose shows all, with commands that
reproduce; `portable-tpl explain CODE` has the page
"""

ENDING = """\
error: broken.jinja:1: the template does not parse: unexpected end

note: llama.cpp was skipped: not installed; pip install 'portable-tpl[llamacpp]'
error: missing.jinja: no such file
4 templates: 4 findings (2 errors, 2 warnings), 4 mismatches, 2 more that decide
no verdict, 2 suppressed, 1 template not usable
`portable-tpl fix` repairs 2 findings; --verbose shows all, with commands that
reproduce; `portable-tpl explain CODE` has the page
"""

QUIET = """\
chat_template.jinja:3:1: error: target-error [hf-jinja] fails; cause not identified
chat_template.jinja:3:20: error: PTL101 [minijinja-strict] `str.strip()` does not exist there
chat_template.jinja:6:4: warning: PTL305 [minijinja-strict, hf-jinja] `tojson` takes no `indent` (extended conversations)
error: broken.jinja:1: the template does not parse: unexpected end
error: missing.jinja: no such file
"""

STATISTICS = """\
findings  code    rule              fixable  templates
       2  PTL101  python-method           2          2
       2  PTL305  tojson-arguments        -          2

"""


def test_a_template_in_full() -> None:
    assert text.render(samples.only(samples.template_report())) == FULL


def test_no_line_is_wider_than_the_terminal() -> None:
    for columns in (60, 80, 120):
        lines = text.render(samples.only(samples.template_report()), columns=columns).splitlines()
        assert max(map(width, lines)) <= columns


def test_the_last_lines() -> None:
    assert text.render(samples.sample()).endswith(ENDING)


def test_verbose_leaves_nothing_out() -> None:
    shown = text.render(samples.only(samples.template_report()), verbose=True)
    assert shown.count("reproduce  portable-tpl render chat_template.jinja") == 3
    assert "cause      `|tojson(indent=…)` [filter.tojson.indent]" in shown
    assert "fails at line 3: Unknown method: strip" in shown
    assert "  enable_thinking        false" in shown


def test_quiet_leaves_a_line_for_each_problem() -> None:
    report = samples.sample()
    fewer = Report(
        report.command, report.tier, 0, report.targets, (report.templates[0], *report.templates[2:]), report.errors
    )
    assert text.render(fewer, quiet=True) == QUIET


def test_quiet_says_nothing_of_a_clean_run() -> None:
    assert text.render(samples.only(samples.clean_report("a.jinja")), quiet=True) == ""


def test_statistics_stand_in_for_the_findings() -> None:
    shown = text.render(samples.sample(), statistics=True)
    assert STATISTICS in shown
    assert "chat_template.jinja:3" not in shown


def test_colour_adds_nothing_but_colour() -> None:
    plain = text.render(samples.sample())
    painted = text.render(samples.sample(), color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain
    assert painted != plain


def excerpt(source: str, fragment: str, **changes: object) -> list[str]:
    template = Template(source, path="t")
    shown = text.render(
        samples.only(samples.with_findings(template, samples.finding_at(template, fragment, **changes)))
    )
    lines = shown.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  1 |"))
    return lines[start : lines.index("", start)]


@pytest.mark.parametrize(
    "source, fragment",
    [
        ("{{ a.b }}", "a.b"),
        ("\t\t{{ a.b }}", "a.b"),
        ("漢字「」{{ a.b }}", "a.b"),
        ("e\u0301 \U0001f600 {{ a.b }}", "a.b"),
        ("\u200b\x1b[31m{{ a.b }}", "a.b"),
        ("{{ '漢字' }}", "'漢字'"),
        ("x" * 500 + "{{ a.b }}" + "y" * 500, "a.b"),
        ("漢" * 300 + "{{ a.b }}", "a.b"),
    ],
)
def test_the_caret_stands_under_the_span(source: str, fragment: str) -> None:
    line, carets = excerpt(source, fragment)
    column = len(carets) - len(carets.lstrip(" |"))
    marked = carets.count("^")
    assert carets.endswith("^" * marked)
    before = line[: line.index(fragment)]
    assert column == width(before)
    assert marked == width(fragment)
    assert width(line) <= 80


def test_a_long_span_is_cut_in_the_middle() -> None:
    source = "{{ '" + "x" * 1000 + "' }}"
    line, carets = excerpt(source, source)
    assert "…" in line
    assert len(line) <= 80
    assert line.startswith("  1 | {{ 'xxx")
    assert line.endswith("xx' }}")
    assert carets.count("^") == len(line) - len("  1 | ")


def test_many_lines_are_left_out() -> None:
    source = "{{ [\n1,\n2,\n3,\n4,\n5\n] }}"
    shown = excerpt(source, source)
    assert shown[0] == "  1 | {{ ["
    assert shown[4].strip() == "…"
    assert shown[5] == "  7 | ] }}"


def test_an_empty_span_and_one_that_ends_a_line_have_a_caret() -> None:
    place = Template("ab\ncd", path="t").locate(Span(1, 1))
    assert excerpt("ab\ncd", "", location=place) == ["  1 | ab", "    |  ^"]
    assert excerpt("ab\ncd", "ab\n") == ["  1 | ab", "    | ^^"]


def fix_lines(source: str, *edits: tuple[str, str]) -> list[str]:
    template = Template(source, path="t")
    made = tuple(Edit(source.index(old), source.index(old) + len(old), new) for old, new in edits)
    finding = samples.finding_at(template, edits[0][0], fix=Fix("do it", Safety.UNSAFE, made))
    lines = text.render(samples.only(samples.with_findings(template, finding))).splitlines()
    start = next(number for number, line in enumerate(lines) if "unsafe fix: do it" in line)
    return [line.strip() for line in lines[start + 1 : lines.index("", start)]]


def test_edits_far_apart_are_shown_apart() -> None:
    assert fix_lines("{{ a }}\n\n\n{{ b }}", ("a", "A"), ("b", "B")) == [
        "- {{ a }}",
        "+ {{ A }}",
        "- {{ b }}",
        "+ {{ B }}",
    ]


def test_edits_on_touching_lines_are_shown_together() -> None:
    assert fix_lines("{{ a }}\n{{ b }}", ("a", "A"), ("b", "B")) == [
        "- {{ a }}",
        "- {{ b }}",
        "+ {{ A }}",
        "+ {{ B }}",
    ]


def test_a_fix_on_a_long_line_shows_the_place_that_changes() -> None:
    before, after = fix_lines("x" * 500 + "{{ a }}" + "y" * 500, ("{{ a }}", "{{ b }}"))
    assert "{{ a }}" in before
    assert "{{ b }}" in after
    assert max(len(before), len(after)) <= 80


def test_a_line_that_goes_away_has_no_line_after() -> None:
    assert fix_lines("{% x %}\nb", ("{% x %}", "")) == ["- {% x %}"]


def differing(reference: str, target: str) -> list[str]:
    mismatch = samples.mismatch(reference=Rendered(reference), target=Rendered(target), line=None)
    lines = text.render(samples.only(samples.with_mismatch(mismatch))).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  transformers  "))
    return lines[start : start + 3]


@pytest.mark.parametrize(
    "reference, target, before, first, second",
    [
        ("a b", "a  b", "a·", "a·b", "a··b"),
        ("a\n", "a", "a", "a↵", "a⟨end⟩"),
        ("a\tb", "a b", "a", "a→b", "a·b"),
        ("a\u00a0b", "a b", "a", "a⟨U+00A0⟩b", "a·b"),
        ("a·b", "a b", "a", "a⟨U+00B7⟩b", "a·b"),
        ("e\u0301", "e", "e", "e⟨U+0301⟩", "e⟨end⟩"),
        ("\ud800", "", "", "⟨U+D800⟩", "⟨end⟩"),
        ("漢x", "漢y", "漢", "漢x", "漢y"),
        ("\x1b[2Jx", "\x1b[2Jy", "⟨U+001B⟩[2J", "⟨U+001B⟩[2Jx", "⟨U+001B⟩[2Jy"),
    ],
)
def test_the_first_difference_is_marked(reference: str, target: str, before: str, first: str, second: str) -> None:
    one, other, caret = differing(reference, target)
    assert one == f"  transformers      {first}"
    assert other == f"  minijinja-strict  {second}"
    assert width(caret) - 1 == len("  minijinja-strict  ") + width(before)


def test_long_texts_are_cut_around_the_difference() -> None:
    one, other, _ = differing("p\n" * 5000 + "a" + "q" * 9999, "p\n" * 5000 + "b" + "q" * 9999)
    assert len(one) <= 80
    assert "p↵aqq" in one
    assert "p↵bqq" in other
    assert one.endswith("…")


@pytest.mark.parametrize(
    "changes, said, answer",
    [
        ({"kind": "crash", "target": Failed("crash", "gone")}, "crashes", "crashes: gone"),
        (
            {"kind": "timeout", "target": Failed("timeout", "10 s")},
            "does not finish in time",
            "does not finish: 10 s",
        ),
        ({"kind": "timeout", "target": Failed("memory", "1 GB")}, "runs out of memory", "runs out of memory: 1 GB"),
        (
            {"kind": "target-error", "target": Failed("syntax", "bad\nsource", 4)},
            "does not accept",
            "fails at line 4: bad",
        ),
        ({"kind": "target-error", "target": Refused("no")}, "refuses;", "refuses: no"),
        ({"kind": "target-error", "target": Failed("error", " \n")}, "fails;", "fails: (no message)"),
        ({"kind": "output", "reference": Rendered(""), "target": Rendered("x")}, "prints other text", "⟨end⟩"),
        (
            {"kind": "reference-error", "reference": Failed("error", "x"), "target": Rendered("")},
            "renders what the reference cannot render",
            "renders nothing at all",
        ),
    ],
)
def test_every_way_to_differ_has_its_words(changes: dict[str, object], said: str, answer: str) -> None:
    shown = text.render(samples.only(samples.with_mismatch(samples.mismatch(**changes))))
    assert said in shown
    assert answer in shown


def test_long_conversations_are_cut() -> None:
    messages = [{"role": "user", "content": "x" * 5000}] * 30 + [{"content": 1}]
    conversation = Conversation(messages, clock="2020-02-02T00:00:00")
    report = samples.only(samples.with_mismatch(samples.mismatch(conversation=conversation)))
    shown = text.render(report, verbose=True)
    assert "19 more messages" in shown
    assert "more characters" in shown
    assert "  clock  2020-02-02T00:00:00" in shown
    assert max(map(len, shown.splitlines())) < 330
    assert max(map(len, text.render(report).splitlines())) <= 80


def test_a_conversation_without_messages_or_roles_is_shown() -> None:
    empty = text.render(samples.only(samples.with_mismatch(samples.mismatch(conversation=Conversation([])))))
    assert "messages []" in empty
    odd = Conversation([{"role": None, "content": "\u200b"}, {"role": "user"}])
    shown = text.render(samples.only(samples.with_mismatch(samples.mismatch(conversation=odd))))
    assert 'message {"role":null,"content":"\\u200b"}' in shown
    assert 'message {"role":"user"}' in shown


def many(count: int) -> Report:
    told = [samples.template_report(f"t{number}.jinja") for number in range(count)]
    return samples.only(*told, *(samples.clean_report(f"c{number}.jinja") for number in range(300)))


def test_more_templates_get_a_line_for_each_problem() -> None:
    lines = text.render(many(12)).splitlines()
    assert lines[1].split() == ["t0.jinja", "≠", "✗", "?"]
    start = lines.index("t0.jinja")
    assert lines[start + 1].startswith("error target-error  fails; cause not identified (3:1)")
    assert lines[start + 2].startswith("error PTL101  `str.strip()` does not exist there (3:20)")
    assert not any(line.startswith("c0") for line in lines)


def test_hundreds_of_templates_get_a_line_each() -> None:
    lines = text.render(many(200)).splitlines()
    assert lines[1].startswith("t0.jinja  ")
    assert len(lines) < 215
    assert any(line.startswith("500 templates: 400 findings") for line in lines[-5:])


def test_a_sign_counts_what_a_baseline_knows() -> None:
    """A rare mismatch is as rare, and an everyday one as ordinary, when nothing is left to say of it."""
    for tier, sign in ((Tier.HOSTILE, "~"), (next(iter(Tier)), "≠")):
        found = samples.mismatch(tier=tier, severity=Severity.WARNING, kind="output")
        known = replace(found, decides=False, known=True)
        shown = [text.render(samples.only(samples.with_mismatch(each))) for each in (found, known)]
        assert [each.splitlines()[1].split()[1] for each in shown] == [sign, sign]
        assert "beside the verdict" not in shown[1]


def test_one_cause_is_one_block() -> None:
    mismatches = [samples.mismatch(signature=str(number)) for number in range(9)]
    shown = text.render(samples.only(samples.with_mismatch(*mismatches)))
    assert shown.count("error PTL305") == 1
    assert shown.count("  transformers  ") == 1
    assert "18 of 200 conversations" in shown


def test_one_cause_at_one_place_is_said_once_for_all_targets() -> None:
    one = samples.with_mismatch(samples.mismatch(span=Span(3, 6)))
    assert one.comparison is not None
    compared = one.comparison.targets["minijinja-strict"]
    both = replace(one.comparison, targets={"minijinja-strict": compared, "hf-jinja": compared})
    shown = text.render(samples.only(replace(one, comparison=both)))
    assert shown.count("error PTL305") == 1
    assert "error PTL305  minijinja-strict, hf-jinja" in shown


def test_an_error_shows_its_conversation_however_little_room_there_is() -> None:
    mismatches = [
        samples.mismatch(
            signature=str(number), cause=f"c{number}", conversation=Conversation([{"role": f"r{number}"}])
        )
        for number in range(12)
    ]
    shown = text.render(samples.only(samples.with_mismatch(*mismatches))).splitlines()
    assert len(shown) <= 45
    assert all(any(f"r{number}" in line for line in shown) for number in range(12))


def test_what_fix_repairs_does_not_depend_on_what_was_seen() -> None:
    """`fix` runs no engine: an error that no conversation has shown is one for it all the same."""
    report = samples.template_report()
    error = next(each for each in report.findings if each.fix is not None)
    effect = Effect("minijinja-strict", error.feature or "", Tier.EVERYDAY, Severity.ERROR, "fails")
    unseen = replace(error, severity=Severity.NOTE, evidence="unseen", effects=(effect,))
    shown = text.render(samples.only(samples.with_findings(report.template, unseen)))
    assert "`portable-tpl fix` repairs 1 finding" in " ".join(shown.split())


def test_what_the_screen_does_not_hold_becomes_a_line() -> None:
    mismatches = [samples.mismatch(signature=str(number), cause=f"cause-{number}") for number in range(9)]
    shown = text.render(samples.only(samples.with_mismatch(*mismatches))).splitlines()
    assert len(shown) <= 45
    assert sum("cause: cause-" in line for line in shown) == 9


def test_notes_that_the_screen_does_not_hold_share_a_line() -> None:
    mismatches = [samples.mismatch(signature=str(number), cause=f"c{number}") for number in range(22)]
    report = samples.template_report()
    found = [replace(report.findings[0], severity=Severity.NOTE, code=f"PTL{number}") for number in range(300, 310)]
    noted = replace(samples.with_mismatch(*mismatches), findings=tuple(found))
    shown = text.render(samples.only(noted)).splitlines()
    assert len(shown) <= 45
    assert any(line.startswith("10 notes: PTL300 (3:20), PTL301 (3:20)") for line in shown)


@given(hostile.reports(), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_text_steers_the_terminal(report: Report, quiet: bool, statistics: bool) -> None:
    shown = text.render(report, quiet=quiet, statistics=statistics)
    shown.encode("utf-8")
    for char in shown:
        assert char == "\n" or char.isprintable(), repr(char)


@pytest.mark.parametrize("safety, words", [("safe", "Fix"), ("unsafe", "Unsafe fix"), ("display", "Suggestion")])
def test_a_fix_is_called_by_its_safety_wherever_it_is_said(safety: str, words: str) -> None:
    finding = next(each for each in samples.template_report().findings if each.fix is not None)
    assert finding.fix is not None
    changed = replace(finding, fix=replace(finding.fix, safety=Safety(safety)))
    assert f"\n{words}: " in item_message(Item(changed.severity, changed.code, changed.targets, None, changed, ()))
