"""A pytest fixture that holds a template to its targets.

pytest loads this module in every run of every project that has portable-tpl installed, so it imports nothing of the
package before the fixture is called.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from portable_tpl.model.conversation import Conversation, Tier
    from portable_tpl.model.report import Comparison
    from portable_tpl.model.source import Template


class AssertPortable(Protocol):
    """What the fixture ``assert_portable`` gives."""

    def __call__(
        self,
        template: str | os.PathLike[str] | Template,
        targets: Sequence[str] | None = None,
        *,
        examples: int | None = None,
        seed: int = 0,
        tier: Tier | str = "everyday",
        conversations: Sequence[Conversation] = (),
    ) -> Comparison:
        """Render conversations on the targets and fail the test where one does not print the reference's text.

        It fails, too, where the reference itself fails by accident. ``template`` is a container (a path or a hub id),
        the text of a template (a string with ``{{`` or ``{%`` in it), or a :class:`portable_tpl.Template`. The other
        arguments are those of :func:`portable_tpl.compare`, whose result is returned. Raises what that function
        raises.
        """
        ...


@pytest.fixture
def assert_portable() -> AssertPortable:
    """Fail the test where a template does not render the same bytes on every target."""
    return _assert_portable


def _assert_portable(
    template: str | os.PathLike[str] | Template,
    targets: Sequence[str] | None = None,
    *,
    examples: int | None = None,
    seed: int = 0,
    tier: Tier | str = "everyday",
    conversations: Sequence[Conversation] = (),
) -> Comparison:
    __tracebackhide__ = True
    from portable_tpl import api

    chosen = _template(template)
    comparison = api.compare(
        chosen, targets=targets, examples=examples, seed=seed, tier=tier, conversations=conversations
    )
    for failure in comparison.failures:
        pytest.fail(
            f"{chosen.label}: the reference itself fails in {failure.cases} of {comparison.cases} conversations: "
            f"{failure.rendering.message}",
            pytrace=False,
        )
    if any(mismatch.decides for result in comparison.targets.values() for mismatch in result.mismatches):
        pytest.fail(_explanation(chosen, comparison, tier, seed), pytrace=False)
    return comparison


def _template(given: str | os.PathLike[str] | Template) -> Template:
    from portable_tpl import api
    from portable_tpl.model.source import Template

    if isinstance(given, Template):
        return given
    if isinstance(given, str) and ("{{" in given or "{%" in given):
        return Template(given)
    return api.load(given)


def _explanation(template: Template, comparison: Comparison, tier: Tier | str, seed: int) -> str:
    from portable_tpl.model.conversation import Tier
    from portable_tpl.model.report import Report, TemplateReport, verdict
    from portable_tpl.reports import text

    limit = Tier(tier)
    verdicts = {target: verdict(result, limit) for target, result in comparison.targets.items()}
    report = Report("compare", limit, seed, (), (TemplateReport(template, verdicts, comparison=comparison),))
    return text.render(report, verbose=True)
