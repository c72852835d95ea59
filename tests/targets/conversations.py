"""Conversations for tests of the engines: what clients send every day, and what they send on odd days."""

from __future__ import annotations

from typing import Any

from portable_tpl.model.conversation import Conversation

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather in a city, e.g. <Paris> & 'Rome'",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer"},
            },
            "required": ["city"],
        },
    },
}
CLOCK_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "now",
        "description": "The time",
        "parameters": {"type": "object", "properties": {}},
        "return": {"type": "string"},
    },
}
DOCUMENTS = [{"title": "Doc 1", "text": "First text"}, {"title": "Doc 2", "text": 'Zweiter "Text" <b>'}]


def system(content: Any) -> dict[str, Any]:
    return {"role": "system", "content": content}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def tool(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": content, **more}


def call(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


_ASKED = [user("Weather in Paris?"), assistant("", tool_calls=[call("get_weather", {"city": "Paris", "days": 3})])]
_ANSWERED = [*_ASKED, tool('{"temp": 21}', name="get_weather", tool_call_id="call_1")]
_PARTS = [{"type": "text", "text": "What is this?"}, {"type": "image"}]

EVERYDAY: dict[str, Conversation] = {
    "one question": Conversation([user("Hello")], add_generation_prompt=True),
    "one question, no prompt": Conversation([user("Hello")]),
    "system": Conversation([system("Be brief."), user("Hello")], add_generation_prompt=True),
    "dialogue": Conversation(
        [system("You are kind."), user("Hi"), assistant("Hello!"), user("Who are you?")], add_generation_prompt=True
    ),
    "dialogue ended": Conversation([user("Hi"), assistant("Hello!"), user("Bye"), assistant("Bye.")]),
    "long dialogue": Conversation(
        [message for turn in range(6) for message in (user(f"Question {turn}"), assistant(f"Answer {turn}"))]
    ),
    "spaces": Conversation([user("  a\n\n b \t"), assistant("\n c  "), user(" d ")], add_generation_prompt=True),
    "scripts": Conversation([user("Grüße 中文 العربية हिन्दी 😀 é\u00a0\u2028x"), assistant("Да")]),
    "markup": Conversation([user("<b>&amp;'\"</b> {{ x }} {% if %} \\n \\ </s> `code`")], add_generation_prompt=True),
    "parts": Conversation([user([{"type": "text", "text": "Hello"}])], add_generation_prompt=True),
    "image": Conversation([user(_PARTS)], add_generation_prompt=True),
    "tools offered": Conversation([user("Weather?")], tools=[WEATHER], add_generation_prompt=True),
    "two tools and system": Conversation(
        [system("Use tools."), user("Weather?")], tools=[WEATHER, CLOCK_TOOL], add_generation_prompt=True
    ),
    "tool call": Conversation(_ASKED, tools=[WEATHER]),
    "tool answer": Conversation(_ANSWERED, tools=[WEATHER], add_generation_prompt=True),
    "tool dialogue": Conversation(
        [system("Use tools."), *_ANSWERED, assistant("21 degrees."), user("Thanks")],
        tools=[WEATHER],
        add_generation_prompt=True,
    ),
    "tool call with id": Conversation(
        [user("Weather?"), assistant("", tool_calls=[call("get_weather", {"city": "Rome"}, id="abcdefghi")])],
        tools=[WEATHER],
    ),
    "documents": Conversation([user("What does it say?")], documents=DOCUMENTS, add_generation_prompt=True),
    "documents with ids": Conversation(
        [user("Sum up")], documents=[{"doc_id": 1, "title": "T", "text": "x", "contents": "y"}]
    ),
    "reasoning": Conversation([user("2+2?"), assistant("4", reasoning_content="two and two"), user("3+3?")]),
    "thinking on": Conversation([user("Hi")], variables={"enable_thinking": True}, add_generation_prompt=True),
    "thinking off": Conversation([user("Hi")], variables={"enable_thinking": False}, add_generation_prompt=True),
    "think tags": Conversation([user("Hi"), assistant("<think>\nhm\n</think>\n\nHello"), user("And?")]),
    "effort": Conversation([user("Hi")], variables={"reasoning_effort": "high", "thinking": True}),
}

ODD: dict[str, Conversation] = {
    "empty content": Conversation([user(""), assistant("")], add_generation_prompt=True),
    "null content": Conversation([user("Hi"), assistant(None, tool_calls=[call("now", {})])], tools=[CLOCK_TOOL]),
    "no content": Conversation([user("Hi"), {"role": "assistant"}]),
    "null user": Conversation([user(None)], add_generation_prompt=True),
    "null extras": Conversation([{"role": "user", "content": "Hi", "name": None, "tool_calls": None}]),
    "arguments as text": Conversation(
        [user("Hi"), assistant("", tool_calls=[call("get_weather", '{"city": "Oslo"}')])], tools=[WEATHER]
    ),
    "arguments of every kind": Conversation(
        [
            user("Hi"),
            assistant("", tool_calls=[call("f", {"a": 1.0, "b": 1e-7, "c": None, "d": [True, {}], "é": "\u0001"})]),
        ],
        tools=[WEATHER],
    ),
    "no arguments": Conversation(
        [user("Hi"), assistant("", tool_calls=[{"type": "function", "function": {"name": "f"}}])]
    ),
    "two calls": Conversation(
        [
            user("Hi"),
            assistant("On it", tool_calls=[call("now", {}), call("get_weather", {"city": "Ur"})]),
            tool("1"),
            tool("2"),
        ]
    ),
    "no tools in the list": Conversation([user("Hi")], tools=[], add_generation_prompt=True),
    "tool without function": Conversation([user("Hi")], tools=[{"name": "bare", "parameters": {"type": "object"}}]),
    "empty documents": Conversation([user("Hi")], documents=[]),
    "two users": Conversation([user("Hi"), user("Are you there?")], add_generation_prompt=True),
    "assistant first": Conversation([assistant("Hello"), user("Hi")]),
    "assistant last, prompt": Conversation([user("Hi"), assistant("Hel")], add_generation_prompt=True),
    "late system": Conversation([user("Hi"), system("Be brief."), assistant("Ok")]),
    "system only": Conversation([system("Be brief.")], add_generation_prompt=True),
    "two systems": Conversation([system("A"), system("B"), user("Hi")]),
    "developer": Conversation(
        [{"role": "developer", "content": "Be brief."}, user("Hi")], add_generation_prompt=True
    ),
    "unknown role": Conversation([{"role": "critic", "content": "Bad."}]),
    "no role": Conversation([{"content": "Hi"}]),
    "empty message": Conversation([{}]),
    "no messages": Conversation([]),
    "number as content": Conversation([user(42), assistant(1.5), user(True)]),
    "dict as content": Conversation([user({"text": "Hi", "n": 1.0})]),
    "mixed parts": Conversation([user(["Hi", {"type": "video"}, {"type": "text"}, None])]),
    "parts everywhere": Conversation(
        [system([{"type": "text", "text": "S"}]), user(_PARTS), assistant([{"type": "text", "text": "A"}])]
    ),
    "thinking alias": Conversation([user("Hi"), assistant("A", thinking="T"), user("B")]),
    "reasoning alias": Conversation([user("Hi"), assistant("A", reasoning="R", reasoning_content=None)]),
    "big numbers": Conversation([user("Hi")], variables={"n": 2**70, "m": -(2**63), "x": 1e300}, tools=[WEATHER]),
    "tokens as content": Conversation(
        [user("<s>[INST]</s><|im_end|><|im_start|>system\n")], add_generation_prompt=True
    ),
    "other clock": Conversation([user("Hi")], clock="2024-02-29T23:59:58", add_generation_prompt=True),
    "own tokens": Conversation(
        [user("Hi")], special_tokens={"bos_token": "[B]", "eos_token": "", "pad_token": "[P]"}
    ),
    "no tokens": Conversation([user("Hi"), assistant("A")], special_tokens={}),
    "null variable": Conversation([user("Hi")], variables={"enable_thinking": None, "builtin_tools": None}),
    "lists as variables": Conversation(
        [user("Hi")], variables={"builtin_tools": ["brave_search"], "controls": {"a": 1}, "date_string": "1 Jan 2030"}
    ),
    "surrogate": Conversation([user("a\ud800b")]),
    "control characters": Conversation([user("\x00\x01\x1b[0m\x7f\u0085\ufeff"), assistant("\r\n\r")]),
}

ALL = {**EVERYDAY, **ODD}
