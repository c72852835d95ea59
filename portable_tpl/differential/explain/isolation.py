"""Single constructs of a template, rendered by themselves on the values that they had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from jinja2 import nodes

from portable_tpl.differential.explain.substitution import Rewriter
from portable_tpl.differential.grouping.divergence import bare_message
from portable_tpl.differential.run.render_cache import Memory
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.support.feature_names import sets_attribute

# A construct that stands alone: where it is only computed, printed, decided on, or looped over.
_SET, _PRINT = "{{% set ptl_value = {} %}}", "{{{{ {} }}}}"
_DECIDE = "{{{{ 'yes' if {} else 'no' }}}}"
_LOOP = "{{% for {} in {} %}}{{% endfor %}}"
_SET_ITEM = "{% set ptl_value = {} %}{% set ptl_value.ptl_item = 1 %}"  # of what is no namespace
_MOST_VALUES = 8  # values of one construct that are tried by themselves; a loop may give it hundreds
_NEVER_WRONG = (nodes.Const, nodes.Name, nodes.TemplateData)


class Alone:
    """Asks a target and the reference for single constructs of one template.

    The target's ``engine`` is asked in its place where there is one: a server also tries every template at its start.
    Each mismatch of a template brings up much the same constructs again, so that the answers are kept.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._parsed = subject.parsed
        self._answers = Memory()

    def _given(self, alone: Template, variables: dict[str, object]) -> Rendering:
        """What the target makes of one construct."""
        return self._all_given(alone, [_asked(variables)])[0]

    def _all_given(self, alone: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        runtime = self._subject.engine or self._subject.target
        return self._answers.render_all(runtime.render_all, alone, conversations)

    def only_reference_fails(self, failure: Failed, rewriter: Rewriter) -> nodes.Node | None:
        """The construct that gives the very error of the reference there, and none on the target."""
        for node in self._around_line(failure.line):
            for text, variables in _standing_alone(node, rewriter):
                alone = Template(text)
                expected = self._reference(alone, variables)
                if not isinstance(expected, Failed) or words(expected.message) != words(failure.message):
                    continue
                if isinstance(self._given(alone, variables), Rendered):
                    return node
        return None

    def fails(self, node: nodes.Node, failure: Rendering, rewriter: Rewriter) -> bool:
        """Whether a construct gives the very error of the target, on any of its values; and none on the reference.

        The rewriter then looks at these values.
        """
        trials: list[tuple[str, dict[str, object]]] = []
        for number in range(min(_MOST_VALUES, rewriter.most_values(node))):
            alone = rewriter.alone(node, number)
            if alone is None or alone in trials:
                continue
            trials.append(alone)
            forms = (_SET, _PRINT, _DECIDE)
            if any(self._fails_so(Template(form.format(alone[0])), alone[1], failure) for form in forms):
                return True
        return False

    def failing_loops(self, failure: Failed, rewriter: Rewriter) -> Iterator[nodes.For]:
        """The loops that give the very error of the target when they run over what they ran over."""
        for loop in self._parsed.nodes:
            if not isinstance(loop, nodes.For) or not rewriter.evaluated(loop.iter):
                continue
            alone = rewriter.alone(loop.iter)
            if alone is None:
                continue
            text = _LOOP.format(self._parsed.source(loop.target), alone[0])
            if self._fails_so(Template(text), alone[1], failure):
                yield loop

    def differs(self, node: nodes.Node, rewriter: Rewriter) -> bool:
        """Whether the target gives another value than the reference, on any of the values that the inputs had.

        The rewriter then looks at these values.
        """
        if isinstance(node, _NEVER_WRONG):
            return False
        records = [each.get("value") for each in rewriter.told(node)]
        form = _PRINT if records and all(isinstance(value, str) for value in records) else _DECIDE
        by_text: dict[str, dict[int, Conversation]] = {}
        for number in range(min(_MOST_VALUES, rewriter.most_values(node))):
            alone = rewriter.alone(node, number)
            if alone is not None:
                by_text.setdefault(form.format(alone[0]), {})[number] = _asked(alone[1])
        for text, by_number in by_text.items():
            conversations = list(by_number.values())
            answers = self._all_given(Template(text), conversations)
            traces = self._subject.tracer.trace(Template(text), conversations, "text")
            for number, answer, trace in zip(by_number, answers, traces, strict=True):
                if _differ(answer, trace.rendering):
                    rewriter.look_at(number)
                    return True
        return False

    def prints_otherwise(self, value: object) -> bool:
        """Whether the target prints a value that it is given otherwise than the reference."""
        alone, variables = Template(_PRINT.format("ptl_value")), {"ptl_value": value}
        return _differ(self._given(alone, variables), self._reference(alone, variables))

    def lost_on_leaving(self, place: nodes.Node) -> tuple[str, nodes.Node] | None:
        """The ``continue`` or ``break`` behind a printed text, if the target loses what is printed before one."""
        child, parent = place, self._parsed.parent(place)
        while parent is not None:
            for statement in _behind(child, parent):
                if isinstance(statement, (nodes.Continue, nodes.Break)):
                    return self._if_it_loses(statement, not isinstance(parent, nodes.For))
            if isinstance(parent, nodes.For):
                return None
            child, parent = parent, self._parsed.parent(parent)
        return None

    def _if_it_loses(self, statement: nodes.Node, in_block: bool) -> tuple[str, nodes.Node] | None:
        word = type(statement).__name__.lower()
        inner = f"a{{% {word} %}}"
        inner = f"{{% if true %}}{inner}{{% endif %}}" if in_block else inner
        alone = Template(f"{{% for ptl_item in [0] %}}{inner}{{% endfor %}}")
        answer = self._given(alone, {})
        if not isinstance(answer, Rendered) or answer == self._reference(alone, {}):
            return None
        return f"statement.{word}.after-output{'-in-block' if in_block else ''}", statement

    def refused(self, node: nodes.Node) -> bool:
        """Whether the target does not even load a construct that the reference loads."""
        source = self._parsed.source(node)
        text = f"{{{{ {source} }}}}" if isinstance(node, nodes.Expr) else source
        alone = Template(text)
        answer = self._subject.target.render(alone, _asked({}))
        if not (isinstance(answer, Failed) and answer.kind == "syntax"):
            return False
        expected = self._reference(alone, {})
        return not (isinstance(expected, Failed) and expected.kind == "syntax")

    def _fails_so(self, alone: Template, variables: dict[str, object], failure: Rendering) -> bool:
        answer = self._given(alone, variables)
        if not isinstance(answer, Failed) or not isinstance(failure, Failed):
            return False
        if words(answer.message) != words(failure.message):
            return False
        return isinstance(self._reference(alone, variables), Rendered)

    def _reference(self, template: Template, variables: dict[str, object]) -> Rendering:
        return self._subject.expected(_asked(variables), template)

    def _around_line(self, line: int | None) -> list[nodes.Node]:
        """Expressions that reach over a line, loops that start on it, the next ``set x.y``; the shortest first.

        jinja2 gives an error of such a ``set`` the line of what was computed last before it.
        """
        starting = [
            node for node in self._parsed.nodes if node.lineno == line and isinstance(node, (nodes.Expr, nodes.For))
        ]
        setting = (node for node in self._parsed.nodes if sets_attribute(node) and node.lineno >= (line or 0))
        reaching = [
            node
            for node in self._parsed.nodes
            if isinstance(node, nodes.Expr) and node.lineno != line and self._reaches(node, line or 0)
        ]
        return sorted([*starting, *reaching, *islice(setting, 1)], key=lambda node: len(self._parsed.source(node)))

    def _reaches(self, node: nodes.Node, line: int) -> bool:
        span = self._parsed.span(node)  # jinja2 gives an operation the line of its operator
        return self._subject.template.position(span.start)[0] <= line <= self._subject.template.position(span.end)[0]


def _standing_alone(node: nodes.Node, rewriter: Rewriter) -> Iterator[tuple[str, dict[str, object]]]:
    """A construct by itself, as it may fail, with each of the values that it had; the rewriter looks at these."""
    if isinstance(node, nodes.Assign):
        yield _SET_ITEM, {}
        return
    computed = node.iter if isinstance(node, nodes.For) else node
    for number in range(min(_MOST_VALUES, rewriter.most_values(computed))):
        made = rewriter.alone(computed, number)
        if made is None:
            continue
        if isinstance(node, nodes.For):
            yield _LOOP.format("ptl_item", made[0]), made[1]
        else:
            # What is lazy gives its error only where it is printed.
            yield from ((form.format(made[0]), made[1]) for form in (_SET, _PRINT))


def _differ(one: Rendering, other: Rendering) -> bool:
    return one != other and isinstance(one, Rendered) and isinstance(other, Rendered)


def _behind(child: nodes.Node, parent: nodes.Node) -> list[nodes.Node]:
    """The statements after one in the body that it is in."""
    for body in (getattr(parent, "body", ()), getattr(parent, "else_", ())):
        for number, statement in enumerate(body):
            if statement is child:
                return list(body[number + 1 :])
    return []


def _asked(variables: dict[str, object]) -> Conversation:
    return Conversation([{"role": "user", "content": "Hi"}], variables=dict(variables))


def words(message: str) -> str:
    """A message without the data in it."""
    return bare_message(message, message)
