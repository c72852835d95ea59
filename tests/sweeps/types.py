"""Hold the inferred types against what the reference computes, over all real templates.

``python -m tests.sweeps.types [TIER…] [--generated N] [--step N]``; the templates are those of ``PORTABLE_TPL_CORPUS``. Printed
for each tier: how many values were seen and which the types leave out, how precise the types are, and what they cost.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from jinja2 import nodes

from portable_tpl.model.conversation import Tier
from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.types.types import infer
from tests.template.types.test_types_soundness import left_out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status is 1 where a value was left out."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.types")
    parser.add_argument("tiers", nargs="*", type=Tier, default=[Tier.EVERYDAY])
    parser.add_argument("--generated", type=int, default=40)
    parser.add_argument("--step", type=int, default=1)
    options = parser.parse_args(arguments)
    corpus = os.environ.get("PORTABLE_TPL_CORPUS")
    if corpus is None:
        print("set PORTABLE_TPL_CORPUS to a folder with templates/", file=sys.stderr)
        return 2
    folder = Path(corpus) / "templates"
    paths = sorted(folder.glob("*.jinja"))[:: options.step]
    templates = [Template(path.read_bytes().decode("utf-8"), path=path.name) for path in paths]
    cost(templates)
    unsound = 0
    for tier in options.tiers:
        precision(templates, tier)
        seen = 0
        for template in templates:
            values, found = left_out(template, tier, options.generated)
            seen += values
            unsound += len(found)
            print(*found, sep="\n", end="\n" if found else "")
        print(f"{tier}: {seen} values of {len(templates)} templates, {unsound} left out")
    return 1 if unsound else 0


def precision(templates: Sequence[Template], tier: Tier) -> None:
    """Print how many kinds an expression can be of, on average."""
    kinds = expressions = single = prints = 0
    for template in templates:
        parsed = parse(template)
        types = infer(parsed, tier)
        for node in parsed.nodes:
            found = types.of(node).kinds if isinstance(node, nodes.Expr) else ()
            if not found or isinstance(node, nodes.TemplateData):
                continue
            expressions += 1
            kinds += len(found)
            if isinstance(parsed.parent(node), nodes.Output):
                prints += 1
                single += len(found) == 1
    print(f"{tier}: {kinds / expressions:.3f} kinds an expression, {single / prints:.1%} of printed ones of one kind")


def cost(templates: Sequence[Template]) -> None:
    """Print what the inference takes beside jinja2's own parse, the best of three."""
    environment = reference_environment()
    clock = time.thread_time
    parsing = inferring = 0.0
    for template in templates:
        parsed = parse(template)
        best = [1e9, 1e9]
        for _ in range(3):
            begin = clock()
            environment.parse(template.text)
            middle = clock()
            infer(parsed)
            best = [min(best[0], middle - begin), min(best[1], clock() - middle)]
        parsing += best[0]
        inferring += best[1]
    count = len(templates)
    print(f"jinja2's parse {parsing / count * 1e3:.2f} ms, types {inferring / count * 1e3:.2f} ms a template")


if __name__ == "__main__":
    sys.exit(main())
