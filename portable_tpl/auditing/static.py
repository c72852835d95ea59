"""What the support table says about templates, without running anything: the service behind ``check``."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.time_limit import STATIC_SECONDS, time_limit
from portable_tpl.checking.linting import lint
from portable_tpl.fixing.offers import with_offers
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import InputError, described
from portable_tpl.model.findings import Finding
from portable_tpl.model.report import Report, TargetStatus, TemplateReport, Verdict
from portable_tpl.model.source import Template
from portable_tpl.sources import Container
from portable_tpl.template import ParsedTemplate, compile_check, parse
from portable_tpl.template.names.unknown import unknown_names

UNKNOWN_NAME = "REL116"


def check(
    containers: Sequence[Container],
    statuses: tuple[TargetStatus, ...],
    tier: Tier = Tier.EVERYDAY,
    choice: Choice | None = None,
    seed: int = 0,
    errors: tuple[str, ...] = (),
) -> Report:
    """Look for what is not portable in every template; ``errors`` are what could not be opened.

    Raises ``InputError`` for a code that is none.
    """
    choice = choice or Choice()
    choice.expect_known()
    reports = tuple(
        static_report(template, statuses, tier, choice)
        for container in containers
        for template in container.templates
    )
    return Report("check", tier, seed, statuses, reports, errors)


def static_report(
    template: Template, statuses: tuple[TargetStatus, ...], tier: Tier, choice: Choice
) -> TemplateReport:
    """The report of one template; what goes wrong with it is an error in the report."""
    targets = tuple(status.id for status in statuses if status.status != "skipped")
    try:
        with time_limit(STATIC_SECONDS, template.label):
            findings = static_findings(parsed_whole(template), targets, tier, choice)
    except InputError as error:
        return unusable(template, str(error), statuses)
    except Exception as error:
        return unusable(template, f"{template.label}: {described(error)}", statuses)
    return TemplateReport(template, {status.id: static_verdict(status, findings) for status in statuses}, findings)


def parsed_whole(template: Template) -> ParsedTemplate:
    """The template parsed, and known to compile; raises ``TemplateSyntaxError``."""
    parsed = parse(template)
    compile_check(parsed, unknown_names=True)
    return parsed


def static_findings(
    parsed: ParsedTemplate,
    targets: tuple[str, ...],
    tier: Tier,
    choice: Choice,
    inspection: Sequence[Finding] | None = None,
) -> tuple[Finding, ...]:
    """The findings of one template under a choice of rules.

    ``inspection`` holds those of release checks; where these were not asked, names that exist nowhere are looked for.
    """
    codes = None if inspection is not None else frozenset((UNKNOWN_NAME,))

    def linted(text: ParsedTemplate, further: Sequence[Finding] = ()) -> Sequence[Finding]:
        return choice.graded(
            lint(
                text,
                targets,
                tier,
                select=choice.select,
                ignore=choice.without(text.template.path),
                provided=choice.provided,
                further=further,
                asked=codes,
                notes=True,
            )
        )

    def open_ones(text: ParsedTemplate) -> Sequence[Finding]:
        return [finding for finding in linted(text) if not finding.suppressed]

    findings = linted(parsed, _nowhere(parsed, choice) if inspection is None else inspection)
    return tuple(with_offers(parsed, findings, open_ones))


def _nowhere(parsed: ParsedTemplate, choice: Choice) -> tuple[Finding, ...]:
    provided = frozenset(choice.provided)
    if not unknown_names(parsed, provided):
        return ()
    from portable_tpl.release._base import Subject  # not before there is something to say: it takes time to load
    from portable_tpl.release._run import inspect_static

    return inspect_static(Subject(parsed), provided, (UNKNOWN_NAME,)).findings


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
    outcomes = {effect.outcome for finding in broken for effect in finding.effects if effect.target == status.id}
    if "differs" in outcomes:
        return "differs"
    # What no engine has, no target can be said to render.
    nowhere = any(finding.code == UNKNOWN_NAME and not finding.suppressed for finding in findings)
    return "unknown" if outcomes or nowhere else "portable"
