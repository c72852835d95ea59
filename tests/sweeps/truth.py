"""How true the verdicts of ``check`` are: against what ``compare`` finds, over all real templates.

``python -m tests.sweeps.truth [TARGET…] [--lines] [--results FILE | --audit FILE] [--limit N]``; the templates are of
``PORTABLE_TPL_CORPUS``. Printed for each target: recall and precision of "not portable" in the everyday tier, and the
templates on which the two disagree, with what each says. ``--lines`` investigates every mismatch, which takes much
longer, and asks whether a finding stands on the line that causes it. ``--results`` keeps what the engines said, and is
read instead of running them where it is there. ``--audit`` takes what the engines said, lines and all, from a report of
``audit --format json`` over the same templates; what ``check`` says is asked anew in any case.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from portable_tpl.checking.linting import lint
from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding
from portable_tpl.model.rendering import Failed, Refused, Rendering, same
from portable_tpl.model.report import counts
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE, Runtime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse

TARGETS = ("minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine")
RECALL, PRECISION, LINES = 0.99, 0.95, 0.95


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether every target is as good as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.truth")
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--audit", type=Path, help="a JSON report to read instead of running any engine")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--part", default="0/1", help="I/N: only every N-th template, from the I-th")
    options = parser.parse_args(arguments)
    templates = dict(corpus(options.limit, options.part))
    if options.audit is not None:
        found = list(audited(json.loads(options.audit.read_text("utf-8"))))
    elif options.results is not None and options.results.exists():
        found = [json.loads(line) for line in options.results.read_text("utf-8").splitlines()]
    else:
        found = []
        out = None if options.results is None else options.results.open("w", encoding="utf-8")
        for entry in observe(templates, options.targets, options.lines):
            found.append(entry)
            if out is not None:
                out.write(json.dumps(entry) + "\n")
                out.flush()
    targets = tuple(dict.fromkeys(entry["target"] for entry in found))
    said = {name: lint(parsed, targets) for name, parsed in templates.items()}
    known = [entry for entry in found if entry["template"] in said]
    good = [report(target, [entry for entry in known if entry["target"] == target], said) for target in targets]
    return 0 if all(good) else 1


def corpus(limit: int | None = None, part: str = "0/1") -> Iterator[tuple[str, ParsedTemplate]]:
    """The real templates that parse, by name."""
    folder = Path(os.environ["PORTABLE_TPL_CORPUS"]) / "templates"
    first, step = map(int, part.split("/"))
    for path in sorted(folder.glob("*.jinja"))[first::step][:limit]:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
        try:
            yield path.name, parse(Template(text, path=path.name))
        except TemplateSyntaxError as error:
            print(f"{path.name}: {error}", file=sys.stderr)


def observe(templates: dict[str, ParsedTemplate], targets: Sequence[str], lines: bool) -> Iterator[dict[str, Any]]:
    """What each target does with each template."""
    with ExitStack() as stack:
        engines = [stack.enter_context(open_runtime(target)) for target in targets]
        reference = stack.enter_context(open_runtime(REFERENCE))
        tracer = Tracer()
        stack.callback(tracer.close)
        for number, (name, parsed) in enumerate(templates.items()):
            start = time.monotonic()
            look = _investigated if lines else _rendered
            for entry in look(parsed, engines, reference, tracer):
                yield {"template": name, **entry}
            print(
                f"\r{number + 1}/{len(templates)} {time.monotonic() - start:5.1f} s {name:60.60}",
                end="",
                file=sys.stderr,
            )
    print(file=sys.stderr)


def _rendered(
    parsed: ParsedTemplate, engines: Sequence[Runtime], reference: Runtime, tracer: Tracer
) -> Iterator[dict[str, Any]]:
    run = explore(parsed, tracer, CompareSettings())
    chosen = [run.conversations[number] for number in run.chosen if run.tiers[number].rank <= Tier.EVERYDAY.rank]
    expected = reference.render_all(parsed.template, chosen)
    for engine in engines:
        answers = engine.render_all(parsed.template, chosen)
        # What the reference cannot render decides nothing.
        bad = [
            (conversation, right, answer)
            for conversation, right, answer in zip(chosen, expected, answers, strict=True)
            if not isinstance(right, Failed) and not same(right, answer)
        ]
        witness = None if not bad else [bad[0][0].to_json(), _words(bad[0][1]), _words(bad[0][2])]
        yield {"target": engine.id, "cases": len(chosen), "bad": len(bad), "witness": witness, "lines": []}


def _investigated(
    parsed: ParsedTemplate, engines: Sequence[Runtime], reference: Runtime, tracer: Tracer
) -> Iterator[dict[str, Any]]:
    comparison = compare(parsed, engines, reference, CompareSettings(), tracer)
    for target, result in comparison.targets.items():
        deciding = [mismatch for mismatch in result.mismatches if counts(mismatch, Tier.EVERYDAY)]
        first = deciding[0] if deciding else None
        yield {
            "target": target,
            "cases": result.cases,
            "bad": sum(mismatch.cases for mismatch in deciding),
            "witness": first and [first.conversation.to_json(), _words(first.reference), _words(first.target)],
            "lines": [[mismatch.line, mismatch.cause, mismatch.cases] for mismatch in deciding],
        }


def audited(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same, of a JSON report; of the targets that ran."""
    for template in report["templates"]:
        for target, result in ((template["comparison"] or {}).get("targets") or {}).items():
            deciding = [
                mismatch
                for mismatch in result["mismatches"]
                if mismatch["decides"]
                and mismatch["origin"] == "template"
                and Tier(mismatch["tier"]).rank <= Tier.EVERYDAY.rank
            ]
            first = deciding[0] if deciding else None
            yield {
                "template": Path(template["path"]).name,
                "target": target,
                "cases": result["cases"],
                "bad": sum(mismatch["cases"] for mismatch in deciding),
                "witness": first and [first["conversation"], _told(first["reference"]), _told(first["target"])],
                "lines": [[mismatch["line"], mismatch["cause"], mismatch["cases"]] for mismatch in deciding],
            }


