"""The HTML page: well nested, self-contained, and with no markup but its own."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from hypothesis import given, settings

from portable_tpl.model.rendering import Rendered
from portable_tpl.model.report import Report
from portable_tpl.reports import html

from . import hostile, samples

VOID = {"meta", "input"}
KNOWN = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "dl",
        "dt",
        "dd",
        "div",
        "button",
        "input",
        "select",
        "option",
        "script",
        "h3",
        "p",
        "table",
        "caption",
        "thead",
        "tbody",
    ),
    *(
        "tr",
        "th",
        "td",
        "a",
        "details",
        "summary",
        "section",
        "pre",
        "code",
        "span",
        "mark",
        "ins",
        "del",
        "b",
        "ul",
        "li",
    ),
}


class Page(HTMLParser):
    """Reads a page and checks that every element is known and closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in KNOWN
        for name, value in attrs:
            assert name in {
                "lang",
                "charset",
                "name",
                "content",
                "http-equiv",
                "class",
                "scope",
                "id",
                "open",
                "href",
                "title",
                "type",
                "value",
                "placeholder",
                "aria-label",
                "data-state",
                "data-rank",
            }
            if name == "href":
                assert value
                assert value.startswith("#")
                self.links.append(value[1:])
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in ("style", "script"):
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def words(self) -> str:
        return " ".join("".join(self.text).split())


def test_the_sample_says_all() -> None:
    page = Page(html.render(samples.sample()))
    words = page.words()
    for said in (
        "4 templates: 4 findings (2 errors, 2 warnings), 4 mismatches",
        "llama.cpp was skipped: not installed",
        "missing.jinja: no such file",
        "the template does not parse: unexpected end",
        "error PTL101 python-method",
        "str.strip() does not exist there",
        "message.content | trim",
        "first difference at line 4, column 13 of the prompt",
        '··"name":·"f\\u003c"',
        "200 conversations reached 4 of 6 branches (1 more no conversation of this tier can reach); missed: line 5",
        "portable-tpl render chat_template.jinja --messages -",
    ):
        assert said in words, said


def test_links_lead_to_templates_with_something_to_say() -> None:
    page = Page(html.render(samples.sample()))
    assert page.links == ["t0", "t1", "t3"]
    assert [name for name in page.ids if "-" not in name and name[1:].isdigit()] == page.links


def test_the_first_difference_is_marked() -> None:
    mismatch = samples.mismatch(reference=Rendered("a <b>\n"), target=Rendered("a  <b>"))
    page = html.render(samples.only(samples.with_mismatch(mismatch)))
    assert "a·<ins>&lt;b&gt;↵</ins>" in page
    assert "a·<del>·&lt;b&gt;</del>" in page


def test_the_page_needs_nothing_else() -> None:
    text = html.render(samples.sample())
    assert "default-src 'none'" in text
    for word in ("http:", "https:", "src=", "url(", "@import"):
        assert word not in text
    (script,) = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "prefers-color-scheme: dark" in text


@given(hostile.reports())
@settings(max_examples=60, deadline=None)
def test_any_report_is_well_nested_and_holds_no_other_markup(report: Report) -> None:
    text = html.render(report)
    text.encode("utf-8")
    Page(text)
