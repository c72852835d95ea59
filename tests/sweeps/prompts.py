"""Prompts beside those of the installed transformers, with every kind of argument, over all real templates.

``python -m tests.sweeps.prompts [--count 200] [--every N] [--results FILE] [--seconds S]``; the templates are those of
``PORTABLE_TPL_CORPUS``. Each gets so many conversations of all tiers; among them are tuples, functions as tools,
documents, messages to be continued, and containers with named templates (:data:`tests.rendering.calls.KINDS`). The exit
status is 1 where one prompt, or the fact of one refusal, is another than transformers'.

``--results`` keeps a line a template and goes on where an earlier run ended; ``--seconds`` ends one early (status 3).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.model.source import Template
from tests.real_templates import read_templates
from tests.rendering.calls import compare_prompts
from tests.targets.engines.test_reference import RealTransformers

_EARLY = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and print the counts; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.prompts")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args(arguments)
    results = _known(options.results)
    templates = read_templates(Path(os.environ["PORTABLE_TPL_CORPUS"]))[:: options.every]
    ended = time.monotonic() + options.seconds
    with pytest.MonkeyPatch.context() as patch:
        real = RealTransformers(patch)
        for template, second in zip(templates, (*templates[1:], templates[0]), strict=True):
            if time.monotonic() > ended:
                print(f"{len(results)} of {len(templates)} templates; the same command goes on")
                return _EARLY
            if template.path not in results:
                results[template.path or ""] = _compare(real, template, second, options.count)
                _keep(options.results, template, results)
    return _summary(results)


def _compare(real: RealTransformers, template: Template, second: Template, count: int) -> dict[str, Any]:
    result = compare_prompts(real, template, second.text, count)
    for words in result.differences:
        print(words, flush=True)
    return {
        "cases": result.cases,
        "outcomes": dict(result.outcomes),
        "rendered": dict(result.rendered),
        "differences": result.differences,
    }


def _known(path: Path | None) -> dict[str, dict[str, Any]]:
    if path is None or not path.exists():
        return {}
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    return {line.pop("template"): line for line in lines}


def _keep(path: Path | None, template: Template, results: dict[str, dict[str, Any]]) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"template": template.path, **results[template.path or ""]}) + "\n")


def _summary(results: dict[str, dict[str, Any]]) -> int:
    outcomes, rendered = Counter[str](), Counter[str]()
    for result in results.values():
        outcomes.update(result["outcomes"])
        rendered.update(result["rendered"])
    differences = [words for result in results.values() for words in result["differences"]]
    print(f"{len(results)} templates, {sum(result['cases'] for result in results.values())} calls")
    print("transformers:", ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items())))
    print("rendered with:", ", ".join(f"{name} {count}" for name, count in sorted(rendered.items())))
    print(f"{len(differences)} differences", *differences[:20], sep="\n")
    return 1 if differences or not results else 0


if __name__ == "__main__":
    sys.exit(main())
