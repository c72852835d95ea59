"""How true the severities of ``check`` are, and whether any report of ``audit`` contradicts itself.

``python -m tests.sweeps.severity [--part I/N] [--limit N]``; the templates are those of ``PORTABLE_TPL_CORPUS``.
Printed for each target: how many of the errors of ``check`` an ordinary conversation proves, how many of the templates
that an ordinary conversation breaks have an error, and how many templates have errors, warnings only, notes only. A
report contradicts itself where it says that something is proved and shows nothing, where an engine that ran has an
error without a witness or is called portable beside one, and where one place has two answers about one feature.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portable_tpl.auditing.audit import AuditSettings, audit
from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import static_findings
from portable_tpl.checking.severity import severity_of
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Effect, Finding, Severity
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import TemplateReport, counts
from portable_tpl.sources import open_container
from portable_tpl.template.syntax.parsing import ParsedTemplate
from tests.sweeps.truth import corpus

TARGETS = ("minijinja", "hf-jinja", "llama.cpp-engine")
PROVED, COVERED = 0.95, 0.97
_CHUNK = 10  # templates of one audit, so that something is printed on the way


@dataclass(frozen=True)
class Tally:
    """What was seen of one target in one template.

    ``errors`` are those of ``check``, ``unproved`` those that no ordinary conversation shows, ``hidden`` how many of
    these stand behind what stops the target in every conversation; ``broken``: an ordinary conversation breaks the
    template there, and hosts do not repair it; ``worst``: the worst severity of ``check``.
    """

    template: str
    target: str
    errors: int
    unproved: tuple[str, ...]
    hidden: int
    broken: bool
    worst: Severity | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether the severities are true and the reports whole."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.severity")
    parser.add_argument("--part", default="0/1", help="I/N: only every N-th template, from the I-th")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args(arguments)
    templates = dict(corpus(options.limit, options.part))
    names = list(templates)
    tallies: list[Tally] = []
    wrong: list[str] = []
    for first in range(0, len(names), _CHUNK):
        chunk = names[first : first + _CHUNK]
        for name, report in zip(chunk, _audited(chunk), strict=True):
            tallies += _tallies(name, templates[name], report)
            wrong += [f"{name}: {words}" for words in contradictions(report)]
        print(f"\r{first + len(chunk)}/{len(names)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    good = [_told(target, [each for each in tallies if each.target == target]) for target in TARGETS]
    print(f"{len(wrong)} contradictions in {len(names)} reports")
    for words in wrong:
        print(f"  {words}")
    return 0 if all(good) and not wrong else 1


def _audited(names: Sequence[str]) -> tuple[TemplateReport, ...]:
    folder = Path(os.environ["PORTABLE_TPL_CORPUS"]) / "templates"
    return audit([open_container(str(folder / name)) for name in names], TARGETS, AuditSettings()).templates


def _tallies(name: str, parsed: ParsedTemplate, report: TemplateReport) -> Iterator[Tally]:
    findings = [each for each in static_findings(parsed, TARGETS, Tier.EVERYDAY, Choice()) if not each.suppressed]
    for target in TARGETS:
        own = [(each, effect) for each in findings for effect in each.effects if effect.target == target]
        errors = [(each, effect) for each, effect in own if effect.severity is Severity.ERROR]
        compared = None if report.comparison is None else report.comparison.targets.get(target)
        unproved = [(each, effect) for each, effect in errors if not _is_proved(each, effect, report)]
        yield Tally(
            template=name,
            target=target,
            errors=len(errors),
            unproved=tuple(f"{each.code} line {each.location.line} {effect.feature}" for each, effect in unproved),
            hidden=sum(_is_hidden(each, effect, report) for each, effect in unproved),
            broken=compared is not None and any(_is_error(each, target) for each in compared.mismatches),
            worst=max((effect.severity for _, effect in own), key=_badness, default=None),
        )


def _badness(severity: Severity) -> int:
    return -list(Severity).index(severity)


def _is_error(mismatch: Mismatch, target: str) -> bool:
    """Whether an ordinary conversation shows it, and most hosts of the engine do not repair it."""
    error = severity_of(mismatch.tier, target, mismatch.cause) is Severity.ERROR
    return error and counts(mismatch, Tier.ORDINARY)


def _is_proved(finding: Finding, effect: Effect, report: TemplateReport) -> bool:
    return any(
        each.evidence == "proved"
        and (each.code, each.location.start) == (finding.code, finding.location.start)
        and any(one.target == effect.target and one.severity is Severity.ERROR for one in each.effects)
        for each in report.findings
    )


def _is_hidden(finding: Finding, effect: Effect, report: TemplateReport) -> bool:
    """Whether the report leaves the finding static, though the target ran: it gave no prompt at all."""
    return any(
        each.evidence == "static"
        and (each.code, each.location.start) == (finding.code, finding.location.start)
        and any(one.target == effect.target for one in each.effects)
        for each in report.findings
    )


def contradictions(report: TemplateReport) -> Iterator[str]:
    """What a report says in one place and denies in another."""
    seen: dict[tuple[str, int, int, str, str], str] = {}
    ran = {} if report.comparison is None else report.comparison.targets
    for finding in report.findings:
        where = f"{finding.code} line {finding.location.line}"
        if finding.evidence == "proved" and finding.witness is None:
            yield f"{where} is proved, without a witness"
        for effect in finding.effects:
            if effect.target not in ran:
                continue
            if Severity.ERROR is finding.severity is effect.severity and finding.evidence != "proved":
                yield f"{where} is an error on {effect.target}, which ran, and is {finding.evidence}"
            if finding.evidence == "proved" and report.verdicts.get(effect.target) == "portable":
                yield f"{where} is proved on {effect.target}, which is portable"
            place = (finding.code, finding.location.start, finding.location.end, effect.target, effect.feature)
            before = seen.setdefault(place, finding.evidence)
            if before != finding.evidence:
                yield f"{where} is {before} and {finding.evidence} on {effect.target}: {effect.feature}"


def _told(target: str, tallies: Sequence[Tally]) -> bool:
    errors = sum(each.errors for each in tallies)
    unproved = sum(len(each.unproved) for each in tallies)
    broken = [each for each in tallies if each.broken]
    missed = [each for each in broken if not each.errors]
    worst = Counter(each.worst for each in tallies)
    proved, covered = 1 - unproved / max(1, errors), 1 - len(missed) / max(1, len(broken))
    print(
        f"{target}: {len(tallies)} templates: {worst[Severity.ERROR]} have errors, {worst[Severity.WARNING]} warnings"
    )
    print(f"  only, {worst[Severity.NOTE]} notes only, {worst[None]} nothing")
    hidden = sum(each.hidden for each in tallies)
    print(
        f"  errors that an ordinary conversation proves: {proved:.3f} of {errors}; {unproved} not, {hidden} of them"
    )
    print("  behind what stops the target in every conversation")
    print(f"  templates that an ordinary conversation breaks and that have an error: {covered:.3f} of {len(broken)}")
    for each in missed:
        print(f"    missed: {each.template}")
    for each in tallies:
        for words in each.unproved:
            print(f"    unproved: {each.template}: {words}")
    return proved >= PROVED and covered >= COVERED


if __name__ == "__main__":
    sys.exit(main())
