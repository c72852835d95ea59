"""Which fixes are worth showing: those that ``fix`` would try, since they help all targets asked for.

In: the findings of one text. Out: the same, where a fix that does not help is a suggestion (``display``) only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from portable_tpl.fixing.batches import edits_of, together
from portable_tpl.fixing.effect import Moved, objection
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding, Safety, apply_edits
from portable_tpl.template.syntax.parsing import ParsedTemplate, compile_check, parse

Linter = Callable[[ParsedTemplate], Sequence[Finding]]


def with_offers(parsed: ParsedTemplate, findings: Sequence[Finding], lint: Linter) -> list[Finding]:
    """The findings with the fixes that stand up to a second look at the changed text.

    ``lint`` gives the findings of another text in the same way. Findings that are suppressed are left as they are.
    """
    open_ones = [finding for finding in findings if not finding.suppressed]
    offered = [
        finding for finding in open_ones if finding.fix is not None and finding.fix.safety is not Safety.DISPLAY
    ]
    refused: set[int] = set()
    waiting = offered
    while waiting:
        batch = together(waiting)
        refused |= _refused(parsed, open_ones, batch, lint)
        waiting = [finding for finding in waiting if all(finding is not each for each in batch)]
    return [_suggestion(finding) if id(finding) in refused else finding for finding in findings]


def static_problem(
    parsed: ParsedTemplate, findings: Sequence[Finding], chosen: Sequence[Finding], lint: Linter
) -> tuple[str | None, ParsedTemplate | None]:
    """What speaks against the fixes of some findings without a look at any prompt, and the changed template."""
    edits = Moved(edits_of(chosen)).edits
    text = apply_edits(parsed.text, tuple(edits))
    try:
        changed = parse(replace(parsed.template, text=text))
        compile_check(changed, unknown_names=True)
    except TemplateSyntaxError as error:
        return f"the changed template would not parse: {error.reason}", None
    return objection(findings, lint(changed), edits, chosen), changed


def _refused(parsed: ParsedTemplate, findings: Sequence[Finding], batch: Sequence[Finding], lint: Linter) -> set[int]:
    """Those of a batch that do not help, found by halves."""
    if not batch or static_problem(parsed, findings, batch, lint)[0] is None:
        return set()
    if len(batch) == 1:
        return {id(batch[0])}
    middle = len(batch) // 2
    return _refused(parsed, findings, batch[:middle], lint) | _refused(parsed, findings, batch[middle:], lint)


def _suggestion(finding: Finding) -> Finding:
    assert finding.fix is not None
    return replace(finding, fix=replace(finding.fix, safety=Safety.DISPLAY))
