"""The public hypothesis strategy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.strategies import conversations

QUICK = settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@given(conversations())
@QUICK
def test_everyday_conversations_are_everyday(made: Conversation) -> None:
    assert TierJudge().tier(made).rank <= Tier.EVERYDAY.rank


@given(conversations("{% if messages[-1].role == 'ipython' %}x{% endif %}", tier="hostile"))
@QUICK
def test_any_tier_can_be_asked_for(made: Conversation) -> None:
    assert isinstance(made, Conversation)


def test_hypothesis_shrinks_them() -> None:
    quiet = settings(deadline=None, database=None, max_examples=2000, phases=[Phase.generate, Phase.shrink])
    made = find(conversations(), lambda each: len(each.messages) > 2, settings=quiet)
    assert len(made.messages) == 3
    assert made.tools is None
    assert {message["content"] for message in made.messages} <= {"Hi", ""}


def test_the_templates_role_is_found() -> None:
    quiet = settings(deadline=None, database=None, max_examples=2000)
    text = "{% for m in messages %}{% if m.role == 'ipython' %}x{% endif %}{% endfor %}"
    made = find(
        conversations(text),
        lambda each: any(message["role"] == "ipython" for message in each.messages),
        settings=quiet,
    )
    assert TierJudge().tier(made) is Tier.EXTENDED  # without the template nobody knows that role


def test_mistakes_are_said() -> None:
    with pytest.raises(TemplateSyntaxError):
        conversations("{% if %}")
    with pytest.raises(ValueError, match="odd"):
        conversations(tier="odd")


def test_hypothesis_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, portable_tpl.strategies, portable_tpl.generation.generate, portable_tpl.generation.handwritten.by_tier;"
        "sys.exit('hypothesis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
