"""The work of ``portable-tpl check``."""

from __future__ import annotations

from portable_tpl.checking.linting import lint
from portable_tpl.cli._session import Session
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding
from portable_tpl.model.report import Report, TargetStatus, TemplateReport, Verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.catalogue import static_targets
from portable_tpl.template import compile_check, parse


def checked(session: Session) -> Report:
    """Lint every template."""
    statuses = static_targets(session.asked_targets)
    targets = tuple(status.id for status in statuses if status.status != "skipped")
    templates = tuple(_report(session, template, targets, statuses) for template in session.templates)
    report = Report(
        command="check",
        tier=session.common.tier,
        seed=session.seed,
        targets=statuses,
        templates=templates,
        errors=session.errors,
    )
    return session.with_baseline(report)


def findings_of(session: Session, template: Template, targets: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings of one template under the session's selection; raises :class:`TemplateSyntaxError`."""
    parsed = parse(template)
    compile_check(parsed)
    return tuple(
        lint(
            parsed,
            targets,
            session.common.tier,
            select=session.select,
            ignore=(*session.ignore, *session.configuration.ignored_in(template.path)),
            provided=session.configuration.provided,
        )
    )


def _report(
    session: Session, template: Template, targets: tuple[str, ...], statuses: tuple[TargetStatus, ...]
) -> TemplateReport:
    try:
        findings = findings_of(session, template, targets)
    except TemplateSyntaxError as error:
        return unusable(template, str(error), statuses)
    return TemplateReport(template, {status.id: static_verdict(status, findings) for status in statuses}, findings)


def unusable(template: Template, error: str, statuses: tuple[TargetStatus, ...]) -> TemplateReport:
    """The report of a template of which nothing can be said."""
    return TemplateReport(template, {status.id: "unknown" for status in statuses}, error=error)


def static_verdict(status: TargetStatus, findings: tuple[Finding, ...]) -> Verdict:
    """What the findings say of a target: the support table's word, not yet an engine's."""
    if status.status == "skipped":
        return "unknown"
    broken = [finding for finding in findings if status.id in finding.targets]
    if any(status.id in finding.fails for finding in broken):
        return "fails"
    return "differs" if broken else "portable"
