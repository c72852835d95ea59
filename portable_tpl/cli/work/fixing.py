"""The work of ``portable-tpl fix``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from portable_tpl.auditing.static import parsed_whole, static_findings, static_verdict, unusable
from portable_tpl.auditing.time_limit import STATIC_SECONDS, TooSlow, time_limit
from portable_tpl.cli.streams import say
from portable_tpl.cli.work.emit import emit, write_bytes, write_text, writes_to_terminal
from portable_tpl.cli.work.options import Common
from portable_tpl.cli.work.patches import file_patch, template_patch
from portable_tpl.cli.work.session import Session, measure_first, open_session
from portable_tpl.fixing import FixResult, Prover, fix
from portable_tpl.fixing.remains import left_over, lines_of
from portable_tpl.model.errors import InputError, SourceError, TemplateSyntaxError
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.report import Report, TargetStatus, TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.reports.parts.visible import one_line
from portable_tpl.reports.parts.words import plural
from portable_tpl.sources import Container
from portable_tpl.targets.catalogue import static_targets

_STDIN = "-"


@dataclass(frozen=True)
class _Fixed:
    """One template of a container: what was done, and the report of the text that came of it."""

    template: Template
    report: TemplateReport
    result: FixResult | None = None
    reasons: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    milder: int = 0

    @property
    def changed(self) -> bool:
        return self.result is not None and self.result.text != self.template.text


def fix_all(paths: Sequence[str], common: Common, *, diff: bool, level: Severity, unsafe: bool) -> int:
    """Fix every template that the paths name, write or show what changed, and report what is left."""
    session = open_session(common, paths)
    if common.output is not None and not diff and max(len(paths), len(session.containers)) > 1:
        raise InputError("--output takes the fixed file of one PATH; without it each file is rewritten in place")
    for container in session.containers if common.output is not None and not diff else ():
        _expect_apart(container, common.output or "")
    statuses = static_targets(session.asked_targets, measure_first(common))
    outcomes = _outcomes(session, statuses, level, unsafe)
    if diff:
        patches = [_patches(container, templates, common) for container, templates in outcomes]
        write_text("".join(patch for patch, _ in patches), common.output, "surrogateescape")
        errors = [problem for _, problems in patches for problem in problems]
    else:
        errors = list(filter(None, (_written(container, templates, common) for container, templates in outcomes)))
    fixed = [each for _, templates in outcomes for each in templates]
    if common.format == "text" and not common.quiet:
        _say(fixed, diff)
    report = Report(
        command="fix",
        tier=common.tier,
        seed=session.seed,
        targets=statuses,
        templates=tuple(each.report for each in fixed),
        errors=(*session.errors, *errors),
    )
    is_piped = common.output is None and any(container.path == _STDIN for container in session.containers)
    taken = diff or is_piped or common.output in ("/dev/stdout", "/dev/fd/1")
    here = replace(session, common=replace(common, output=None))
    status = emit(session.with_baseline(report), here, to_stderr=taken)
    return 1 if diff and not status and not common.exit_zero and any(each.changed for each in fixed) else status


def _expect_apart(container: Container, output: str) -> None:
    """Raise :class:`InputError` for an output that is one of the files that are read."""
    for file in {slot.file for slot in container.slots}:
        if os.path.isfile(file) and os.path.exists(output) and os.path.samefile(file, output):
            raise InputError(f"--output {output}: is the input; without --output it is rewritten in place")


def _outcomes(
    session: Session, statuses: tuple[TargetStatus, ...], level: Severity, unsafe: bool
) -> list[tuple[Container, list[_Fixed]]]:
    """What came of every template of every container."""
    with ExitStack() as stack:
        prover = stack.enter_context(Prover(session.seed)) if len(session.templates) > 1 else None
        work = _Work(session, statuses, level, unsafe, prover)
        return [
            (container, [work.outcome(template) for template in container.templates])
            for container in session.containers
        ]


@dataclass(frozen=True)
class _Work:
    """How templates are fixed; ``prover`` is one for them all, where there are several."""

    session: Session
    statuses: tuple[TargetStatus, ...]
    level: Severity
    unsafe: bool
    prover: Prover | None

    @property
    def _targets(self) -> tuple[str, ...]:
        return tuple(status.id for status in self.statuses if status.status != "skipped")

    def outcome(self, template: Template) -> _Fixed:
        """Fix one template and check what came of it."""
        try:
            # The engines stop by themselves before that; this is for what runs in this process.
            with time_limit(2 * STATIC_SECONDS, template.label):
                findings = _findings(self.session, template, self._targets)
                # What may be absent is repaired as well, though `check` only warns of it.
                if not any(finding.fix is not None and not finding.suppressed for finding in findings):
                    return self._checked(template, template, findings, None)
                result = self._fix(template)
                after = replace(template, text=result.text)
                return self._checked(template, after, _findings(self.session, after, self._targets), result)
        except (TemplateSyntaxError, TooSlow) as error:
            if self.prover is not None and isinstance(error, TooSlow):
                self.prover.restart()  # it may have been in the middle of an answer
            return _Fixed(template, unusable(template, str(error), self.statuses))

    def _fix(self, template: Template) -> FixResult:
        session = self.session
        return fix(
            template,
            self._targets,
            unsafe=self.unsafe,
            tier=session.common.tier,
            select=session.choice.select,
            ignore=session.choice.without(template.path),
            provided=session.choice.provided,
            seed=session.seed,
            prover=self.prover,
            level=self.level,
            graded=session.choice.graded,
        )

    def _checked(
        self, template: Template, after: Template, findings: tuple[Finding, ...], result: FixResult | None
    ) -> _Fixed:
        """The report of the new text, with what is left in it and why."""
        verdicts = {status.id: static_verdict(status, findings) for status in self.statuses}
        left = tuple(finding for finding in findings if finding.severity.reaches(self.level))
        reasons = left_over(
            [finding for finding in left if not finding.suppressed],
            () if result is None else result.left,
            self._targets,
            lambda target: _findings(self.session, after, (target,)),
        )
        others = tuple(finding for finding in findings if finding not in left)
        milder = sum(_counts(finding, Severity.WARNING) for finding in others)
        return _Fixed(template, TemplateReport(after, verdicts, left, milder=others), result, reasons, milder)


def _findings(session: Session, template: Template, targets: tuple[str, ...]) -> tuple[Finding, ...]:
    return static_findings(parsed_whole(template), targets, session.common.tier, session.choice)


def _counts(finding: Finding, level: Severity) -> bool:
    return finding.severity.reaches(level) and not finding.suppressed


def _written(container: Container, templates: Sequence[_Fixed], common: Common) -> str | None:
    """Write a container if one of its templates changed; gives what went wrong."""
    if all(one.report.error is not None for one in templates):
        return None
    changes = {one.template.name: one.result.text for one in templates if one.result is not None and one.changed}
    try:
        if container.path == _STDIN or common.output is not None:
            write_bytes(container.new_bytes(changes), common.output)
        elif changes:
            container.write(changes)
    except SourceError as error:
        return str(error)
    return None


def _patches(container: Container, templates: Sequence[_Fixed], common: Common) -> tuple[str, list[str]]:
    """What changed in a container, for ``git apply``; for a reader at a terminal what changed in its templates.

    The second value says what could not be shown.
    """
    changed = {one.template.name: one.result.text for one in templates if one.result is not None and one.changed}
    if not changed:
        return "", []
    if container.path == _STDIN or container.locked is not None or (common.output is None and writes_to_terminal()):
        return "".join(
            template_patch(one.template, changed[one.template.name]) for one in templates if one.changed
        ), []
    try:
        patch, binary = file_patch(container, changed)
    except SourceError as error:
        return "", [str(error)]
    for path in binary:
        say(f"portable-tpl: {path}: a binary file has no patch; `fix` without --diff changes it")
    return patch, []


def _say(fixed: Sequence[_Fixed], diff: bool) -> None:
    """What was done and what was not, on standard error."""
    for one in fixed:
        count = 0 if one.result is None else len(one.result.applied)
        left = sum(map(len, one.reasons.values()))
        if not count and not left and not one.milder:
            continue
        label = one.template.label
        done = f"{count} {'fix' if count == 1 else 'fixes'} {'would be applied' if diff else 'applied'}"
        milder = f"; {plural(one.milder, 'warning')} left alone (--level warning)" if one.milder else ""
        say(f"portable-tpl: {label}: {done}, {left} left{milder}")
        for finding in one.result.applied if one.result is not None else ():
            if finding.fix is not None and finding.fix.price is not None:
                say(f"portable-tpl: {label}:{finding.location.line}: {finding.code} {one_line(finding.fix.summary)}")
        for line in lines_of(one.reasons):
            say(f"portable-tpl: {label}: {line}")
