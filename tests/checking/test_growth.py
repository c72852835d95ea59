"""The work of a check grows with the template and not faster, whatever there is much of; counted in calls, not seconds."""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

import portable_tpl as pt

TARGETS = ["minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine"]
# How much more calls twice the template may take: some tables are walked for each finding.
MOST = 2.3
_MANY = 10_000

KINDS: dict[str, Callable[[int], str]] = {
    "conditions": lambda n: "".join(f"{{% if messages[0].role == 'r{i}' %}}{i}{{% endif %}}\n" for i in range(n)),
    "loops": lambda n: "".join(
        f"{{% for m in messages %}}{{{{ m.content.strip() }}}}{i}{{% endfor %}}\n" for i in range(n)
    ),
    "macros": lambda n: "".join(
        f"{{% macro f{i}(x) %}}{{{{ x|trim }}}}{{% endmacro %}}{{{{ f{i}(messages[0].content) }}}}\n"
        for i in range(n)
    ),
    "sets": lambda n: "".join(
        f"{{% set a{i} = messages[0].content.strip() %}}{{{{ a{i}|length }}}}\n" for i in range(n)
    ),
    "elifs": lambda n: (
        "{% if tools %}x"
        + "".join(f"{{% elif messages[0].role == 'r{i}' %}}{{{{ tools|tojson }}}}" for i in range(n))
        + "{% endif %}"
    ),
    "nesting": lambda n: (
        ("{% if tools %}" * 12 + "{{ messages[0].content.strip() }}" + "{% endif %}" * 12 + "\n") * (n // 8)
    ),
    "text": lambda n: "{{ messages[0].content }} some words of a prompt\n" * n,
    "chain": lambda n: "{{ messages[0].content" + "|trim" * (n // 2) + " }}",
}


def calls(text: str) -> Counter[tuple[str, int, str]]:
    """The calls of each function."""
    profile = cProfile.Profile()
    profile.enable()
    pt.check(pt.Template(text), targets=TARGETS)
    profile.disable()
    return Counter({function: numbers[0] for function, numbers in pstats.Stats(profile).stats.items()})  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_template_takes_twice_the_work(kind: str) -> None:
    calls(KINDS[kind](10))  # what is loaded and remembered once
    counts = [calls(KINDS[kind](size)) for size in (80, 160, 320)]
    for before, after in pairwise(counts):
        assert after.total() <= MOST * before.total()
        # Of one function alone, too: its share of a small template is small, and of a large one it is all.
        faster = {each: (before[each], number) for each, number in after.items() if number > MOST * before[each]}
        assert not {each: numbers for each, numbers in faster.items() if numbers[1] > _MANY}
