"""What the reference says of fixes that are only shown, over conversations that were rendered anyway.

In: findings with fixes, and what the reference printed. Out: the same findings; a safe fix that would change a prompt
is a suggestion, an unsafe one has its price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from portable_tpl.fixing.batches import edits_of, fix_of, together
from portable_tpl.fixing.moves import Moved
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Finding, Price, Safety, apply_edits
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering, same
from portable_tpl.model.source import Template

Render = Callable[[Template, Sequence[Conversation]], Sequence[Rendering]]
_SHOWN = 30  # characters of a prompt
_LEAD = 8


def with_prices(
    template: Template, findings: Sequence[Finding], seen: Sequence[tuple[Conversation, Rendering]], render: Render
) -> list[Finding]:
    """The findings with what the reference says of their fixes.

    ``seen`` are conversations with what the reference made of them; those that it could not render decide nothing.
    """
    known = [(conversation, before) for conversation, before in seen if not isinstance(before, Failed)]
    conversations = [conversation for conversation, _ in known]
    before = [rendering for _, rendering in known]

    def price(chosen: Sequence[Finding]) -> Price:
        text = apply_edits(template.text, tuple(Moved(edits_of(chosen)).edits))
        return price_of(before, render(replace(template, text=text), conversations))

    def changing(batch: Sequence[Finding]) -> set[int]:
        """Those of a batch that change a prompt, found by halves."""
        if not batch or not price(batch).changed:
            return set()
        if len(batch) == 1:
            return {id(batch[0])}
        middle = len(batch) // 2
        return changing(batch[:middle]) | changing(batch[middle:])

    offered = [finding for finding in findings if finding.fix is not None and not finding.suppressed]
    waiting = [finding for finding in offered if fix_of(finding).safety is Safety.SAFE]
    refused: set[int] = set()
    while waiting:
        batch = together(waiting)
        refused |= changing(batch)
        chosen = {id(finding) for finding in batch}
        waiting = [finding for finding in waiting if id(finding) not in chosen]
    prices = {id(each): price([each]) for each in offered if fix_of(each).safety is Safety.UNSAFE}

    return [_with_price(finding, id(finding) in refused, prices.get(id(finding))) for finding in findings]


def _with_price(finding: Finding, is_refused: bool, price: Price | None) -> Finding:
    """The finding with a fix that is only shown, where it is refused, or that has a price."""
    if is_refused:
        return replace(finding, fix=replace(fix_of(finding), safety=Safety.DISPLAY))
    return finding if price is None else replace(finding, fix=replace(fix_of(finding), price=price))


def price_of(before: Sequence[Rendering], after: Sequence[Rendering]) -> Price:
    """How many of some answers change, and the shortest prompt before and after."""
    changed = [(one, other) for one, other in zip(before, after, strict=True) if not same(one, other)]
    if not changed:
        return Price(len(before), 0)
    one, other = (_text(each) for each in min(changed, key=lambda pair: len(_text(pair[0]))))
    parts = next(
        (index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )
    start = max(0, parts - _LEAD)
    return Price(len(before), len(changed), one[start : start + _SHOWN], other[start : start + _SHOWN])


def _text(answer: Rendering) -> str:
    if isinstance(answer, Rendered):
        return answer.text
    return f"a refusal: {answer.message}" if isinstance(answer, Refused) else f"a failure: {answer.message}"
