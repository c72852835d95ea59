"""Reports to render: one of everything that a run can say."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Edit, Finding, Fix, Safety, Severity
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered
from portable_tpl.model.report import (
    Comparison,
    Coverage,
    MissedBranch,
    Report,
    RuleDoc,
    TargetComparison,
    TargetStatus,
    TemplateReport,
)
from portable_tpl.model.source import Span, Template

TEXT = (
    "{%- for message in messages %}\n"
    "<|im_start|>{{ message.role }}\n"
    "\t{{ message.content.strip() }}<|im_end|>\n"
    "{%- endfor %}\n"
    "{%- for tool in tools %}\n"
    "{{ tool | tojson(\n"
    "     indent=2\n"
    "   ) }}\n"
    "{%- endfor %}\n"
)

TARGETS = (
    TargetStatus("minijinja-strict", "minijinja", "3.0.5", "run"),
    TargetStatus("hf-jinja", "@huggingface/jinja", "0.5.11", "run"),
    TargetStatus("llama.cpp", "llama.cpp", None, "skipped", "not installed; pip install 'portable-tpl[llamacpp]'"),
)

RULES = {
    "PTL101": RuleDoc(
        "PTL101",
        "python-method",
        "A Python method is called on a value.",
        "## What it does\nFinds calls of Python methods.\n",
        Severity.ERROR,
    ),
}


def finding_at(template: Template, fragment: str, **changes: object) -> Finding:
    """A finding on the first place where a fragment stands."""
    start = template.text.index(fragment)
    values: dict[str, object] = {
        "code": "PTL101",
        "rule": "python-method",
        "severity": Severity.ERROR,
        "tier": Tier.EVERYDAY,
        "message": "`str.strip()` does not exist there",
        "feature": "method.str.strip",
        "targets": ("minijinja-strict",),
        "location": template.locate(Span(start, start + len(fragment))),
    }
    values.update(changes)
    return Finding(**values)  # type: ignore[arg-type]


def replacement(template: Template, fragment: str, text: str, safety: Safety = Safety.SAFE) -> Fix:
    """A fix that puts a text in the place of a fragment."""
    start = template.text.index(fragment)
    return Fix("use the `trim` filter", safety, (Edit(start, start + len(fragment), text),))


def mismatch(**changes: object) -> Mismatch:
    """A mismatch in a tool's JSON text."""
    values: dict[str, object] = {
        "signature": "minijinja-strict/output/filter.tojson/6",
        "kind": "output",
        "origin": "template",
        "tier": Tier.EVERYDAY,
        "cause": "filter.tojson.indent",
        "code": "PTL305",
        "line": 6,
        "cases": 2,
        "conversation": Conversation(
            [{"role": "user", "content": " a<b "}, {"role": "assistant", "content": None, "tool_calls": []}],
            tools=[{"name": "f"}],
            add_generation_prompt=True,
            variables={"enable_thinking": False},
        ),
        "reference": Rendered('<|im_start|>user\n\ta<b<|im_end|>\n{\n  "name": "f<"\n}\n'),
        "target": Rendered('<|im_start|>user\n\ta<b<|im_end|>\n{\n  "name": "f\\u003c"\n}\n'),
        "reproduce": "portable-tpl render chat_template.jinja --messages - --target minijinja-strict",
    }
    values.update(changes)
    return Mismatch(**values)  # type: ignore[arg-type]


def template_report(path: str = "chat_template.jinja", name: str = "default") -> TemplateReport:
    """A template with findings, mismatches of every kind and a coverage gap."""
    template = Template(TEXT, name=name, path=path)
    findings = (
        finding_at(
            template,
            "message.content.strip()",
            fix=replacement(template, "message.content.strip()", "message.content | trim"),
        ),
        finding_at(
            template,
            "tool | tojson(\n     indent=2\n   )",
            code="PTL305",
            rule="tojson-arguments",
            severity=Severity.WARNING,
            tier=Tier.EXTENDED,
            message="`tojson` takes no `indent`",
            feature="filter.tojson.indent",
            targets=("minijinja-strict", "hf-jinja"),
        ),
        finding_at(template, "message.role", code="PTL900", severity=Severity.NOTE, suppressed=True),
    )
    crash = mismatch(
        signature="hf-jinja/target-error",
        kind="target-error",
        cause=None,
        code=None,
        line=3,
        reference=Rendered("x y"),
        target=Failed("error", "Unknown method: strip\n at line 3\n", 3),
        cases=200,
    )
    stack = mismatch(
        signature="hf-jinja/stack",
        kind="reference-error",
        origin="stack",
        cause="parts-joined",
        code=None,
        line=None,
        reference=Refused("no parts: please"),
        target=Rendered(""),
        decides=False,
        tier=Tier.EXTENDED,
    )
    comparison = Comparison(
        200,
        Coverage(6, 4, (MissedBranch(5, "loop is empty"), MissedBranch(7, "x is none", reachable=False))),
        {
            "minijinja-strict": TargetComparison(200, 198, (mismatch(),)),
            "hf-jinja": TargetComparison(200, 0, (crash, stack)),
        },
    )
    verdicts = {"minijinja-strict": "differs", "hf-jinja": "fails", "llama.cpp": "unknown"}
    return TemplateReport(template, verdicts, findings, comparison)  # type: ignore[arg-type]


def clean_report(path: str) -> TemplateReport:
    """A template that every target renders alike."""
    return TemplateReport(
        Template("{{ messages }}", path=path), {"minijinja-strict": "portable", "hf-jinja": "portable"}
    )


def broken_report(path: str) -> TemplateReport:
    """A template that does not parse."""
    verdicts = {"minijinja-strict": "unknown", "hf-jinja": "unknown"}
    error = f"{path}:1: the template does not parse: unexpected end"
    return TemplateReport(Template("{% if", path=path), verdicts, error=error)  # type: ignore[arg-type]


def sample() -> Report:
    """A run over four templates, one of them inside a JSON file, one broken."""
    templates = (
        template_report(),
        template_report("tokenizer_config.json", "tool_use"),
        clean_report("clean.jinja"),
        broken_report("broken.jinja"),
    )
    return Report("audit", Tier.EVERYDAY, 0, TARGETS, templates, ("missing.jinja: no such file",))


def only(*templates: TemplateReport) -> Report:
    """A run over the given templates."""
    return Report("audit", Tier.EVERYDAY, 0, TARGETS, templates)


def with_mismatch(*mismatches: Mismatch, target: str = "minijinja-strict", text: str = TEXT) -> TemplateReport:
    """A template with nothing but mismatches on one target."""
    comparison = Comparison(200, Coverage(1, 1), {target: TargetComparison(200, 198, mismatches)})
    return TemplateReport(Template(text, path="t.jinja"), {target: "differs"}, comparison=comparison)


def with_findings(template: Template, *findings: Finding) -> TemplateReport:
    """A template with nothing but findings."""
    return TemplateReport(template, {"minijinja-strict": "fails"}, findings)
