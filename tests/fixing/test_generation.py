"""``{% generation %}`` spelled as hosts take it out: the prompt is the reference's, with the tags and without."""

from __future__ import annotations

import re
from itertools import product

import pytest
from jinja2 import Environment

from portable_tpl.checking.linting import lint
from portable_tpl.fixing import Prover, fix
from portable_tpl.model.findings import Safety, apply_edits
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

MISTRAL = ("mistral.rs",)
SPACES = ("", "\n", "\n  ", "  ", " \n\n ")
JINJA = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)


def rendered(text: str) -> str:
    """The text of a template in jinja2, a generation block as a condition: white space is the lexer's business."""
    text = re.sub(r"\bgeneration\b", "if true", text)
    return JINJA.from_string(re.sub(r"\bendgeneration\b", "endif", text)).render()


def without_tags(text: str) -> str:
    return re.sub(r"\{%-?\s*(?:end)?generation\s*-?%\}", "", text)


def respelled(text: str) -> str:
    """The text after the safe fixes of the findings, one at a time."""
    for _ in range(8):
        findings = lint(parse(Template(text)), MISTRAL, select=("PTL501", "PTL703"))
        fixes = [each.fix for each in findings if each.fix is not None and each.fix.safety is Safety.SAFE]
        if not fixes:
            break
        text = apply_edits(text, fixes[0].edits)
    return text


@pytest.mark.parametrize("before", ["a", "{{ 'a' }}", "{{ 'a' -}}", "{% if true %}a{% endif %}"])
@pytest.mark.parametrize(
    "after", ["b", "{{ 'b' }}", "{{- 'b' }}", "{%- if true %}b{% endif %}", "{% if true %}b{% endif %}"]
)
def test_the_prompt_stays_and_hosts_print_it_too(before: str, after: str) -> None:
    marks = [("", ""), ("-", ""), ("", "-"), ("-", "-")]
    changes = 0
    for (left, right), one, other in product(marks, SPACES, SPACES):
        opening, closing = f"{{%{left} generation {right}%}}", f"{{%{left} endgeneration {right}%}}"
        text = f"{before}{one}{opening}{other}{after}{one}{closing}{other}{after}"
        new = respelled(text)
        assert rendered(new) == rendered(text), (text, new)
        assert rendered(without_tags(new)) == rendered(text), (text, new)
        changes += new != text
    assert changes >= 50


def test_the_lines_of_a_template_stay(prover: Prover) -> None:
    block = (
        "{{%- for m in messages %}}\n"
        "    {{%- if m.role == 'assistant' {0}%}}\n"
        "        {1} generation %}}\n"
        "        {{{{- m.content {0}}}}}\n"
        "        {1} endgeneration %}}\n"
        "    {{%- endif %}}\n"
        "{{%- endfor %}}\n"
    )
    old = Template(block.format("", "{%-"))
    assert fix(old, MISTRAL, prover=prover).text == block.format("-", "{%")


def test_tags_that_hosts_take_out_are_left_alone(prover: Prover) -> None:
    text = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}\n{%- endfor %}"
    assert fix(Template(text), MISTRAL, prover=prover).text == text
