"""How often does each release check fire over real templates, by severity?

``python -m tests.sweeps.release FOLDER [--every N] [--codes REL101 …] [--show N] [--seed S] [--seconds]``: asks the
reference alone, prints one row a check, and with ``--show`` the first findings of each with their witness, to be read.
With ``--seed`` the templates come in an order of chance, one finding of a check and template is shown, and the run ends
when there are enough of each check: a sample to be tallied.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.errors import PortableTplError
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._registry import checks
from portable_tpl.release._run import Inspection, inspect_template
from portable_tpl.sources import open_container
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template import compile_check, parse

_AROUND = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.release")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--codes", nargs="*", default=None)
    parser.add_argument("--show", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seconds", action="store_true")
    options = parser.parse_args(arguments)
    rows: dict[str, Counter[str]] = {code: Counter() for code in checks()}
    shown: Counter[str] = Counter()
    count, start = 0, time.monotonic()
    for path, inspection in inspections(sample(options.folder, options.every, options.seed), options.codes):
        count += 1
        for code in {finding.code for finding in inspection.findings}:
            severities = {finding.severity for finding in inspection.findings if finding.code == code}
            rows[code][next(each for each in Severity if each in severities).value] += 1
        for unasked in inspection.unasked:
            rows[unasked.code]["not asked"] += 1
        findings = inspection.findings
        if options.seed is not None:
            findings = tuple({finding.code: finding for finding in reversed(findings)}.values())
        for finding in findings:
            shown[finding.code] += 1
            if shown[finding.code] <= options.show:
                print("\n".join(_words(path, finding)), flush=True)
        if options.seed is not None and all(shown[code] >= options.show for code in options.codes or checks()):
            break
    print(f"{count} templates" + (f", {time.monotonic() - start:.1f} s" if options.seconds else ""))
    columns = [*(severity.value for severity in Severity), "not asked"]
    print(f"{'':8}{''.join(f'{column:>10}' for column in columns)}")
    for code, row in rows.items():
        print(f"{code:8}{''.join(f'{row[column]:>10}' for column in columns)}")
    return 0 if count else 1


def sample(folder: Path, every: int, seed: int | None) -> list[Path]:
    """Every N-th file of a folder, in order or, with a seed, in an order of chance."""
    paths = sorted(folder.glob("*"))[::every]
    if seed is not None:
        random.Random(seed).shuffle(paths)
    return paths


def inspections(paths: Sequence[Path], codes: Sequence[str] | None) -> Iterator[tuple[str, Inspection]]:
    """What the checks say of each template that parses."""
    reference, tracer = open_runtime(REFERENCE), Tracer()
    assert isinstance(reference, Reference)
    engines = Engines(reference, tracer, reproduce)
    try:
        for path in paths:
            for template in _templates(path):
                parsed = parse(template)
                yield template.label, inspect_template(Subject(parsed), Inquiry(template, engines), codes)
    finally:
        reference.close()
        tracer.close()


def _templates(path: Path) -> list[Template]:
    try:
        templates = list(open_container(str(path)).templates)
        for template in templates:
            compile_check(parse(template))
    except PortableTplError:
        return []
    return templates


def _words(path: str, finding: Finding) -> Iterator[str]:
    yield f"{finding.severity} {finding.code} {Path(path).name}:{finding.location.line} {finding.message}"
    witness = finding.witness
    if witness is None:
        return
    for exhibit in witness.exhibits:
        rendering = exhibit.rendering
        text = rendering.text if isinstance(rendering, Rendered) else str(rendering)
        at = witness.difference if witness.difference is not None else len(text)
        yield f"      {exhibit.label}: {text[max(0, at - _AROUND) : at]!r} >< {text[at : at + _AROUND]!r}"


if __name__ == "__main__":
    sys.exit(main())
