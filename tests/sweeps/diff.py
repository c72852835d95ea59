"""Over real templates: one branch is changed, and ``diff`` must find it; a template is fixed, and it must find nothing.

``python -m tests.sweeps.diff TEMPLATES [--changes 30] [--fixed 60] [--seed 0]``; exit status 1 where one is wrong.

A change turns the condition of one branch around. The branch is one that conversations of another seed reach, and with
it turned around one of them gets another prompt, so that what is drawn here says nothing about what ``diff`` draws.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from jinja2 import nodes

from portable_tpl import api
from portable_tpl.differential.between.compare import difference_between
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.errors import InputError
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE, Runtime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template import compile_check, parse

_OTHER_SEED = 1


def changed(
    template: Template, reference: Runtime, tracer: Tracer, draw: random.Random
) -> tuple[Template, int] | None:
    """The template with one branch turned around, and the branch's line; ``None`` where there is no such branch."""
    parsed = parse(template)
    run = explore(parsed, tracer, CompareSettings(seed=_OTHER_SEED))
    ways: dict[int, set[bool]] = {}
    for branch in run.branches:
        if isinstance(branch.node, (nodes.If, nodes.CondExpr)):
            seen = any(
                branch.number in trace.branches and isinstance(trace.rendering, Rendered) for trace in run.traces
            )
            ways.setdefault(id(branch.node), set()).update({seen})
    both = [
        node
        for node in parsed.nodes
        if isinstance(node, (nodes.If, nodes.CondExpr)) and ways.get(id(node)) == {True} and node.test is not None
    ]
    draw.shuffle(both)
    for node in both:
        span = parsed.span(node.test)
        text = f"{template.text[: span.start]}not ({template.text[span.start : span.end]}){template.text[span.end :]}"
        other = Template(text, path=template.path)
        try:
            compile_check(parse(other))
        except InputError:
            continue
        if reference.render_all(other, run.conversations) == reference.render_all(template, run.conversations):
            continue  # both ways print the same
        return other, node.test.lineno
    return None


def find_changes(
    templates: Sequence[Template], reference: Runtime, tracer: Tracer, count: int, draw: random.Random
) -> Iterator[bool]:
    """Whether each of so many changes was found, at its line."""
    for template in templates:
        if count == 0:
            return
        made = changed(template, reference, tracer, draw)
        if made is None:
            continue
        count -= 1
        other, line = made
        difference = difference_between(template, other, reference, tracer)
        lines = [each.change.new_line for each in difference.differences if each.change is not None]
        right = difference.likeness == "differs" and line in lines
        print(f"{'found' if right else 'MISSED'}: {template.label}:{line} in {difference.differing} of", end=" ")
        print(f"{difference.cases}, changes named at {lines}", flush=True)
        yield right


def compare_fixed(templates: Sequence[Template], reference: Runtime, tracer: Tracer, count: int) -> Iterator[bool]:
    """Whether each of so many fixed templates prints the same prompts."""
    for template in templates:
        if count == 0:
            return
        try:
            fixed = api.fix(template)
        except InputError:
            continue
        if fixed.text == template.text:
            continue
        count -= 1
        difference = difference_between(template, Template(fixed.text, path=template.path), reference, tracer)
        right = difference.likeness == "same-prompts"
        shown = "" if right else f" {difference.differences[0]}"
        print(
            f"{'same' if right else 'DIFFERS'}: {template.label}, {difference.cases} conversations{shown}", flush=True
        )
        yield right


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--fixed", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    draw = random.Random(asked.seed)
    paths = sorted(asked.templates.glob("*.jinja"))
    draw.shuffle(paths)
    templates = [Template(path.read_text("utf-8"), path=path.name) for path in paths]
    with closing(open_runtime(REFERENCE)) as reference, closing(Tracer()) as tracer:
        usable = [template for template in templates if _parses(template)]
        changes = list(find_changes(usable, reference, tracer, asked.changes, draw))
        fixed = list(compare_fixed(usable, reference, tracer, asked.fixed))
    print(f"changes found: {sum(changes)} of {len(changes)}; fixed, same prompts: {sum(fixed)} of {len(fixed)}")
    return 0 if all((*changes, *fixed)) else 1


def _parses(template: Template) -> bool:
    try:
        compile_check(parse(template))
    except InputError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
