"""Ask all release checks about a template, or about a model's container."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.report import Unasked
from portable_tpl.release._base import Check, ContainerSubject, NotAsked, Observation, Subject
from portable_tpl.release._findings import finding_of, static_finding_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._registry import checks

_SEVERITIES = list(Severity)  # the worst first


@dataclass(frozen=True)
class Inspection:
    """What the release checks say: findings in the order of the template, and what could not be asked."""

    findings: tuple[Finding, ...] = ()
    unasked: tuple[Unasked, ...] = ()


def inspect_template(subject: Subject, inquiry: Inquiry, codes: Collection[str] | None = None) -> Inspection:
    """Ask the checks about one template; ``codes`` are those asked for, ``None`` stands for all."""
    questions: list[tuple[Check, _Ask]] = []
    for check in _chosen(codes):
        if check.examine is not None:
            questions.append((check, _bound(check.examine, subject, inquiry)))
        elif check.examine_static is not None:
            questions.append((check, _bound(check.examine_static, subject, inquiry.engines.provided)))
    return _inspect(questions, lambda check, observation: finding_of(check, observation, subject, inquiry))


def inspect_static(
    subject: Subject, provided: frozenset[str] = frozenset(), codes: Collection[str] | None = None
) -> Inspection:
    """Ask those checks about a template that need no rendering; ``provided`` are names that a deployment brings."""
    questions = [
        (check, _bound(check.examine_static, subject, provided))
        for check in _chosen(codes)
        if check.examine_static is not None
    ]
    return _inspect(questions, lambda check, observation: static_finding_of(check, observation, subject))


def inspect_container(
    container: ContainerSubject, inquiry: Inquiry, codes: Collection[str] | None = None
) -> Inspection:
    """Ask the checks about what is wrong between the files of a model; ``inquiry`` is that of its first template."""
    asking = [check for check in _chosen(codes) if check.examine_container is not None and container.templates]
    return _inspect(
        [(check, _bound(check.examine_container, container, inquiry)) for check in asking],
        lambda check, observation: finding_of(check, observation, container.templates[0], inquiry),
    )


_Ask = Callable[[], Iterable[Observation]]


def _bound(examine: Callable[..., Iterable[Observation]] | None, *arguments: object) -> _Ask:
    assert examine is not None
    return lambda: examine(*arguments)


def _inspect(questions: Iterable[tuple[Check, _Ask]], finding: Callable[[Check, Observation], Finding]) -> Inspection:
    findings: list[Finding] = []
    unasked: list[Unasked] = []
    for check, ask in questions:
        answer = _said(ask)
        if isinstance(answer, NotAsked):
            unasked.append(Unasked(check.code, str(answer)))
        else:
            findings += _distinct([finding(check, each) for each in answer])
    return Inspection(tuple(sorted(findings, key=_order)), tuple(unasked))


def _said(ask: _Ask) -> list[Observation] | NotAsked:
    try:
        return list(ask())
    except NotAsked as reason:
        return reason


def _distinct(findings: list[Finding]) -> list[Finding]:
    """One finding for one branch of the template, or one place that printed the difference: the worst of those."""
    ranked = sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))
    kept: dict[object, Finding] = {}
    for finding in ranked:
        witness = finding.witness
        placed = witness is not None and witness.line is not None and witness.difference is not None
        kept.setdefault(finding.location if placed else (finding.location, finding.message), finding)
    return list(kept.values())


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.code, finding.location.start, finding.location.end, finding.message


def _chosen(codes: Collection[str] | None) -> list[Check]:
    return [check for code, check in checks().items() if codes is None or code in codes]
