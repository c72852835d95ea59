"""``portable-tpl render``: the prompt's bytes, the arguments of a call, data sets, and several targets."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.conftest import MESSAGES, Cli

ARGUMENTS = (
    "{{ bos_token }}{{ messages[0].content }}|{{ tools[0].function.name if tools else tools }}"
    "|{{ documents[0].title if documents else documents }}|{{ x }}|{{ add_generation_prompt }}"
)
CHATML = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
TOOLS = [{"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}]
REFUSING = "{% if messages[0].content == 'c' %}{{ raise_exception('no\n c') }}{% endif %}{{ messages[0].content }}"


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "a.jinja").write_text(ARGUMENTS)
    (folder / "chatml.jinja").write_text(CHATML)
    (folder / "refusing.jinja").write_text(REFUSING)
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    (folder / "documents.json").write_text('[{"title": "t", "text": "u"}]')
    lines = [json.dumps({"messages": [{"role": "user", "content": word}]}) for word in "abc"]
    (folder / "chats.jsonl").write_text("\n\n".join(lines) + "\n")


def test_the_prompt_and_nothing_else(cli: Cli) -> None:
    result = cli("render", "chatml.jinja", "--messages", "messages.json")
    assert (result.status, result.stdout, result.stderr) == (0, "<user>Hi é</>\n".encode(), "")
    opened = cli("render", "chatml.jinja", "--messages", "messages.json", "--add-generation-prompt")
    assert opened.stdout == "<user>Hi é</>\n<assistant>".encode()


def test_arguments_come_from_files_and_flags(cli: Cli) -> None:
    bare = cli("render", "a.jinja", "--messages", "messages.json")
    assert bare.out == "<s> Hi é |None|None||False"
    full = cli(
        *("render", "a.jinja", "--messages", "messages.json", "--tools", "tools.json"),
        *("--documents", "documents.json", "--var", 'x={"a": [1]}', "--add-generation-prompt"),
    )
    assert full.out == "<s> Hi é |f|t|{'a': [1]}|True"


def test_a_conversation_as_json_and_from_a_file(cli: Cli, folder: Path) -> None:
    conversation = {
        "messages": MESSAGES,
        "tools": TOOLS,
        "add_generation_prompt": True,
        "variables": {"x": 1},
        "special_tokens": {"bos_token": "<b>"},
    }
    text = json.dumps(conversation)
    (folder / "c.json").write_text(text)
    expected = "<b> Hi é |f|None|1|True"
    assert cli("render", "a.jinja", "--conversation", text).out == expected
    assert cli("render", "a.jinja", "--conversation", "@c.json").out == expected
    assert cli("render", "a.jinja", "--messages", "c.json").out == expected
    assert cli("render", "a.jinja", "--messages", "-", stdin=text.encode()).out == expected
    assert cli("render", "a.jinja", "--messages", "c.json", "--var", "x=2").out == expected.replace("|1|", "|2|")
    assert cli("render", "-", "--messages", "c.json", stdin=ARGUMENTS.encode()).out == expected
    twice = cli("render", "-", "--messages", "-", stdin=ARGUMENTS.encode())
    assert (twice.status, len(twice.lines)) == (2, 1)


def test_the_clock_is_now_or_as_given(cli: Cli, folder: Path) -> None:
    (folder / "clock.jinja").write_text("{{ strftime_now('%d %b %Y %H') }}")
    run = ("render", "clock.jinja", "--messages", "messages.json")
    before, shown, after = (datetime.now(), cli(*run).out, datetime.now())
    assert shown in {moment.strftime("%d %b %Y %H") for moment in (before, after)}
    assert cli(*run, "--clock", "1999-12-31T23:00:00").out == "31 Dec 1999 23"
    assert cli(*run, "--clock", "yesterday").status == 2
    # As reports name it, a conversation is one of a comparison, whose clock stands.
    assert cli("render", "clock.jinja", "--conversation", json.dumps(MESSAGES)).out == "01 Jan 2026 12"


def test_the_final_message_is_left_open(cli: Cli) -> None:
    run = ("render", "chatml.jinja", "--messages", "messages.json", "--continue-final-message")
    assert cli(*run).out == "<user>Hi é"
    both = cli(*run, "--add-generation-prompt")
    assert (both.status, both.stdout, len(both.lines)) == (2, b"", 1)


def test_a_refusal_is_status_1_and_its_reason_one_line(cli: Cli) -> None:
    result = cli("render", "refusing.jinja", "--conversation", '[{"role": "user", "content": "c"}]')
    assert (result.status, result.stdout) == (1, b"")
    assert result.lines == ["portable-tpl: refusing.jinja: transformers refused: no c"]


def test_another_target(cli: Cli) -> None:
    run = ("render", "strip.jinja", "--messages", "messages.json", "--target")
    assert cli(*run, "minijinja").stdout == "user: Hi é\n".encode()
    strict = cli(*run, "minijinja-strict")
    assert (strict.status, strict.stdout, len(strict.lines)) == (1, b"", 1)
    assert "strip.jinja: minijinja-strict failed at line 1" in strict.stderr
    unknown = cli(*run, "no-such-engine")
    assert (unknown.status, len(unknown.lines)) == (2, 1)


def test_targets_side_by_side(cli: Cli) -> None:
    run = ("render", "strip.jinja", "--messages", "messages.json")
    same = cli(*run, "--target", "transformers", "--target", "minijinja")
    assert (same.status, same.out) == (0, "=== transformers, minijinja\nuser: Hi é\n")
    every = cli(*run, "--target", "all")
    assert every.status == 1
    assert every.out.startswith("=== transformers, ")
    assert "minijinja-strict" in every.out
    assert "(failed at line 1" in every.out
    data = cli(*run, "--target", "minijinja,minijinja-strict", "--format", "json").json
    assert data["minijinja"] == {"prompt": "user: Hi é\n"}
    assert data["minijinja-strict"]["kind"] == "error"


def test_output_to_a_file(cli: Cli, folder: Path) -> None:
    result = cli("render", "chatml.jinja", "--messages", "messages.json", "--output", "prompt.txt")
    assert (result.status, result.stdout, result.stderr) == (0, b"", "")
    assert (folder / "prompt.txt").read_bytes() == "<user>Hi é</>\n".encode()


def test_a_data_set(cli: Cli, folder: Path) -> None:
    result = cli("render", "chatml.jinja", "--input", "chats.jsonl", "--output", "prompts.jsonl")
    assert (result.status, result.stdout, result.stderr) == (0, b"", "")
    lines = (folder / "prompts.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"prompt": f"<user>{word}</>\n"} for word in "abc"]
    piped = cli("render", "chatml.jinja", "--input", "-", stdin=(folder / "chats.jsonl").read_bytes())
    assert piped.out.splitlines() == lines
    other = cli("render", "chatml.jinja", "--input", "chats.jsonl", "--target", "minijinja")
    assert other.out.splitlines() == lines


def test_a_data_set_with_a_refusal_keeps_the_rest(cli: Cli, folder: Path) -> None:
    result = cli("render", "refusing.jinja", "--input", "chats.jsonl", "--output", "prompts.jsonl")
    assert (result.status, result.stdout) == (1, b"")
    assert result.lines == [
        "portable-tpl: 1 of 3 conversations gave no prompt; the first is line 5: refused: no c",
    ]
    lines = [json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()]
    assert lines == [{"prompt": "a"}, {"prompt": "b"}, {"error": "no\n c", "refused": True}]


def test_a_data_set_survives_any_text(cli: Cli, folder: Path) -> None:
    words = ["\ud800", "\x9b", "\u2028", "\x00", 'a"\\n']
    lines = [json.dumps({"messages": [{"role": "user", "content": word}]}) for word in words]
    (folder / "odd.jsonl").write_text("\n".join(lines))
    (folder / "echo.jinja").write_text("{{ messages[0].content }}")
    result = cli("render", "echo.jinja", "--input", "odd.jsonl")
    assert result.status == 0
    assert [json.loads(line)["prompt"] for line in result.out.split("\n")[:-1]] == words


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--messages", "messages.json", "--input", "chats.jsonl"),
        ("--messages", "messages.json", "--var", "x"),
        ("--messages", "messages.json", "--var", "x=word"),
        ("--messages", "messages.json", "--var", "1x=1"),
        ("--messages", "messages.json", "--as", "no-such-thing"),
        ("--messages", "messages.json", "--name", "rag"),
        ("--messages", "messages.json", "--tools", "nowhere.json"),
        ("--input", "chats.jsonl", "--target", "all"),
        ("--input", "chats.jsonl", "--tools", "nowhere.json"),
        ("--input", "chats.jsonl", "--var", "tokenize=false"),
        ("--input", "chats.jsonl", "--column", "messages"),
        ("--input", "chats.jsonl", "--as", "no-such-thing"),
        ("--input", "chats.jsonl", "--resume"),
        ("--input", "chats.jsonl", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:9"),
        ("--input", "nowhere.jsonl"),
        ("--messages", "messages.json", "--keep", "id"),
        ("--messages", "messages.json", "--on-error", "skip"),
    ],
)
def test_arguments_that_do_not_fit(cli: Cli, arguments: tuple[str, ...]) -> None:
    result = cli("render", "chatml.jinja", *arguments)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)


def test_named_templates_are_chosen_as_in_transformers(cli: Cli, folder: Path) -> None:
    named = [{"name": name, "template": f"{name}:{{{{ bos_token }}}}"} for name in ("default", "tool_use", "rag")]
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": named, "bos_token": "<b>"}))
    run = ("render", "tokenizer_config.json", "--messages", "messages.json")
    assert cli(*run).out == "default:<b>"
    assert cli(*run, "--tools", "tools.json").out == "tool_use:<b>"
    assert cli(*run, "--tools", "tools.json", "--name", "rag").out == "rag:<b>"
    with_tools = {"messages": MESSAGES, "tools": TOOLS}
    (folder / "mixed.jsonl").write_text(f"{json.dumps({'messages': MESSAGES})}\n{json.dumps(with_tools)}\n")
    mixed = cli("render", "tokenizer_config.json", "--input", "mixed.jsonl")
    assert [json.loads(line)["prompt"] for line in mixed.out.splitlines()] == ["default:<b>", "tool_use:<b>"]


def test_named_steps_of_deployments(cli: Cli) -> None:
    parts = json.dumps([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])
    result = cli("render", "chatml.jinja", "--conversation", parts, "--as", "parts-joined")
    assert result.out == "<user>a\nb</>\n"
    assert cli("render", "chatml.jinja", "--conversation", parts, "--as", "tgi").out == "<user>ab</>\n"
    refused = cli("render", "chatml.jinja", "--conversation", parts, "--as", "generation-prompt-always")
    assert (refused.status, refused.stdout) == (2, b"")
    assert "--target" in refused.stderr