def _told(answer: dict[str, Any]) -> str:
    """What :func:`_words` says, of an answer in a report."""
    if answer.get("refused"):
        return f"REFUSED {answer['error']}"
    if "error" in answer:
        return f"FAILED ({answer.get('kind')}, line {answer.get('line')}) {answer['error'][:300]}"
    return str(answer["text"])


def _words(answer: Rendering) -> str:
    if isinstance(answer, Failed):
        return f"FAILED ({answer.kind}, line {answer.line}) {answer.message[:300]}"
    return f"REFUSED {answer.message}" if isinstance(answer, Refused) else answer.text


def report(target: str, entries: list[dict[str, Any]], said: dict[str, list[Finding]]) -> bool:
    """Print the figures of one target; gives whether they are good enough."""
    tables: dict[tuple[bool, bool], list[dict[str, Any]]] = {}
    lines: list[tuple[str, Any, bool]] = []
    for entry in entries:
        findings = _for(target, said[entry["template"]])
        tables.setdefault((entry["bad"] > 0, bool(findings)), []).append(entry)
        for line, cause, _ in entry["lines"]:
            named = any(f.location.line <= (line or 0) <= f.location.end_line for f in findings)
            lines.append((entry["template"], (line, cause), named))
    hit, missed, alarm = (len(tables.get(key, ())) for key in ((True, True), (True, False), (False, True)))
    recall, precision = hit / max(1, hit + missed), hit / max(1, hit + alarm)
    print(f"\n{target}: {len(entries)} templates, {hit + missed} not portable by compare, {hit + alarm} by check")
    print(f"  recall {recall:.3f}  precision {precision:.3f}")
    for entry in tables.get((True, False), ()):
        _, right, wrong = entry["witness"]
        print(f"  missed: {entry['template']}: {_difference(right, wrong)}")
    for entry in tables.get((False, True), ()):
        findings = _for(target, said[entry["template"]])
        shown = ", ".join(f"{f.code} {f.feature} line {f.location.line}" for f in findings[:4])
        print(f"  false alarm: {entry['template']}: {shown}")
    good = recall >= RECALL and precision >= PRECISION
    if lines:
        share = sum(hit for _, _, hit in lines) / len(lines)
        print(f"  lines: {share:.3f} of {len(lines)} mismatches have a finding on their line")
        for template, where, found in lines:
            if not found:
                print(f"  no finding on the line: {template}: line {where[0]}, {where[1]}")
        good = good and share >= LINES
    return good


def _for(target: str, findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if target in finding.targets]


def _difference(right: str, wrong: str) -> str:
    if wrong.startswith("FAILED"):
        return wrong[:160]
    at = next((i for i, (a, b) in enumerate(zip(right, wrong, strict=False)) if a != b), min(len(right), len(wrong)))
    start = max(0, at - 30)
    return f"{right[start : at + 30]!r} but {wrong[start : at + 30]!r}"


if __name__ == "__main__":
    raise SystemExit(main())
