"""Put generation tags into a template where the assistant's branch is clear, and prove that no prompt changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from jinja2 import nodes

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Edit, Fix, Safety, apply_edits
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Span
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.template.syntax.parsing import ParsedTemplate

_BEGIN, _END = "{% generation %}", "{% endgeneration %}"
_TITLE = "Mark what the assistant writes with {% generation %}"

IsRight = Callable[[str, Sequence[tuple[int, int]]], bool]


def fix_with_tags(
    subject: Subject, inquiry: Inquiry, conversations: Sequence[Conversation], is_right: IsRight
) -> Fix | None:
    """Tags around what the assistant's branches print after the header.

    ``None`` where no branch is the assistant's alone, where some prompt would change, or where ``is_right`` says no
    of a prompt with its spans.
    """
    for edits in _drafts(subject.parsed):
        if _proved(apply_edits(subject.template.text, edits), inquiry, conversations, is_right):
            return Fix(_TITLE, Safety.UNSAFE, edits)
    return None


def _proved(text: str, inquiry: Inquiry, conversations: Sequence[Conversation], is_right: IsRight) -> bool:
    """Whether the changed template gives the same answers, and right spans wherever there is a prompt."""
    every = list({each.key: each for each in (*conversations, *(s.conversation for s in inquiry.sample))}.values())
    changed = inquiry.engines.reference.render_with_spans(replace(inquiry.template, text=text), every)
    if changed != inquiry.render_all(every):
        return False
    attempts = changed[: len(conversations)]
    prompts = [answer for answer in attempts if isinstance(answer, Rendered)]
    return bool(prompts) and all(is_right(answer.text, answer.spans) for answer in prompts)


def _drafts(parsed: ParsedTemplate) -> Iterator[tuple[Edit, ...]]:
    """Edits to try, those that leave the header outside first."""
    arms = [node for node in parsed.nodes if isinstance(node, nodes.If) and _is_assistant(node.test) and node.body]
    if not arms:
        return
    for after_header in (True, False):
        edits = [edit for arm in arms for edit in _edits(parsed, arm, after_header)]
        if edits:
            yield tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))


def _is_assistant(test: nodes.Node) -> bool:
    """Whether a condition holds for the assistant's turns alone."""
    if isinstance(test, nodes.And):
        return _is_assistant(test.left) or _is_assistant(test.right)
    if not isinstance(test, nodes.Compare) or len(test.ops) != 1 or test.ops[0].op != "eq":
        return False
    sides = (test.expr, test.ops[0].expr)
    return any(isinstance(side, nodes.Const) and side.value == "assistant" for side in sides)


def _edits(parsed: ParsedTemplate, arm: nodes.If, after_header: bool) -> list[Edit]:
    end = parsed.span(arm.body[-1]).end
    first = arm.body[0]
    if not after_header or not isinstance(first, nodes.Output):
        start = parsed.span(first).start
        return [Edit(start, start, _BEGIN), Edit(end, end, _END)]
    head = next((each for each in first.nodes if not _is_blank(each)), None)
    if head is None:
        return []
    if isinstance(head, (nodes.Const, nodes.TemplateData)):
        return _after_whole(parsed, first, head, end)
    literal, rest = _split(parsed, head)
    if literal is None or rest is None:
        return []
    return [Edit(literal.end, rest.start, f" }}}}{_BEGIN}{{{{ "), Edit(end, end, _END)]


def _after_whole(parsed: ParsedTemplate, output: nodes.Output, head: nodes.Node, end: int) -> list[Edit]:
    """The header is printed on its own."""
    start = parsed.span(head).end
    if isinstance(head, nodes.Const):
        closing = parsed.text.find("}}", start)
        if closing < 0 or closing > parsed.span(output).end:
            return []
        start = closing + 2
    return [Edit(start, start, _BEGIN), Edit(end, end, _END)] if start < end else []


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


def _split(parsed: ParsedTemplate, joined: nodes.Node) -> tuple[Span | None, Span | None]:
    """Of joined texts, the literal ones at the beginning and the rest."""
    operands = list(_operands(joined))
    count = next((at for at, each in enumerate(operands) if not isinstance(each, nodes.Const)), len(operands))
    if not 0 < count < len(operands):
        return None, None
    return parsed.span(operands[count - 1]), parsed.span(operands[count])


def _operands(joined: nodes.Node) -> Iterator[nodes.Node]:
    if isinstance(joined, nodes.Add):
        yield from _operands(joined.left)
        yield joined.right
    elif isinstance(joined, nodes.Concat):
        yield from joined.nodes
    else:
        yield joined
