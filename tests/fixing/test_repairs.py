"""A fix that is shown beside a witness repairs it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import portable_tpl as pt
from portable_tpl.fixing.batches import fix_of
from portable_tpl.fixing.repairs import with_repairs
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Edit, Exhibit, Finding, Fix, Safety, Severity, Witness, apply_edits
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Span, Template
from portable_tpl.targets.registry import open_runtime
from tests.targets.opening import expect

TARGETS = ("minijinja", "hf-jinja")
TEMPLATES = (
    "{% for m in messages %}{{ m.role ~ ': ' ~ m.content ~ '\\n' }}{% for c in m.tool_calls or [] %}"
    "{{ c.function.name }}{% endfor %}{% endfor %}",
    "{% for m in messages %}{{ m.content }}{{ add_generation_prompt }}{% endfor %}",
    "{% for m in messages %}{{ m.content|string }}{% for c in m.tool_calls or [] %}{{ c.function.arguments|tojson }}"
    "{% endfor %}{% endfor %}",
    "{% for m in messages %}{{ m.content }}{% endfor %}{% for t in tools or [] %}{{ t.function.parameters }}{% endfor %}",
    "{% for m in messages %}{{ m.content.strip('\\n') }}{% endfor %}",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools ~ '' }}",
    "{% set seen = namespace(ids=[]) %}{% for m in messages %}{% if m.tool_call_id not in seen.ids %}{{ m.content }}"
    "{% set seen.ids = seen.ids + [m.tool_call_id] %}{% endif %}{% endfor %}",
)


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_an_audit_shows_repairs_its_own_witness(text: str) -> None:
    for name in TARGETS:
        expect(name)
    findings = pt.audit(Template(text), targets=TARGETS).templates[0].findings
    shown = [each for each in findings if each.fix is not None and each.evidence == "proved" and each.fix.edits]
    assert any(each.evidence == "proved" for each in findings)
    safe = [edit for each in shown if fix_of(each).safety is Safety.SAFE for edit in fix_of(each).edits]
    for finding in shown:
        assert finding.witness is not None
        exhibit = finding.witness.exhibits[-1]
        made = apply_edits(text, tuple({*fix_of(finding).edits, *safe}))
        with open_runtime("transformers") as reference, open_runtime(exhibit.target) as target:
            wanted = reference.render(Template(made), exhibit.conversation)
            assert isinstance(wanted, Rendered)
            assert target.render(Template(made), exhibit.conversation) == wanted, (finding.code, made)


OLD = "{{ a }}{{ b }}"
CONVERSATION = Conversation([{"role": "user", "content": "x"}])


def proved(safety: Safety, before: Rendering) -> Finding:
    """A finding about ``{{ a }}`` with a fix that makes ``{{ c }}`` of it, and what a target gave in its witness."""
    witness = Witness(
        (
            Exhibit("the reference", CONVERSATION, Rendered("one two")),
            Exhibit("engine", CONVERSATION, before, "engine"),
        )
    )
    return Finding(
        code="PTL601",
        rule="print-none",
        severity=Severity.ERROR,
        tier=Tier.ORDINARY,
        message="",
        feature="print@none",
        targets=("engine",),
        location=Template(OLD).locate(Span(0, 7)),
        fix=Fix("Print something else", safety, (Edit(3, 4, "c"),)),
        evidence="proved",
        witness=witness,
    )


@pytest.mark.parametrize(
    ("safety", "before", "after", "kept"),
    [
        (Safety.SAFE, Rendered("none two"), Rendered("one two"), True),
        (Safety.DISPLAY, Rendered("none two"), Rendered("one two"), True),
        (Safety.SAFE, Rendered("none none"), Rendered("one none"), True),  # another cause is left
        (Safety.UNSAFE, Rendered("none none"), Rendered("one none"), False),
        (Safety.SAFE, Rendered("none two"), Rendered("none two"), False),
        (Safety.SAFE, Failed("error", "a is none"), Failed("error", "b is none"), True),
        (Safety.DISPLAY, Failed("error", "a is none"), Failed("error", "a is none"), False),
    ],
)
def test_what_repairs_nothing_is_not_shown(safety: Safety, before: Rendering, after: Rendering, kept: bool) -> None:
    def reference(template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        return [Rendered("one two")] * len(conversations)

    def engine(template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        return [after if "c" in template.text else before] * len(conversations)

    finding = proved(safety, before)
    (after_look,) = with_repairs(Template(OLD), [finding], {"transformers": reference, "engine": engine})
    assert after_look.fix == (finding.fix if kept else None)
