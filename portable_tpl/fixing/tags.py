"""The tags of generation blocks as a fix: of a release check, asked for by name, and proved like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portable_tpl.checking.selecting import chosen_codes
from portable_tpl.fixing.proof import Prover
from portable_tpl.model.findings import Finding, Safety, Severity
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import inspect_template
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template.syntax.parsing import ParsedTemplate

MASK = "REL104"


def wants_tags(select: Sequence[str], ignore: Sequence[str], unsafe: bool) -> bool:
    """Whether the tags were asked for: some engines do not know them, so that nobody gets them unasked.

    Raises :class:`InputError` for a subject that is no rule.
    """
    return unsafe and bool(select) and MASK in (chosen_codes(select, ignore) or ())


def tag_findings(parsed: ParsedTemplate, prover: Prover) -> list[Finding]:
    """The finding whose fix puts the tags in, where the assistant's branch is clear; its fix is to be proved.

    It is an error here, since it was asked for by name.
    """
    assert isinstance(prover.reference, Reference)
    engines = Engines(prover.reference, prover.tracer, reproduce)
    inspection = inspect_template(Subject(parsed), Inquiry(parsed.template, engines), (MASK,))
    return [
        replace(finding, severity=Severity.ERROR, fix=replace(finding.fix, safety=Safety.SAFE))
        for finding in inspection.findings
        if finding.fix is not None
    ]
