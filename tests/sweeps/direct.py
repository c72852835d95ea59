"""Classes of mismatches that no comparison with transformers can hold.

Before any template runs, transformers refuses to render no messages, and drops the keys of messages that are null. The
measurement gave templates such messages all the same, as other deployments do: so is it done here, on jinja2 and on
the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.steps.prepared import prepare

_USER: dict[str, Any] = {"role": "user", "content": "Hi"}
_CALL = {"type": "function", "id": "a1b2c3d4e", "function": {"name": "f", "arguments": {"x": 1}}}
_ANSWER = {"role": "tool", "name": "f", "tool_call_id": "a1b2c3d4e"}


def _told(messages: list[dict[str, Any]]) -> Conversation:
    """A conversation whose messages reach the template as they are: variables win over what transformers makes."""
    return prepare(Conversation([_USER], variables={"messages": messages}))


_NULLS = tuple(
    map(
        _told,
        (
            [{"role": "user", "content": None}],
            [{"role": "system", "content": None}, _USER],
            [_USER, {"role": "assistant", "content": None}, _USER],
            [_USER, {"role": "assistant", "content": None, "tool_calls": [_CALL]}, {**_ANSWER, "content": "4"}],
            [_USER, {"role": "assistant", "content": "", "tool_calls": [_CALL]}, {**_ANSWER, "content": None}],
            [_USER, {"role": "assistant", "content": "a", "tool_calls": None}, _USER],
        ),
    )
)


@dataclass(frozen=True, eq=False)  # compared by identity: conversations hold lists
class Direct:
    """Conversations, and whether the reference's and an engine's renderings of one are of a class."""

    conversations: tuple[Conversation, ...]
    is_one: Callable[[Rendering, Rendering], bool]


def _only_the_reference_fails(expected: Rendering, answer: Rendering) -> bool:
    return isinstance(expected, Failed) and isinstance(answer, Rendered)


def _iterates_none(expected: Rendering, answer: Rendering) -> bool:
    return _only_the_reference_fails(expected, answer) and "'NoneType' object is not iterable" in str(expected)


def _leaves_none_out(expected: Rendering, answer: Rendering) -> bool:
    if not isinstance(expected, Rendered) or not isinstance(answer, Rendered) or expected == answer:
        return False
    return expected.text.replace("None", "") == answer.text


WITHOUT_MESSAGES = Direct((prepare(Conversation([], add_generation_prompt=True)),), _only_the_reference_fails)
NULL_ITERATED = Direct(_NULLS, _iterates_none)
NULL_PRINTED = Direct(_NULLS, _leaves_none_out)


def find_directly(direct: Direct, templates: Sequence[Template], targets: Sequence[str]) -> dict[str, set[str]]:
    """The templates of a class, by their hashes, for each target."""
    with closing(Tracer()) as tracer:
        expected = [
            [trace.rendering for trace in tracer.trace(template, direct.conversations, "text")]
            for template in templates
        ]
    found: dict[str, set[str]] = {}
    for target in targets:
        with open_runtime(target) as runtime:
            found[target] = {
                template.sha256
                for template, known in zip(templates, expected, strict=True)
                if any(map(direct.is_one, known, runtime.render_all(template, direct.conversations)))
            }
    return found
