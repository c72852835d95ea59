"""Which fixes repair what they are shown for: with the fix made, the witness of a finding is the same everywhere.

In: proved findings with fixes, and the engines that proved them. Out: the same findings; what leaves its own witness
broken is not shown, but for a safe fix after which the target gets further: another cause stands behind it then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from portable_tpl.fixing.batches import edits_of, fix_of, together
from portable_tpl.fixing.moves import Moved
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Finding, Safety, apply_edits
from portable_tpl.model.rendering import Failed, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE

Render = Callable[[Template, Sequence[Conversation]], Sequence[Rendering]]
# Each costs a load of the template on every engine that it is tried on; what is not tried is not shown.
_MOST_TRIES = 12


def with_repairs(template: Template, findings: Sequence[Finding], renders: Mapping[str, Render]) -> list[Finding]:
    """The findings, those with a witness only with fixes that repair it: together with the others, or alone.

    ``renders`` has the reference and the targets by their ids. A finding whose witness is of another target keeps its
    fix.
    """
    shown = [finding for finding in findings if _is_shown(finding) and _target(finding) in renders]
    trial = _Trial(template, renders)
    repaired = trial.repaired(together(shown))
    safe = [finding for finding in shown if fix_of(finding).safety is Safety.SAFE]
    waiting = [finding for finding in shown if id(finding) not in repaired]
    for finding in waiting[:_MOST_TRIES]:
        beside = [each for each in safe if id(each) in repaired]
        batch = together([*beside, finding])
        for chosen in ([finding],) if finding not in batch else (batch, [finding]):
            if id(finding) in trial.repaired(chosen, [finding]):
                repaired.add(id(finding))
                break
    broken = {id(finding) for finding in shown} - repaired
    return [replace(finding, fix=None) if id(finding) in broken else finding for finding in findings]


def _is_shown(finding: Finding) -> bool:
    return (
        finding.fix is not None
        and bool(finding.fix.edits)
        and not finding.suppressed
        and finding.evidence == "proved"
        and finding.witness is not None
    )


def _target(finding: Finding) -> str:
    assert finding.witness is not None
    return finding.witness.exhibits[-1].target


def _conversation(finding: Finding) -> Conversation:
    assert finding.witness is not None
    return finding.witness.exhibits[-1].conversation


class _Trial:
    """Renders of changed texts of one template."""

    def __init__(self, template: Template, renders: Mapping[str, Render]) -> None:
        self._template, self._renders = template, renders

    def repaired(self, made: Sequence[Finding], asked: Sequence[Finding] | None = None) -> set[int]:
        """Those of the findings (by default, of all whose fixes are made) whose witness is the same everywhere."""
        asked = made if asked is None else asked
        if not made:
            return set()
        text = apply_edits(self._template.text, tuple(Moved(edits_of(made)).edits))
        changed = replace(self._template, text=text)
        wanted = self._renders[REFERENCE](changed, [_conversation(finding) for finding in asked])
        good: set[int] = set()
        for target in dict.fromkeys(map(_target, asked)):
            pairs = [(each, one) for each, one in zip(asked, wanted, strict=True) if _target(each) == target]
            answers = self._renders[target](changed, [_conversation(each) for each, _ in pairs])
            good |= {
                id(each)
                for (each, one), answer in zip(pairs, answers, strict=True)
                if _is_same(one, answer) or (fix_of(each).safety is Safety.SAFE and _gets_further(each, one, answer))
            }
        return good


def _is_same(wanted: Rendering, answer: Rendering) -> bool:
    return not isinstance(wanted, Failed) and same(wanted, answer)


def _gets_further(finding: Finding, wanted: Rendering, answer: Rendering) -> bool:
    """Whether a target prints more of the right prompt than in the witness, or no longer fails as it did there."""
    assert finding.witness is not None
    before = finding.witness.exhibits[-1].rendering
    if not isinstance(wanted, Rendered):
        return False
    if not isinstance(before, Rendered):
        return answer != before
    return isinstance(answer, Rendered) and _right(wanted, answer) > _right(wanted, before)


def _right(wanted: Rendered, answer: Rendered) -> int:
    """How many characters of a prompt are right before the first that is not."""
    pairs = zip(wanted.text, answer.text, strict=False)
    shorter = min(len(wanted.text), len(answer.text))
    return next((number for number, (one, other) in enumerate(pairs) if one != other), shorter)
