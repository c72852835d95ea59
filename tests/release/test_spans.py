"""The spans of generation blocks are those of which transformers makes its masks."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.model.conversation import DEFAULT_CLOCK, Conversation
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.release._inquiry import Engines
from portable_tpl.targets.steps.reference import reference_context
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import TemplateShape, shape_of

_NOW = DEFAULT_CLOCK
_CONVERSATION = Conversation(
    [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": "é 🙂 four"},
    ]
)
TEMPLATES = {
    "one block a turn": "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}\n{% endfor %}",
    "an empty block": "a{% generation %}{% endgeneration %}b",
    "nested": "{% for m in messages %}x{% generation %}<{% generation %}{{ m.content }}{% endgeneration %}>"
    "{% endgeneration %}{% endfor %}",
    "a loop inside": "{% generation %}{% for m in messages %}{{ m.content }}{% endfor %}{% endgeneration %}.",
    "in a macro": "{% macro turn(m) %}<{% generation %}{{ m.content }}{% endgeneration %}>{% endmacro %}"
    "head {% for m in messages %}{{ turn(m) }}{% endfor %}",
    "in a set block": "{% set all %}{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}"
    "{% endfor %}{% endset %}head {{ all }}",
    "stripped": "{%- for m in messages %}\n  {%- generation -%}\n {{ m.content }} {%- endgeneration -%}\n {% endfor %}",
    "none": "{{ messages[0].content }}",
}


class _Clock:
    """The clock that transformers asks, stopped."""

    @staticmethod
    def now() -> datetime:
        return datetime.fromisoformat(_NOW)


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same time for transformers as for the reference."""
    utils = pytest.importorskip("transformers.utils.chat_template_utils")
    monkeypatch.setattr(utils, "datetime", _Clock)


def made(seed: int, shape: TemplateShape) -> Conversation:
    """A conversation of the stopped clock; continuing is an argument of transformers' call, not a variable."""
    asked = conversation(SeededChoices(str(seed)), shape)
    variables = {name: value for name, value in asked.variables.items() if name != "continue_final_message"}
    return asked.with_changes(clock=_NOW, variables=variables)


def masked(text: str, conversation: Conversation) -> tuple[str, list[tuple[int, int]]]:
    """What the installed transformers renders, with the indices that its masks are made of."""
    utils = pytest.importorskip("transformers.utils.chat_template_utils")
    context = reference_context(conversation, {"bos_token": "<s>", "eos_token": "</s>"})
    messages = context.pop("messages")
    rendered, indices = utils.render_jinja_template(
        [messages], chat_template=text, return_assistant_tokens_mask=True, **context
    )
    return rendered[0], indices[0]


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=list(TEMPLATES))
def test_spans_are_those_of_transformers(engines: Engines, text: str) -> None:
    (answer,) = engines.reference.render_with_spans(Template(text), [_CONVERSATION])
    assert isinstance(answer, Rendered)
    assert (answer.text, list(answer.spans)) == masked(text, _CONVERSATION)
    assert [answer] == engines.reference.render_all(Template(text), [_CONVERSATION])


@pytest.mark.sweep
def test_spans_of_all_real_templates_are_those_of_transformers(engines: Engines) -> None:
    """Every real template with generation blocks, 50 conversations each."""
    folder = Path(os.environ["PORTABLE_TPL_CORPUS"]) / "templates"
    tagged = [path for path in sorted(folder.glob("*.jinja")) if "endgeneration" in path.read_text("utf-8")]
    assert tagged
    compared = 0
    for path in tagged:
        template = Template(path.read_text("utf-8"))
        shape = shape_of(parse(template).tree)
        conversations = [made(seed, shape) for seed in range(50)]
        answers = engines.reference.render_with_spans(template, conversations)
        for asked, answer in zip(conversations, answers, strict=True):
            if isinstance(answer, Rendered):
                compared += 1
                assert (answer.text, list(answer.spans)) == masked(template.text, asked), path.name
    assert compared >= 20 * len(tagged)
