"""Comments in a template that keep findings from counting.

``{#- portable-tpl: ignore[PTL101] reason -#}`` is for the findings on its line or, where it has the line to itself,
on the next one that holds anything else; a tag that spans lines counts as one line. ``ignore-file`` is for the whole
template. Codes may be prefixes (``PTL3``) and names of rules; without codes all are meant. What is suppressed stays
in the list, marked. A comment that suppresses nothing, on no target that is known, is a finding itself (PTL001), and
so is one that is not understood (PTL002).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from portable_tpl.checking.registry import rules
from portable_tpl.checking.selecting import codes_of, unknown_subject
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Edit, Finding, Fix, Safety, Severity
from portable_tpl.model.source import Span

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate
    from portable_tpl.template.syntax.tokens import Comment

UNUSED, INVALID = "PTL001", "PTL002"
_MARK = "portable-tpl:"
_FORM = re.compile(r"\s*portable-tpl:\s*(?P<what>[\w-]+)\s*(?P<codes>\[[^\]]*\])?(?P<reason>.*)", re.DOTALL)
_SPLIT = re.compile(r"[,\s]+")


@dataclass(frozen=True)
class _Ignore:
    """One comment: what it is for. ``codes`` of ``None`` are all, ``lines`` of ``None`` the whole template."""

    span: Span
    codes: frozenset[str] | None
    lines: frozenset[int] | None

    def covers(self, finding: Finding) -> bool:
        if self.codes is not None and finding.code not in self.codes:
            return False
        return self.lines is None or finding.location.line in self.lines


def suppress(
    parsed: ParsedTemplate,
    findings: list[Finding],
    everywhere: Callable[[], list[Finding]],
    unasked: Callable[[], frozenset[str]] = frozenset,
) -> list[Finding]:
    """The findings, those that comments suppress marked so, and findings about the comments themselves.

    ``everywhere`` gives what there is to find for all targets; it is asked only where a comment seems to be unused.
    ``unasked`` gives the codes that nobody looked for: a comment that names one is not said to be unused.
    """
    if _MARK not in parsed.text:
        return findings
    ignores, wrong = _read(parsed)
    if not ignores and not wrong:
        return findings
    marked = [
        replace(finding, suppressed=True) if any(ignore.covers(finding) for ignore in ignores) else finding
        for finding in findings
    ]
    idle = [ignore for ignore in ignores if not any(map(ignore.covers, findings))]
    if any(ignore.codes for ignore in idle):
        out = unasked()
        idle = [ignore for ignore in idle if not ignore.codes or not ignore.codes & out]
    others = everywhere() if idle else []
    unused = [ignore for ignore in idle if not any(map(ignore.covers, others))]
    return [*marked, *wrong, *(_unused(parsed, ignore) for ignore in unused)]


def _read(parsed: ParsedTemplate) -> tuple[list[_Ignore], list[Finding]]:
    ignores: list[_Ignore] = []
    wrong: list[Finding] = []
    for comment in parsed.comments:
        if comment.text.lstrip().startswith(_MARK):
            problem = _read_one(parsed, comment, ignores)
            if problem is not None:
                wrong.append(_finding(parsed, INVALID, comment.span, problem))
    return ignores, wrong


def _read_one(parsed: ParsedTemplate, comment: Comment, ignores: list[_Ignore]) -> str | None:
    """Add what the comment asks for; gives what is wrong with it."""
    match = _FORM.match(comment.text)
    what = match["what"] if match is not None else ""
    if match is None or what not in ("ignore", "ignore-file") or match["reason"].startswith("["):
        return "write ignore[PTL101] or ignore-file[PTL101], and a reason"
    subjects = [subject for subject in _SPLIT.split((match["codes"] or "")[1:-1]) if subject]
    if match["codes"] is not None and not subjects:
        return "no codes between the brackets; write ignore[PTL101], or ignore alone for all"
    unknown = [subject for subject in subjects if not codes_of(subject)]
    codes = frozenset().union(*map(codes_of, subjects)) if subjects else None
    if codes is None or codes:
        ignores.append(_Ignore(comment.span, codes, None if what == "ignore-file" else _lines(parsed, comment.span)))
    return unknown_subject(unknown[0]) if unknown else None


def _lines(parsed: ParsedTemplate, span: Span) -> frozenset[int]:
    """The lines that a comment is for: its own, or the next, with the lines of tags that begin or end there."""
    template = parsed.template
    first, last = template.position(span.start)[0], template.position(span.end)[0]
    before = parsed.text[template.line_span(first).start : span.start]
    after = parsed.text[span.end : template.line_span(last).end]
    lines = {first, last}
    if not before.strip() and not after.strip():
        following = _next_content(parsed, span.end)
        if following is None:
            return frozenset()
        lines = {template.position(following)[0]}
    for start, end in _tags(parsed):
        inside = range(template.position(start)[0], template.position(end)[0] + 1)
        if len(inside) > 1 and (inside[0] in lines or inside[-1] in lines):
            lines.update(inside)
    return frozenset(lines)


def _next_content(parsed: ParsedTemplate, position: int) -> int | None:
    """Where the next thing stands that is neither white space nor a comment."""
    for token in parsed.tokens:
        if token.span.start >= position and token.kind != "comment" and token.text.strip():
            return token.span.start + len(token.text) - len(token.text.lstrip())
    return None


def _tags(parsed: ParsedTemplate) -> list[Span]:
    tags = []
    start = 0
    for token in parsed.tokens:
        if token.kind in ("variable_begin", "block_begin"):
            start = token.span.start
        elif token.kind in ("variable_end", "block_end"):
            # Of the white space that the delimiter takes with it, nothing is part of the tag.
            tags.append(Span(start, token.span.start + len(token.text.rstrip())))
    return tags


def _unused(parsed: ParsedTemplate, ignore: _Ignore) -> Finding:
    return _finding(parsed, UNUSED, ignore.span, "no target has a finding there", _removal(parsed, ignore.span))


def _removal(parsed: ParsedTemplate, span: Span) -> Fix | None:
    """Without the comment, where that leaves the output alone: a comment with signs eats white space."""
    text = parsed.text[span.start : span.end]
    if text.startswith(("{#-", "{#+")) or text.endswith(("-#}", "+#}")):
        return None
    line = parsed.template.line_span(parsed.template.position(span.start)[0])
    if line != span or parsed.text[span.end : span.end + 1] != "\n":
        return None
    return Fix("Remove the comment", Safety.SAFE, (Edit(span.start, span.end + 1, ""),))


def _finding(parsed: ParsedTemplate, code: str, span: Span, words: str, fix: Fix | None = None) -> Finding:
    rule = rules()[code]
    return Finding(
        code=code,
        rule=rule.name,
        severity=Severity.WARNING,
        tier=Tier.ORDINARY,
        message=f"{rule.title}: {words}",
        feature="",
        targets=(),
        location=parsed.template.locate(span),
        fix=fix,
    )
