"""From what a check says to a finding: its witness, the branch behind it, and the engines that show it too."""

from __future__ import annotations

import re

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Exhibit, Finding, Severity, Witness
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Location, Span
from portable_tpl.model.words import listed
from portable_tpl.release._base import Check, Observation, Subject
from portable_tpl.release._causes import Cause, cause_of, first_difference, printer_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import writes_prompt

_CONTINUED = " --continue-final-message"


def static_finding_of(check: Check, observation: Observation, subject: Subject) -> Finding:
    """The finding of one observation that no rendering proves."""
    return _finding(
        check,
        observation,
        observation.message,
        (REFERENCE,),
        subject.template.locate(observation.span or Span(0, 0)),
        None,
    )


def finding_of(check: Check, observation: Observation, subject: Subject, inquiry: Inquiry) -> Finding:
    """The finding of one observation about a template."""
    if not observation.exchanges:
        return static_finding_of(check, observation, subject)
    conversations = [exchange.conversation for exchange in observation.exchanges]
    render = inquiry.render_continued if observation.continued else inquiry.render
    inquiry.render_all(exchange.conversation for exchange in observation.exchanges if exchange.template is None)
    renderings = [
        render(exchange.conversation)
        if exchange.template is None
        else inquiry.engines.reference.render(exchange.template, exchange.conversation)
        for exchange in observation.exchanges
    ]
    difference = _difference(observation, renderings)
    cause = _cause(observation, conversations, renderings, difference, subject, inquiry)
    showing, silent = _targets(observation, conversations, renderings, inquiry)
    location = subject.template.locate(observation.span or (cause.span if cause is not None else Span(0, 0)))
    witness = _witness(observation, renderings, difference, cause, subject, inquiry)
    return _finding(
        check, observation, _message(observation, cause, silent), (REFERENCE, *showing), location, witness
    )


def _finding(
    check: Check,
    observation: Observation,
    message: str,
    targets: tuple[str, ...],
    location: Location,
    witness: Witness | None,
) -> Finding:
    return Finding(
        code=check.code,
        rule=check.name,
        severity=observation.severity,
        tier=observation.tier,
        message=message,
        feature="",
        targets=targets,
        location=location,
        fix=observation.fix,
        evidence="proved" if witness is not None else "static",
        witness=witness,
        related=observation.related,
        affected=observation.affected,
    )


def _cause(
    observation: Observation,
    conversations: list[Conversation],
    renderings: list[Rendering],
    difference: int | None,
    subject: Subject,
    inquiry: Inquiry,
) -> Cause | None:
    """The place in the template: of an error, of the branch that went another way, or of a printed text."""
    failure = next((each for each in renderings if isinstance(each, Failed) and each.line is not None), None)
    if failure is not None and failure.line is not None:
        return Cause(failure.line, subject.template.line_span(failure.line), None)
    first = renderings[0] if renderings else None
    if any(exchange.template is not None for exchange in observation.exchanges):
        return None
    if difference is not None and observation.names_branch:
        pair = conversations[:2]
        return cause_of(subject.parsed, inquiry.trace(pair, "pieces"), inquiry.trace(pair, "order"), difference)
    if observation.printed and isinstance(first, Rendered) and observation.printed in first.text:
        return printer_of(
            subject.parsed, inquiry.trace(conversations[:1], "pieces")[0], first.text.rindex(observation.printed)
        )
    return None


def _difference(observation: Observation, renderings: list[Rendering]) -> int | None:
    first, second = renderings[:2] if observation.compared else (None, None)
    if isinstance(first, Rendered) and isinstance(second, Rendered):
        return first_difference(first.text, second.text)
    return None


def _witness(
    observation: Observation,
    renderings: list[Rendering],
    difference: int | None,
    cause: Cause | None,
    subject: Subject,
    inquiry: Inquiry,
) -> Witness:
    command, own = inquiry.engines.command, subject.template
    return Witness(
        exhibits=tuple(
            Exhibit(exchange.label, exchange.conversation, rendering, REFERENCE)
            for exchange, rendering in zip(observation.exchanges, renderings, strict=True)
        ),
        difference=difference,
        line=None if cause is None else cause.line,
        condition=None if cause is None else cause.condition,
        reproduce=tuple(
            command(exchange.template or own, exchange.conversation, REFERENCE)
            + (_CONTINUED if observation.continued else "")
            for exchange in observation.exchanges
        ),
    )


def _targets(
    observation: Observation, conversations: list[Conversation], renderings: list[Rendering], inquiry: Inquiry
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The running engines that show the same, and those that do not.

    One whose deployment writes a part of these prompts itself is in neither: its answer is not the template's. Nor is
    one that gives no prompt where the reference does, which its verdict says.
    """
    if observation.holds is None or observation.severity is Severity.NOTE:
        return (), ()
    showing: list[str] = []
    silent: list[str] = []
    for target in inquiry.engines.targets:
        if any(writes_prompt(target, conversation) for conversation in conversations):
            continue
        answers = inquiry.replay(target, conversations)
        pairs = zip(renderings, answers, strict=True)
        if observation.holds(answers):
            showing.append(target)
        elif all(isinstance(answer, Rendered) for known, answer in pairs if isinstance(known, Rendered)):
            silent.append(target)
    return tuple(showing), tuple(silent)


_PLACE = re.compile(r"(?:; line \d+, `.*`, went another way| \(line \d+\)).*", re.DOTALL)


def without_place(message: str) -> str:
    """What a finding says, without the line of the template."""
    return _PLACE.sub("", message)


def _message(observation: Observation, cause: Cause | None, silent: tuple[str, ...]) -> str:
    parts = [observation.message]
    if cause is not None and cause.condition is not None:
        parts.append(f"; line {cause.line}, `{cause.condition}`, went another way")
    elif cause is not None:
        parts.append(f" (line {cause.line})")
    if silent:
        parts.append(f"; not on {listed(silent)}")
    return "".join(parts)
