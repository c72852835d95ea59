"""GitHub's workflow commands: one line each, and nothing from a template can start another."""

from __future__ import annotations

import re

from hypothesis import given, settings

from portable_tpl.model.report import Report
from portable_tpl.model.source import Template
from portable_tpl.reports import github

from . import hostile, samples

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")

EXPECTED = """\
::error file=chat_template.jinja,line=3,col=1,endLine=3,endColumn=41,title=target-error on hf-jinja::hf-jinja fails in 200 of 200 conversations.%0AThe reference renders x·y%0Ahf-jinja fails at line 3: Unknown method: strip%0ACause: not identified%0AReproduce: portable-tpl render chat_template.jinja --messages - --target minijinja-strict
::error file=chat_template.jinja,line=3,col=20,endLine=3,endColumn=28,title=PTL101 python-method::`str.strip()` does not exist there [minijinja-strict]%0AFix: use the `trim` filter
::warning file=chat_template.jinja,line=6,endLine=8,title=PTL305 tojson-arguments::`tojson` takes no `indent` [minijinja-strict, hf-jinja] (extended conversations)%0Aminijinja-strict prints other text in 2 of 200 conversations.%0AExpected: …m_end|>↵{↵··"name":·"f<"↵}↵%0AFound: …m_end|>↵{↵··"name":·"f\\u003c"↵}↵%0ACause: `|tojson(indent=…)` [filter.tojson.indent]%0AReproduce: portable-tpl render chat_template.jinja --messages - --target minijinja-strict
"""


def parse(line: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner reads it: split, then undo the escapes."""
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(pair.split("=", 1) for pair in match[2].split(",") if pair)
    return match[1], {key: undo(value) for key, value in properties.items()}, undo(match[3])


def undo(text: str) -> str:
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def test_the_sample() -> None:
    assert github.render(samples.only(samples.template_report())).startswith(EXPECTED)


def test_what_could_not_be_done_is_said() -> None:
    lines = github.render(samples.sample()).splitlines()
    assert lines[-3:] == [
        "::error file=broken.jinja,title=portable-tpl::broken.jinja:1: the template does not parse: unexpected end",
        "::error title=portable-tpl::missing.jinja: no such file",
        "::notice title=portable-tpl::llama.cpp was skipped: not installed; pip install 'portable-tpl[llamacpp]'",
    ]


def test_a_template_inside_a_json_file_has_no_line_there() -> None:
    line = github.render(samples.only(samples.template_report("tokenizer_config.json", "tool_use"))).splitlines()[1]
    _, properties, message = parse(line)
    assert properties == {"file": "tokenizer_config.json", "title": "PTL101 python-method"}
    assert message.startswith("template tool_use, line 3: ")


def test_escapes_are_undone_to_what_was_said() -> None:
    template = Template("{{ a.b }}", path="a,b:100%.jinja")
    finding = samples.finding_at(template, "a.b", message="100% :: x,y\nline", rule="a,b:c")
    line = github.render(samples.only(samples.with_findings(template, finding))).splitlines()[0]
    _, properties, message = parse(line)
    assert properties["file"] == "a,b:100%.jinja"
    assert properties["title"] == "PTL101 a,b:c"
    assert message == "100% :: x,y\nline [minijinja-strict]"


def test_a_clean_run_says_nothing() -> None:
    assert github.render(Report("check", samples.sample().tier, 0, (), (samples.clean_report("a.jinja"),))) == ""


@given(hostile.reports())
@settings(max_examples=60, deadline=None)
def test_every_line_is_one_command(report: Report) -> None:
    text = github.render(report)
    text.encode("utf-8")
    assert "\r" not in text
    for line in text.split("\n")[:-1]:
        parse(line)
    assert text == "" or text.endswith("\n")
