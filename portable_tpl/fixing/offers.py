"""Which fixes are worth showing: those that ``fix`` would try, since they help all targets asked for.

In: the findings of one text. Out: the same, where a fix that does not help is a suggestion (``display``) only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from portable_tpl.fixing.batches import edits_of, is_too_much, together
from portable_tpl.fixing.effect import objection
from portable_tpl.fixing.moves import Moved
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.findings import Finding, Safety, apply_edits
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.template import ParsedTemplate, compile_check, parse

# A template with a hundred fixes that do not help would cost a check for each; what is not looked at is shown as a
# suggestion.
_MOST_LOOKS = 24

Linter = Callable[[ParsedTemplate], Sequence[Finding]]


def with_offers(parsed: ParsedTemplate, findings: Sequence[Finding], lint: Linter) -> list[Finding]:
    """The findings with the fixes that stand up to a second look at the changed text.

    ``lint`` gives the findings of another text in the same way. Findings that are suppressed are left as they are.
    """
    open_ones = [finding for finding in findings if not finding.suppressed]
    offered = [
        finding for finding in open_ones if finding.fix is not None and finding.fix.safety is not Safety.DISPLAY
    ]
    # What is wrong with the template itself, the findings of another text do not tell of.
    refused = {id(finding) for finding in offered if REFERENCE in finding.targets or is_too_much(finding)}
    waiting = [finding for finding in offered if id(finding) not in refused]
    looks = _Looks(parsed, open_ones, lint)
    while waiting:
        batch = together(waiting)
        refused |= _refused(looks, batch)
        taken = {id(each) for each in batch}
        waiting = [finding for finding in waiting if id(finding) not in taken]
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


class _Looks:
    """Looks at changed texts of one template, of which each costs as much as a check: there are so many."""

    def __init__(self, parsed: ParsedTemplate, findings: Sequence[Finding], lint: Linter) -> None:
        self._parsed, self._findings, self._lint = parsed, findings, lint
        self.left = _MOST_LOOKS

    def refuses(self, batch: Sequence[Finding]) -> bool:
        """Whether something speaks against a batch; without a look left, one that was not looked at is refused."""
        self.left -= 1
        return self.left < 0 or static_problem(self._parsed, self._findings, batch, self._lint)[0] is not None


def _refused(looks: _Looks, batch: Sequence[Finding]) -> set[int]:
    """Those of a batch that do not help, found by halves; the half that is not looked into is refused whole."""
    if not batch or not looks.refuses(batch):
        return set()
    if len(batch) == 1 or looks.left <= 0:
        return {id(finding) for finding in batch}
    middle = len(batch) // 2
    return _refused(looks, batch[:middle]) | _refused(looks, batch[middle:])


def _suggestion(finding: Finding) -> Finding:
    assert finding.fix is not None
    return replace(finding, fix=replace(finding.fix, safety=Safety.DISPLAY))
