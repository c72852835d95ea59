"""The difference between two containers, template by template, as a report."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.differential.between.compare import difference_between
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier
from portable_tpl.model.difference import Place, PromptDifference, TemplateDifference
from portable_tpl.model.findings import Exhibit, Finding, Severity, Witness
from portable_tpl.model.report import Report, TargetStatus, TemplateReport
from portable_tpl.model.source import Span, Template
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.sources import Container
from portable_tpl.targets.processes._base import REFERENCE

_CODE, _RULE = "REL109", "containers-disagree"
_LONGEST = 60  # characters of a change in a message


def differences_of(
    old: Container, new: Container, target: str = REFERENCE, settings: CompareSettings | None = None
) -> Report:
    """How the prompts of two containers differ on a target: templates of one name with each other.

    Where both hold one template these are compared whatever their names. Raises ``TemplateSyntaxError``,
    ``UnknownTarget`` and ``TargetUnavailable``.
    """
    settings = settings or CompareSettings()
    with Session(() if target == REFERENCE else (target,)) as session:
        runtime = session.targets[0] if session.targets else session.reference
        differences = []
        for name, one, other in _pairs(old, new):
            if one is not None and other is not None:
                differences.append(difference_between(one, other, runtime, session.tracer, settings, name))
            else:
                differences.append(TemplateDifference(name, one, other, "only-old" if other is None else "only-new"))
        status = TargetStatus(runtime.id, runtime.engine, runtime.version, "run")
    reports = tuple(_report(each, runtime.id) for each in differences)
    return Report("diff", settings.tier, settings.seed, (status,), reports, differences=tuple(differences))


def is_different(report: Report) -> bool:
    """Whether some prompt of the two containers differs, or only one of them has a template."""
    return any(each.likeness not in ("same-bytes", "same-prompts") for each in report.differences)


def _pairs(old: Container, new: Container) -> Iterator[tuple[str, Template | None, Template | None]]:
    if len(old.templates) == len(new.templates) == 1:
        yield new.templates[0].name, old.templates[0], new.templates[0]
        return
    one, other = ({each.name: each for each in container.templates} for container in (old, new))
    for name in dict.fromkeys([*one, *other]):
        yield name, one.get(name), other.get(name)


def _report(difference: TemplateDifference, target: str) -> TemplateReport:
    """The same as findings about the new template, for the formats that know findings."""
    shown = difference.new or difference.old
    assert shown is not None
    if difference.old is None or difference.new is None:
        words = (
            f"Only the {'new' if difference.old is None else 'old'} container holds the template {difference.name}"
        )
        return TemplateReport(shown, findings=(_finding(shown, words, Severity.ERROR, target),))
    old, new = difference.old, difference.new
    return TemplateReport(new, findings=tuple(_of_prompts(each, old, new, target) for each in difference.differences))


def _of_prompts(difference: PromptDifference, old: Template, new: Template, target: str) -> Finding:
    ordinary = difference.tier is Tier.ORDINARY
    words = f"Prompts differ from those of {old.label}: {reason_words(difference)}"
    line = difference.change.new_line if difference.change is not None else _line(difference.places[1])
    side = "old" if difference.without is None else "new without it"
    witness = Witness(
        (
            Exhibit(side, difference.conversation, difference.before, target),
            Exhibit("new", difference.conversation, difference.new, target),
        ),
        difference=difference.offset,
        reproduce=difference.reproduce,
    )
    severity = Severity.NOTE if difference.is_repair else Severity.ERROR if ordinary else Severity.WARNING
    return _finding(new, words, severity, target, line, witness, difference.tier)


def _finding(
    template: Template,
    words: str,
    severity: Severity,
    target: str,
    line: int | None = None,
    witness: Witness | None = None,
    tier: Tier = Tier.ORDINARY,
) -> Finding:
    return Finding(
        code=_CODE,
        rule=_RULE,
        severity=severity,
        tier=tier,
        message=words,
        feature="",
        targets=(target,),
        location=template.locate(Span(0, 0) if line is None else template.line_span(line)),
        evidence="static" if witness is None else "proved",
        witness=witness,
    )


def reason_words(difference: PromptDifference) -> str:
    """Why two prompts differ, for the middle of a sentence."""
    change = difference.change
    if change is not None:
        old, new = (_short(text) for text in (change.old_text, change.new_text))
        if not old:
            return f"line {change.new_line} is new, {new}"
        if not new:
            return f"line {change.old_line} of the old one is gone, {old}"
        return f"line {change.new_line} is {new} and was {old}"
    if difference.tokens is not None:
        pairs = [
            f"{name} is {new or 'absent'} and was {old or 'absent'}" for name, (old, new) in difference.tokens.items()
        ]
        return ", ".join(pairs)
    old_line, new_line = map(_line, difference.places)
    lines = [f"line {line} of the {side} one" for line, side in ((old_line, "old"), (new_line, "new")) if line]
    return f"more than one change is behind what {' and '.join(lines)} print" if lines else "more than one change"


def _line(place: Place | None) -> int | None:
    return None if place is None else place.line


def _short(text: str) -> str:
    words = in_one_line(text)
    if not words:
        return repr(text) if text else ""
    return f"`{cut(words, _LONGEST)}`"
