"""Markdown for a pull request: a table, folds, and no text that turns into markup."""

from __future__ import annotations

import re

from hypothesis import given, settings

from portable_tpl.model.report import Report
from portable_tpl.model.source import Template
from portable_tpl.reports import markdown

from . import hostile, samples

HEAD = """\
## portable-tpl

4 templates: 4 findings (2 errors, 2 warnings), 4 mismatches, 2 more that decide no verdict, 2 suppressed, 1 template not usable

| template | minijinja-strict | hf-jinja | llama.cpp |
| --- | --- | --- | --- |
| `chat_template.jinja` | ⚠️ differs | ❌ fails | ❔ unknown |
| `tokenizer_config.json#tool_use` | ⚠️ differs | ❌ fails | ❔ unknown |
| `clean.jinja` | ✅ portable | ✅ portable |  |
| `broken.jinja` | ❔ unknown | ❔ unknown |  |

- llama.cpp was skipped: not installed; pip install 'portable-tpl\\[llamacpp\\]'
- **error**: missing.jinja: no such file

<details><summary><code>chat_template.jinja</code>: fails on hf-jinja; differs on minijinja-strict; unknown on llama.cpp</summary>

#### line 3: error target-error \\[hf-jinja\\] fails; cause not identified

```text
  3 |     {{ message.content.strip() }}<|im_end|>
  user                   " a<b "
  assistant              null tool_calls=[]
  tools                  [{"name":"f"}]
  add_generation_prompt  true
  enable_thinking        false
  transformers  renders x·y
  hf-jinja      fails at line 3: Unknown method: strip
  cause      not identified
  reproduce  portable-tpl render chat_template.jinja --messages - --target minijinja-strict
```

#### line 3: error PTL101 \\[minijinja-strict\\] `str.strip()` does not exist there

```text
  3 |     {{ message.content.strip() }}<|im_end|>
    |                       ^^^^^^^^
  fix: use the `trim` filter
    -     {{ message.content.strip() }}<|im_end|>
    +     {{ message.content | trim }}<|im_end|>
```

"""


def test_the_sample() -> None:
    assert markdown.render(samples.sample()).startswith(HEAD)


def test_mismatches_that_decide_nothing_come_last_and_say_so() -> None:
    heads = [
        line for line in markdown.render(samples.only(samples.template_report())).splitlines() if line[:4] == "####"
    ]
    assert [" (decides no verdict)" in head for head in heads] == [False, False, False, True, False]
    assert heads[-1] == "#### Coverage"


def test_a_long_report_says_what_is_left_out() -> None:
    templates = [samples.template_report(f"t{number}.jinja") for number in range(40)]
    full = markdown.render(samples.only(*templates), longest=10**9)
    short = markdown.render(samples.only(*templates))
    assert len(full) > 65_536
    assert len(short) < 61_000
    assert full.count("<details>") == 40
    left_out = full.count("\n#### ") - short.count("\n#### ")
    assert f"\n_{left_out} sections of details did not fit here._\n" in short
    assert short.count("<details>") == short.count("</details>")


def test_hundreds_of_templates_are_counted() -> None:
    text = markdown.render(samples.only(*(samples.clean_report(f"{number}.jinja") for number in range(60))))
    assert "| `hf-jinja` | 60 | 0 | 0 | 0 |" in text
    assert "59.jinja" not in text


def test_fences_are_longer_than_what_they_hold() -> None:
    template = Template("````{{ a.b }}````", path="t.jinja")
    text = markdown.render(samples.only(samples.with_findings(template, samples.finding_at(template, "a.b"))))
    assert "\n`````text\n" in text
    assert text.count("\n`````\n") == 1


def test_prose_is_not_markup_and_mentions_nobody() -> None:
    template = Template("{{ a.b }}", path="t.jinja")
    finding = samples.finding_at(template, "a.b", message="@user <b> [x](y) *z* `a|b` #12 &amp;")
    text = markdown.render(samples.only(samples.with_findings(template, finding)))
    assert "@<!-- -->user \\<b\\> \\[x\\](y) \\*z\\* `a|b` #<!-- -->12 \\&amp;" in text


@given(hostile.reports())
@settings(max_examples=60, deadline=None)
def test_any_report_keeps_its_folds_and_fences(report: Report) -> None:
    text = markdown.render(report)
    text.encode("utf-8")
    inside = ""
    folds = 0
    for line in text.split("\n"):
        if inside:
            inside = "" if line == inside else inside
        elif opening := re.match(r"(`{3,})text$", line):
            inside = opening[1]
        else:
            folds += line.startswith("<details>")
            folds -= line.startswith("</details>")
            assert folds in (0, 1)
            assert not re.match(r"<(?!details>|/details>)", line)
    assert inside == ""
    assert folds == 0
