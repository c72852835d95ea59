"""What is wrong between the files of a model is in reports for people, too."""

from __future__ import annotations

from portable_tpl.model.conversation import Tier
from portable_tpl.model.report import ContainerReport, Report
from portable_tpl.model.source import Template
from portable_tpl.reports import concise, text

from . import samples


def test_a_line_each() -> None:
    template = Template(samples.TEXT, path="acme-8b/chat_template.jinja")
    finding = samples.finding_at(template, "message.role", code="REL109", message="two files disagree", targets=())
    report = Report("audit", Tier.EVERYDAY, 0, (), (), (), (ContainerReport("acme-8b", (finding,)),))
    assert "acme-8b: error: REL109 two files disagree\n" in text.render(report)
    assert concise.render(report) == "acme-8b: error: REL109 two files disagree\n"
