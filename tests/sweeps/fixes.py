"""What ``fix`` makes of real templates: what still differs, what it costs, and whether it does what is shown.

``python -m tests.sweeps.fixes [--level L] [--part I/N] [--limit N] [--causes] [--as-built] [--diffs PLACE]``; the
templates are those of ``PORTABLE_TPL_CORPUS``. Printed: the share of templates that render every ordinary conversation as the reference
does before and after, for each engine; changes of the reference in conversations of all tiers (there must be none);
helper macros; lines added; and fixes that ``check`` shows but ``fix`` does not make. ``--causes`` looks into what is
left and ranks its causes by the templates that they break. ``--diffs`` keeps what changed, for people to read: in a
folder that is there one file a template, else all in one file.
"""

from __future__ import annotations

import argparse
import difflib
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import static_findings
from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.fixing import FixResult, Prover, fix
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Finding, Safety, Severity
from portable_tpl.model.rendering import Failed, Rendering, same
from portable_tpl.model.report import counts
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._deployment import deployment_adapter
from portable_tpl.targets.deployments.mistral_rs import DEPLOYMENT
from portable_tpl.targets.processes._base import Limits, Runtime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from tests.fixing.independent import violations
from tests.sweeps.truth import corpus

TARGETS = ("minijinja", "hf-jinja", "llama.cpp")
# The third is minijinja as its hosts have it: JSON as mistral.rs writes it, and its patches of a template's source, but
# none of what it does to messages and tools, which no template can mend; at the version that was asked for, and with the
# loop controls of other hosts. ``--as-built`` takes the version (2.14) and the flags of mistral.rs itself, for which
# nobody asked by name.
ENGINES = ("hf-jinja", "llama.cpp-engine", "mistral.rs")
_SOURCE_STEPS = ("reverse-slice", "descending-range", "meta-lines-removed", "generation-tags-removed")
SHARE, PLAIN_SHARE, MACROS, MACRO_LINES = 0.95, 0.9, 0.2, 4
PLAIN = "minijinja"  # as it ships, which only --level warning repairs
_HELPER = re.compile(r"\{%- macro (without_start|without_end|json_text|json_lines|python_str)\b")
_MACRO = re.compile(r"^\{%- macro .*?^\{%- endmacro -%\}$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What became of one template: lines added, lines of each helper macro, and what engines still print otherwise."""

    name: str
    result: FixResult
    added: int
    macros: tuple[int, ...]
    before: frozenset[str]
    after: frozenset[str]
    changes: tuple[str, ...]
    unkept: tuple[str, ...]
    causes: frozenset[tuple[str, str]] = frozenset()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether the fixes are as good as they have to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.fixes")
    parser.add_argument("--level", choices=[each.value for each in Severity], default=Severity.ERROR.value)
    parser.add_argument("--part", default="0/1", help="I/N: only every N-th template, from the I-th")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--causes", action="store_true", help="investigate what is left")
    parser.add_argument("--as-built", action="store_true", help="minijinja as mistral.rs has built it")
    parser.add_argument("--diffs", type=Path)
    options = parser.parse_args(arguments)
    templates = dict(corpus(options.limit, options.part))
    outcomes = []
    for outcome in measured(templates, Severity(options.level), options.causes, options.as_built):
        outcomes.append(outcome)
        print(f"\r{len(outcomes)}/{len(templates)} {outcome.name:60.60}", end="", file=sys.stderr)
        if options.diffs is not None:
            _keep(options.diffs, _diff(templates[outcome.name].text, outcome), outcome.name)
    print(file=sys.stderr)
    return 0 if report(outcomes, _engines(Severity(options.level))) else 1


def measured(
    templates: dict[str, ParsedTemplate], level: Severity, investigate: bool = False, as_built: bool = False
) -> Iterator[Outcome]:
    """Each template fixed, and rendered before and after."""
    with ExitStack() as stack:
        prover = stack.enter_context(Prover())
        engines = [_opened(engine, as_built) for engine in _engines(level)]
        for engine in engines:
            stack.callback(engine.close)
        for name, parsed in templates.items():
            shown = static_findings(parsed, TARGETS, Tier.EVERYDAY, Choice())
            result = fix(parsed.template, TARGETS, prover=prover, level=level)
            new = replace(parsed.template, text=result.text)
            run = explore(parsed, prover.tracer, CompareSettings(tier=Tier.ORDINARY))
            given = [run.conversations[number] for number in run.chosen if run.tiers[number] is Tier.ORDINARY]
            before = _differing(parsed.template, parsed.template, given, engines, prover)
            changed = result.text != parsed.text
            after = _differing(parsed.template, new, given, engines, prover) if changed else before
            yield Outcome(
                name=name,
                result=result,
                added=result.text.count("\n") - parsed.text.count("\n"),
                macros=_macros(result.text, parsed.text),
                before=before,
                after=after,
                changes=tuple(violations(parsed.template, new, prover)) if changed else (),
                unkept=tuple(_unkept(shown, result, level)),
                causes=_causes(new, [each for each in engines if each.id in after], prover)
                if investigate
                else frozenset(),
            )


def _engines(level: Severity) -> tuple[str, ...]:
    return ENGINES if level is Severity.ERROR else (*ENGINES, PLAIN)


def _opened(engine: str, as_built: bool) -> Runtime:
    if engine != DEPLOYMENT.id:
        return open_runtime(engine)
    build = DEPLOYMENT.build
    if not as_built:
        build = replace(build, loop_controls=True, version=None)
    adapter = deployment_adapter(replace(DEPLOYMENT, build=build, steps=_SOURCE_STEPS))
    assert adapter.opens is not None
    return adapter.opens(None, Limits())


def _differing(
    old: Template, new: Template, given: Sequence[Conversation], engines: Sequence[Runtime], prover: Prover
) -> frozenset[str]:
    """The engines that print something else of the new text than the reference of the old one."""
    wanted = prover.reference.render_all(old, given)
    # What the reference cannot render decides nothing.
    kept = [number for number, each in enumerate(wanted) if not isinstance(each, Failed)]
    cases = [given[number] for number in kept]
    return frozenset(
        engine.id
        for engine in engines
        if not all(
            same(wanted[number], answer) for number, answer in zip(kept, _answers(engine, new, cases), strict=True)
        )
    )


def _answers(engine: Runtime, template: Template, cases: Sequence[Conversation]) -> list[Rendering]:
    """What an engine makes of a template; where it took too long, which a busy machine brings about, once more."""
    answers = list(engine.render_all(template, cases))
    late = [number for number, each in enumerate(answers) if isinstance(each, Failed) and each.kind != "error"]
    again = engine.render_all(template, [cases[number] for number in late])
    for number, answer in zip(late, again, strict=True):
        answers[number] = answer
    return answers


def _causes(template: Template, engines: Sequence[Runtime], prover: Prover) -> frozenset[tuple[str, str]]:
    """The engines that print something else in ordinary conversations, with the features that are to blame."""
    if not engines:
        return frozenset()
    settings = CompareSettings(tier=Tier.ORDINARY, max_seconds=60.0)
    comparison = compare(parse(template), engines, prover.reference, settings, prover.tracer)
    return frozenset(
        (target, f"{mismatch.cause} line {mismatch.line}")
        for target, result in comparison.targets.items()
        for mismatch in result.mismatches
        if counts(mismatch, Tier.ORDINARY)
    )


def _macros(text: str, before: str) -> tuple[int, ...]:
    """How many lines each macro has that `fix` can put at the top, where it was not there before."""
    macros = (match.group() for match in _MACRO.finditer(text))
    return tuple(macro.count("\n") + 1 for macro in macros if _HELPER.match(macro) and macro not in before)


def _unkept(shown: Sequence[Finding], result: FixResult, level: Severity) -> Iterator[str]:
    """Fixes that a look at the template promises, and that were not made."""
    made = {(finding.code, finding.location.start) for finding in result.applied}
    refused = {(finding.code, finding.location.start): reason for finding, reason in result.refused}
    for finding in shown:
        if finding.fix is not None and finding.fix.safety is Safety.SAFE and finding.severity.reaches(level):
            place = finding.code, finding.location.start
            if not finding.suppressed and place not in made:
                yield f"{finding.code} line {finding.location.line}: {refused.get(place, 'gone with another change')}"


def _diff(before: str, outcome: Outcome) -> str:
    lines = difflib.unified_diff(
        before.split("\n"), outcome.result.text.split("\n"), outcome.name, outcome.name, lineterm="", n=1
    )
    return "".join(f"{line}\n" for line in lines)


def _keep(place: Path, difference: str, name: str) -> None:
    file = place / f"{Path(name).stem}.diff" if place.is_dir() else place
    if difference or not place.is_dir():
        with file.open("w" if place.is_dir() else "a", encoding="utf-8") as stream:
            stream.write(difference)


def report(outcomes: Sequence[Outcome], engines: Sequence[str]) -> bool:
    """Print the figures; gives whether they are good enough."""
    total = len(outcomes)
    changed = [outcome for outcome in outcomes if outcome.result.applied]
    macros = [outcome for outcome in outcomes if outcome.macros]
    longest = max((size for outcome in macros for size in outcome.macros), default=0)
    added = [outcome.added for outcome in changed]
    print(f"{total} templates, {len(changed)} changed, {sum(len(each.result.applied) for each in changed)} fixes")
    shares = []
    for engine in engines:
        before, after = (
            sum(engine not in side for side in sides) / max(1, total)
            for sides in ([each.before for each in outcomes], [each.after for each in outcomes])
        )
        shares.append(after + (SHARE - PLAIN_SHARE if engine == PLAIN else 0))
        print(f"  {engine:18} nothing ordinary differs: {before:.3f} before, {after:.3f} after")
    broken = [outcome.name for outcome in outcomes if outcome.changes]
    print(f"  the reference changes in {len(broken)}: {', '.join(broken[:5])}")
    print(f"  helper macros in {len(macros)}, {longest} lines at most; lines added: median {_median(added)}")
    for outcome in outcomes:
        if outcome.after:
            print(f"  left: {outcome.name}: {', '.join(sorted(outcome.after))}")
            for target, cause in sorted(outcome.causes):
                print(f"    {target}: {cause}")
    ranks = Counter(kind for each in outcomes for kind in {cause.partition(" line ")[0] for _, cause in each.causes})
    for kind, count in ranks.most_common():
        print(f"  {count:4} templates left with {kind}")
    unkept = Counter(reason for outcome in outcomes for reason in outcome.unkept)
    print(f"  shown and not made: {sum(unkept.values())}")
    for outcome in outcomes:
        for each in outcome.unkept:
            print(f"    {outcome.name}: {each[:300]}")
    few = len(macros) <= MACROS * total and longest <= MACRO_LINES and _median(added) == 0
    return min(shares) >= SHARE and not broken and few


def _median(numbers: Sequence[int]) -> float:
    return statistics.median(numbers) if numbers else 0.0


if __name__ == "__main__":
    sys.exit(main())
