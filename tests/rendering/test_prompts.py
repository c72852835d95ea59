"""Prompts are those of transformers' ``apply_chat_template``, compared with the real package."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pytest

import portable_tpl as pt
from portable_tpl.model.conversation import DEFAULT_CLOCK
from portable_tpl.model.errors import RenderError

REASON = "compares with the real transformers package"
transformers = pytest.importorskip("transformers", minversion="5.24", reason=REASON)
tokenizers = pytest.importorskip("tokenizers", reason=REASON)

ROOT = Path(__file__).parents[2] / "corpus"
TEMPLATES = {path.relative_to(ROOT / "templates").as_posix(): path for path in (ROOT / "templates").rglob("*.jinja")}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {
    "one turn": [{"role": "user", "content": " Hi <b> é \n"}],
    "system": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    "answer": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Well, "}],
    "calls": [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "type": "function",
                    "id": "abcdefghi",
                    "function": {"name": "weather", "arguments": {"city": "Zürich"}},
                }
            ],
        },
        {"role": "tool", "name": "weather", "tool_call_id": "abcdefghi", "content": "7 °C"},
    ],
}


def weather(
    city: str, days: int = 1, unit: Literal["C", "F"] = "C", where: list[dict[str, float]] | None = None
) -> str:
    """
    Tell the weather.

    Of any place.

    Args:
        city: The "city", <b>anywhere</b>
        days: How many days (choices: ["1", "7"])
        unit: C or F,
            the latter for Americans
        where: Coordinates

    Returns:
        str: The weather.
    """
    return city


def noop() -> None:
    """Do nothing."""


class Place:
    """Somewhere."""

    def find(self, name: str | int, exact: bool = True) -> dict[str, Any]:
        """Find a place.

        Args:
            name: What to look for.
            exact: Nothing else.
        """
        return {}


TOOLS: list[Callable[..., Any] | dict[str, Any]] = [
    weather,
    noop,
    {"type": "function", "function": {"name": "f", "description": "é <", "parameters": {"type": "object"}}},
]


@lru_cache(maxsize=1)
def tokenizer() -> Any:
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, **TOKENS)


class Clock:
    """The clock that a render sees, for transformers, too."""

    @staticmethod
    def now() -> datetime:
        return datetime.fromisoformat(DEFAULT_CLOCK)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.utils.chat_template_utils.datetime", Clock)


def theirs(text: str, messages: Any, **options: Any) -> str | None:
    """What transformers makes of it; ``None`` where it refuses or fails."""
    try:
        return str(tokenizer().apply_chat_template(messages, chat_template=text, tokenize=False, **options))
    except Exception:
        return None


def ours(text: str, messages: Any, **options: Any) -> str | None:
    try:
        return pt.render(text, messages, special_tokens=TOKENS, clock=DEFAULT_CLOCK, **options)
    except RenderError:
        return None


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_prompts_equal_those_of_transformers(name: str) -> None:
    text = TEMPLATES[name].read_bytes().decode()
    rendered = 0
    for messages in CONVERSATIONS.values():
        for options in (
            {},
            {"add_generation_prompt": True},
            {"tools": TOOLS},
            {"documents": [{"title": "t", "text": "u"}], "add_generation_prompt": True},
            {"continue_final_message": True},
            {"enable_thinking": False, "builtin_tools": ["x"]},
        ):
            expected = theirs(text, messages, **options)
            assert ours(text, messages, **options) == expected, (messages, options)
            rendered += expected is not None
    assert rendered


@pytest.mark.parametrize("tool", [weather, noop, Place().find], ids=["weather", "noop", "method"])
def test_functions_become_the_schemas_of_transformers(tool: Callable[..., Any]) -> None:
    text = "{{ tools | tojson }}"
    shown = pt.render(text, CONVERSATIONS["one turn"], tools=[tool])
    assert shown == theirs(text, CONVERSATIONS["one turn"], tools=[tool])
    assert json.loads(shown) == [transformers.utils.get_json_schema(tool)]


CONTINUED = {
    "plain": ("{% for m in messages %}[{{ m.content }}]{% endfor %}", "a b "),
    "trimmed": ("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}", " a b \n"),
    "twice": ("{% for m in messages %}{{ m.content }}={{ m.content }}{% endfor %}", "a"),
    "upper": ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "a"),
    "length": ("{% for m in messages %}{{ m.content }}{{ m.content | length }}{% endfor %}", "a"),
    "not printed": ("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}", "a"),
    "not mentioned": ("{% for m in messages %}{{ m.role }}{% endfor %}", "a"),
    "empty": ("{% for m in messages %}[{{ m.content }}]{% endfor %}", ""),
    "spaces": ("{% for m in messages %}[{{ m.content }}]{% endfor %}", "  "),
}


@pytest.mark.parametrize("case", CONTINUED)
def test_a_final_message_is_continued_as_in_transformers(case: str) -> None:
    text, last = CONTINUED[case]
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": last}]
    assert ours(text, messages, continue_final_message=True) == theirs(text, messages, continue_final_message=True)


def test_parts_and_reasoning_are_continued_as_in_transformers() -> None:
    text = (
        "{% for m in messages %}{{ m.reasoning_content }}|{% if m.content is string %}{{ m.content }}{% else %}"
        "{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}!{% endfor %}"
    )
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two "}]
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": parts, "reasoning_content": "Hm"}]
    for how in (True, "reasoning_content", "content"):
        expected = theirs(text, messages, continue_final_message=how)
        assert expected is not None
        assert ours(text, messages, continue_final_message=how) == expected


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "user"}],
        [{"role": "user", "content": None, "name": None}],
        [{"role": "assistant", "content": "a", "reasoning": "r"}],
        [{"role": "assistant", "content": "a", "thinking": "r"}],
        [{"role": "user", "content": 10**30}],
        [{"role": "user", "content": [1.5, True, None, "é"]}],
    ],
)
def test_messages_reach_the_template_as_in_transformers(messages: list[dict[str, Any]]) -> None:
    text = "{{ messages }}{{ messages | tojson }}{{ tools }}{{ documents }}{{ add_generation_prompt }}"
    assert ours(text, messages) == theirs(text, messages)


def test_variables_win_over_special_tokens() -> None:
    text = "{{ bos_token }}{{ eos_token }}{{ x }}"
    messages = CONVERSATIONS["one turn"]
    options = {"bos_token": "mine", "x": {"a": [1]}}
    assert ours(text, messages, **options) == theirs(text, messages, **options) == "mine</s>{'a': [1]}"


class Role(str, Enum):
    USER = "user"


class Opaque:
    """What no template can read."""


@dataclass
class Part:
    kind: str
    text: str


@pytest.mark.parametrize(
    "content",
    [
        Opaque(),
        {1, 2},
        Role.USER,
        Part("text", "a"),
        [Part("a", "b"), {"c": Opaque()}],
        b"bytes",
    ],
)
def test_objects_of_the_caller_are_shown_as_in_transformers(content: object) -> None:
    messages = [{"role": Role.USER, "content": content}]
    text = "{{ messages }}{{ x }}"
    assert ours(text, messages, x=content) == theirs(text, messages, x=content)


@dataclass
class Call:
    name: str
    arguments: dict[str, Any] | None


@dataclass
class Message:
    role: str
    content: str | None
    tool_calls: list[Call] | None = None


class Chat:
    """What chat clients keep messages in."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages)


class Reply:
    """A message as SDKs that stand on pydantic give it."""

    def model_dump(self) -> dict[str, Any]:
        return {"role": "assistant", "content": None, "tool_calls": [Call("f", None)], "refusal": None}


@pytest.mark.parametrize("messages", [
    [Message("user", "Hi")], [Message("user", None), {"role": "tool", "content": None}],
    [Message("assistant", None, [Call("f", {"a": Role.USER}), Call("g", None)])], [Message("user", "Hi"), Reply()],
    Chat({"role": "user", "content": "Hi"}), Chat(Message("user", "Hi"), Reply()), (Message("user", "Hi"),),
])  # fmt: skip
def test_message_objects_are_those_of_transformers(messages: Any) -> None:
    text = "{{ messages }}{{ messages[0].content is defined }}"
    assert ours(text, messages) == theirs(text, messages) is not None


@pytest.mark.parametrize("messages", [["Hi"], [3], [["user", "Hi"]]])
def test_what_is_no_message_is_refused_as_in_transformers(messages: Any) -> None:
    assert ours("x", messages) is theirs("x", messages) is None
