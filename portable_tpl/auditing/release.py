"""Release checks in an audit: asked with the run's own engines and conversations."""

from __future__ import annotations

from dataclasses import replace

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import parsed_whole
from portable_tpl.checking.selecting import chosen_codes
from portable_tpl.differential.between.compare import difference_between
from portable_tpl.differential.compare import Run
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Tier
from portable_tpl.model.difference import TemplateDifference
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding
from portable_tpl.model.source import Template
from portable_tpl.release._base import ContainerSubject, Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import Inspection, inspect_container, inspect_template
from portable_tpl.sources import Container
from portable_tpl.sources.beside import ggufs_beside
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template import ParsedTemplate


def inspected(
    parsed: ParsedTemplate, container: Container | None, run: Run, session: Session, choice: Choice, tier: Tier
) -> Inspection:
    """What the release checks say about one template in a run of a tier, those that are left out not asked."""
    inquiry = Inquiry(parsed.template, _engines(session, choice), run.sample, tier)
    codes = chosen_codes(choice.select, choice.without(parsed.template.path))
    subject = Subject(parsed, container)
    inspection = _own(inspect_template(subject, inquiry, codes))
    return replace(
        inspection, findings=tuple(_in_mildest_tier(each, run.explored.judge) for each in inspection.findings)
    )


def _in_mildest_tier(finding: Finding, judge: TierJudge) -> Finding:
    """The finding, ordinary where all conversations that show it are: a check names the tier that it asks in."""
    exhibits = () if finding.witness is None else finding.witness.exhibits
    if finding.tier is Tier.ORDINARY or not exhibits:
        return finding
    shown = max((judge.tier(each.conversation) for each in exhibits), key=lambda tier: tier.rank)
    return replace(finding, tier=min(shown, finding.tier, key=lambda tier: tier.rank))


def inspected_container(
    container: Container, session: Session, choice: Choice, settings: CompareSettings
) -> Inspection:
    """What the release checks say about the files of one model; ``settings`` are for comparing their templates."""
    parsed = [each for each in map(_parsed, container.templates) if each is not None]
    subjects = [Subject(each, container) for each in parsed]
    if not subjects:
        return Inspection()

    def difference(old: Template, new: Template) -> TemplateDifference:
        return difference_between(old, new, session.reference, session.tracer, settings)

    engines = replace(_engines(session, choice), difference=difference)
    inquiry = Inquiry(subjects[0].template, engines)
    codes = chosen_codes(choice.select, choice.without(container.path))
    return _own(inspect_container(ContainerSubject(container, tuple(subjects)), inquiry, codes))


def _parsed(template: Template) -> ParsedTemplate | None:
    try:
        return parsed_whole(template)
    except TemplateSyntaxError:
        return None  # said in that template's own report


def is_asked(container: Container) -> bool:
    """Whether there are several files in a container, between which something may be wrong."""
    several = len({slot.file for slot in container.slots}) > 1
    return several or bool(container.conflicts) or bool(ggufs_beside(container).containers)


def _engines(session: Session, choice: Choice) -> Engines:
    assert isinstance(session.reference, Reference)
    return Engines(
        session.reference,
        session.tracer,
        reproduce,
        {target.id: target for target in session.targets},
        frozenset(choice.provided),
    )


def _own(inspection: Inspection) -> Inspection:
    """A template that is wrong wherever it runs says nothing about one target: these are told by their verdicts."""
    return replace(inspection, findings=tuple(replace(each, targets=(REFERENCE,)) for each in inspection.findings))
