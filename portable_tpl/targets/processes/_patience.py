"""How many of its workers a batch of renderings may end before the rest of it is given up."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.model.rendering import Failed

NOT_TRIED = "not tried"  # how the message of what a batch that was given up left begins
_HANGS_IN_ROW, _HANGS = 3, 8
_DEATHS_IN_ROW, _DEATHS = 20, 60


@dataclass(frozen=True)
class Patience:
    """How many workers one batch has ended: in a row, and in all."""

    row: int = 0
    total: int = 0
    lost: Failed | None = None

    def after(self, failure: Failed, answered: bool) -> Patience:
        """The count after one more; ``lost`` is what the rest of the batch gets once it is given up."""
        row = 1 if answered else self.row + 1
        total = self.total + 1
        most_in_row, most = (_HANGS_IN_ROW, _HANGS) if failure.kind == "timeout" else (_DEATHS_IN_ROW, _DEATHS)
        if row < most_in_row and total < most:
            return Patience(row, total)
        return Patience(
            row, total, Failed(failure.kind, f"{NOT_TRIED}, after {total} conversations: {failure.message}")
        )
