"""Where ``check`` says nothing, do engine and reference agree? Asked of random small templates.

``python -m tests.sweeps.agreement [TARGET…] [--templates N] [--seed S] [--show N]``. The templates are of the tests'
grammar (:mod:`tests.template.grammar`): some of them wild, in every spelling that jinja2 allows, most of
them made of what a request holds. Each is rendered with a few conversations. Printed for each target: how many templates the
reference renders and ``check`` has nothing to say of, on how many of them the engine agrees, and the others by what
the engine makes of them. The exit status says whether every target agrees on :data:`SHARE` of them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from random import Random

from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import PortableTplError
from portable_tpl.model.rendering import Failed, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE, Limits, Runtime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from tests.template.grammar import Writer

TARGETS = ("minijinja", "hf-jinja", "llama.cpp-engine", "minja-engine")
SHARE = 0.995
_LIMITS = Limits(seconds=10.0, megabytes=1024)
_NAMES = ("role", "content", "name", "x", "y", "size", "loop")
_ATOMS = (
    "messages", "messages[0].role", "messages[0].content", "messages[-1]", "messages|length", "tools", "nope",
    "add_generation_prompt", "bos_token", "x", "'a'", "'A b'", "' it\\'s '", "''", '"é"', "'a\\nb'", "0", "1", "-1",
    "2.5", "true", "false", "none", "[]", "['a', 'b']", "[1, 2]", "{}", "{'a': 1}", "{'a': 'x', 'b': none}",
    "('a', 1)", "range(3)", "loop.index", "namespace(x=1)",
)  # fmt: skip
# What is made of a random expression; ``None`` is a wild template.
_FORMS = (
    None, "{{ E }}", "{{ E }}", "[{{- E -}}]", "{% if E %}T{% else %}F{% endif %}", "{{ 'T' if E else 'F' }}",
    "{% for x in E %}{{ x }},{% endfor %}", "{% set x = E %}{{ x }}", "{{ 'q' ~ (E) }}", "{{ (E)|tojson }}",
    "{% for message in messages %}{{ message.role ~ (E) }}\n{% endfor %}",
)  # fmt: skip
_CONVERSATIONS = (
    Conversation([{"role": "user", "content": "Hi"}], add_generation_prompt=True),
    Conversation(
        [{"role": "system", "content": " It's <b>\n"}, {"role": "user", "content": "é 中"}, {"role": "assistant", "content": "a\nb"}]
    ),
    Conversation(
        [{"role": "user", "content": "x & y"}],
        tools=[{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}}],
    ),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether every target is as good as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.agreement")
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--templates", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=3, help="examples of each kind")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        reference = stack.enter_context(open_runtime(REFERENCE, _LIMITS))
        every = [
            (parsed, list(reference.render_all(parsed.template, _CONVERSATIONS)))
            for parsed in drawn(options.templates, options.seed)
        ]
        rendered = [(parsed, right) for parsed, right in every if not all(isinstance(each, Failed) for each in right)]
        print(f"{len(rendered)} of {options.templates} templates are rendered by the reference")
        shares = [
            _measure(target, stack.enter_context(open_runtime(target, _LIMITS)), rendered, options.show)
            for target in options.targets
        ]
    return 0 if min(shares) >= SHARE else 1


def drawn(count: int, seed: int) -> Iterator[ParsedTemplate]:
    """Random templates that parse, no two alike."""
    pick = Random(seed).choice
    wild, sensible = Writer(pick), Writer(pick, _ATOMS, _NAMES)
    texts: set[str] = set()
    while len(texts) < count:
        form = pick(_FORMS)
        text = wild.text(2) if form is None else form.replace("E", sensible.expression(2), 1)
        try:
            if text not in texts and "\ud800" not in text:  # no file of UTF-8 holds half of a surrogate pair
                yield parse(Template(text))
                texts.add(text)
        except PortableTplError:
            continue


def _measure(
    target: str, engine: Runtime, rendered: Sequence[tuple[ParsedTemplate, list[Rendering]]], show: int
) -> float:
    """The share of templates without a finding on which an engine agrees; the others are printed."""
    silent = 0
    kinds: dict[str, list[str]] = {}
    for parsed, expected in rendered:
        if lint(parsed, (target,)):
            continue
        silent += 1
        answers = engine.render_all(parsed.template, _CONVERSATIONS)
        for right, answer in zip(expected, answers, strict=True):
            if not isinstance(right, Failed) and not same(right, answer):
                kinds.setdefault(_kind(answer), []).append(f"{parsed.text!r}: {_short(right)} / {_short(answer)}")
                break
    wrong = sum(map(len, kinds.values()))
    share = 1 - wrong / silent if silent else 1.0
    print(f"{target}: agrees on {silent - wrong} of {silent} templates without a finding: {share:.4f}")
    for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"  {len(cases)} times: {kind}")
        for case in sorted(cases, key=len)[:show]:
            print(f"      {case}")
    return share


def _kind(answer: Rendering) -> str:
    """What an engine made of a template, without the words that are the template's own."""
    if isinstance(answer, Rendered):
        return "prints something else"
    message = getattr(answer, "message", "")
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+|\(in <[^>]*>.*", "…", message)[:90]


def _short(answer: Rendering) -> str:
    return repr(answer.text if isinstance(answer, Rendered) else getattr(answer, "message", answer))[:70]


if __name__ == "__main__":
    raise SystemExit(main())
