"""What is said of a fault is about that fault: kinds that one check finds, told apart by their words."""

from __future__ import annotations

import pytest

from tests.release.conftest import Inspect

_TURN = "{{- '<|' + m.role + '|>' + (m.content or '') + '<|end|>' }}"
_LOOP = "{%- for m in messages %}" + _TURN + "{%- endfor %}"
_PROMPT = "{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
_CALLS = _LOOP.replace(
    "{%- endfor", "{% for c in m.tool_calls or [] %}{{ c.function.CALL | tojson }}{% endfor %}{%- endfor"
)
_TOOLS = "{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}"
_WORDS = {
    "order of turns": (
        "REL101",
        _LOOP.replace("in messages", "in messages | sort(attribute='role', reverse=true)") + _PROMPT,
        "another order",
    ),
    "end of a conversation": (
        "REL101",
        _CALLS.replace("CALL", "name").replace(" + '<|end|>'", "").replace("{%- endfor", "{{ '<|end|>' }}{%- endfor")
        + "{% if not add_generation_prompt %}{{ '</s>' }}{% endif %}",
        "ends the conversation, and no turn",
    ),
    "opener of a thought": (
        "REL102",
        _LOOP.replace("(m.content or '')", "('<c>one<t>' + m.reasoning_content + '<e>' if m.reasoning_content else '')"
                      " + ('<c>two<t>' if m.role == 'assistant' else '') + (m.content or '')")
        + _PROMPT.replace("<|assistant|>", "<|assistant|><c>one<t>"),
        "differ in the mark of reasoning",
    ),
    "name of a call": ("REL105", _TOOLS + _CALLS.replace("CALL", "arguments"), "The name of a tool call is lost"),
    "whole call": ("REL105", _TOOLS + _LOOP, "A tool call is lost"),
    "id of another call": (
        "REL105",
        _TOOLS + _CALLS.replace("c.function.CALL", "c").replace(
            "(m.content or '')",
            "((messages | selectattr('tool_calls', 'defined') | first).tool_calls[0].id if m.role == 'tool' else '')"
            " + (m.content if m.content is string else '')",
        ),
        "under the id of the other one's call",
    ),
    "any tool": ("REL113", "{%- for t in tools or [] %}{{ t.kind | tojson }}{% endfor %}" + _LOOP, "with any tool fails"),
    "one kind of tool": (
        "REL113",
        "{%- for t in tools or [] %}{{ t.function.parameters | tojson }}{% endfor %}" + _LOOP,
        "with a tool without parameters fails",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code, text, words", _WORDS.values(), ids=list(_WORDS))
def test_kind_is_named(inspect: Inspect, code: str, text: str, words: str) -> None:
    messages = [finding.message for finding in inspect(text, code).findings]
    assert [message for message in messages if words in message], messages
