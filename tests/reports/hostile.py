"""Hypothesis strategies for texts that try to break out of a format, and reports full of them."""

from __future__ import annotations

from hypothesis import strategies as st

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered
from portable_tpl.model.report import (
    Comparison,
    Coverage,
    MissedBranch,
    Report,
    TargetComparison,
    TargetStatus,
    TemplateReport,
)
from portable_tpl.model.source import Span, Template

from . import samples

ESCAPES = (
    "]]>",
    "</script>",
    "<!--",
    "-->",
    "```",
    "````\n",
    "::error::",
    "\n::error file=x::",
    "%0A",
    "|",
    "&#0;",
    "\r\n",
    "\u2028",
    "\x85",
    "\x1b[31m",
    "\x9b",
    "\ud800",
    "\udc00",
    "\ufffe",
    "\uffff",
    "\u202e",
    "\u0301",
    "👩‍💻",
    "漢",
    "é",
    "\\",
    '"',
    "'",
    "@everyone",
    "  ",
    "\t",
)
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))

texts = st.lists(
    st.one_of(
        st.sampled_from(ESCAPES),
        st.sampled_from(CONTROLS),
        st.text(st.characters(codec=None), max_size=8),  # every code point, lone surrogates too
    ),
    max_size=8,
).map("".join)

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)

renderings = st.one_of(
    st.builds(Rendered, texts),
    st.builds(Refused, texts),
    st.builds(
        Failed,
        st.sampled_from(("syntax", "error", "timeout", "memory", "crash", "unsupported")),
        texts,
        st.one_of(st.none(), st.integers(1, 9)),
    ),
)


@st.composite
def findings(draw: st.DrawFn, template: Template) -> object:
    size = len(template.text)
    start = draw(st.integers(0, size))
    end = draw(st.integers(start, size))
    fix = None
    if draw(st.booleans()):
        middle = draw(st.integers(start, end))
        edits = (Edit(start, middle, draw(texts)), Edit(middle, end, draw(texts)))
        fix = Fix(draw(texts), draw(st.sampled_from(Safety)), edits)
    return samples.finding_at(
        template,
        "",
        message=draw(texts),
        tier=draw(st.sampled_from(Tier)),
        location=template.locate(Span(start, end)),
        targets=tuple(draw(st.lists(st.sampled_from(("minijinja", "hf-jinja")), unique=True))),
        fix=fix,
        suppressed=draw(st.booleans()),
    )


@st.composite
def mismatches(draw: st.DrawFn) -> Mismatch:
    reference, target = draw(renderings), draw(renderings)
    if reference == target:
        target = Rendered(getattr(target, "text", "") + "!")
    both = isinstance(reference, Rendered) and isinstance(target, Rendered)
    kind = "output" if both else draw(st.sampled_from(("target-error", "reference-error", "timeout", "crash")))
    return samples.mismatch(
        signature=draw(texts),
        kind=kind,
        origin=draw(st.sampled_from(("template", "stack"))),
        tier=draw(st.sampled_from(Tier)),
        cause=draw(st.one_of(st.none(), texts)),
        code=draw(st.sampled_from((None, "PTL305"))),
        line=draw(st.one_of(st.none(), st.integers(1, 4))),
        cases=draw(st.integers(1, 300)),
        conversation=Conversation(
            draw(
                st.lists(
                    st.dictionaries(st.one_of(st.sampled_from(("role", "content")), texts), values, max_size=3),
                    max_size=3,
                )
            ),
            tools=draw(st.one_of(st.none(), st.just([]))),
            variables=draw(st.dictionaries(texts, values, max_size=2)),
        ),
        reference=reference,
        target=target,
        reproduce=draw(texts),
        decides=draw(st.booleans()),
    )


@st.composite
def template_reports(draw: st.DrawFn) -> TemplateReport:
    path = draw(st.one_of(st.none(), texts, st.sampled_from(("a b.jinja", "tokenizer_config.json", "-"))))
    template = Template(draw(texts) + "\n" + draw(texts), name=draw(texts), path=path)
    comparison = None
    if draw(st.booleans()):
        missed = draw(
            st.lists(
                st.builds(MissedBranch, st.integers(1, 9), texts, st.sampled_from((None, True, False))), max_size=2
            )
        )
        comparison = Comparison(
            300,
            Coverage(9, 7, tuple(missed)),
            {"minijinja": TargetComparison(300, 0, tuple(draw(st.lists(mismatches(), max_size=2))))},
        )
    return TemplateReport(
        template,
        draw(
            st.dictionaries(
                st.sampled_from(("minijinja", "hf-jinja")),
                st.sampled_from(("portable", "differs", "fails", "unknown")),
            )
        ),
        tuple(draw(st.lists(findings(template), max_size=2))),  # type: ignore[arg-type]
        comparison,
        error=draw(st.one_of(st.none(), texts)),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report, with hostile text wherever text from outside can stand."""
    targets = (
        TargetStatus("minijinja", "minijinja", "3.0.5", "run"),
        TargetStatus("hf-jinja", "@huggingface/jinja", None, "skipped", draw(texts)),
    )
    return Report(
        draw(st.sampled_from(("check", "compare", "audit"))),
        draw(st.sampled_from(Tier)),
        draw(st.integers(0, 9)),
        targets,
        tuple(draw(st.lists(template_reports(), max_size=2))),
        tuple(draw(st.lists(texts, max_size=1))),
    )
