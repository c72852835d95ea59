"""The work of ``portable-tpl render``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from portable_tpl.cli._conversations import numbered_conversations, parse_json, read_file, read_json
from portable_tpl.cli._emit import write_text
from portable_tpl.model.conversation import Conversation, Json, parse_conversation
from portable_tpl.model.errors import InputError
from portable_tpl.model.rendering import Failed, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.rendering.prompts import Call, choose, only, reason_of, render_call, warm_runtime
from portable_tpl.reports._jsontext import dumps
from portable_tpl.sources import open_container
from portable_tpl.targets.processes._base import REFERENCE

_BATCH = 64


def open_template(path: str, name: str | None) -> Template:
    """The template that a path names; with ``name`` one of several."""
    container = open_container(path)
    return container.templates[0] if name is None else only(container.template(name))


def render_one(template: Template, options: Mapping[str, Any]) -> int:
    """Render one conversation on one target, or on several side by side."""
    conversation = _conversation(options)
    chosen = choose(template, conversation.tools, options["name"])
    call = _call(conversation, options["continue_final_message"])
    targets = _targets(options["targets"])
    answers = {target: render_call(chosen, call, warm_runtime(target)) for target in targets}
    _expect_a_template(chosen, answers.values())
    if options["form"] == "json":
        write_text(dumps({target: _json(answer) for target, answer in answers.items()}) + "\n", options["output"])
    elif len(answers) == 1:
        return _print_single(chosen, next(iter(answers.items())), options["output"])
    else:
        write_text(_side_by_side(answers), options["output"])
    reference = answers.get(REFERENCE)
    if reference is not None and len(answers) > 1:
        return 0 if all(same(reference, answer) for answer in answers.values()) else 1
    return 0 if all(isinstance(answer, Rendered) for answer in answers.values()) else 1


def _expect_a_template(template: Template, answers: Iterable[Rendering]) -> None:
    """Where an engine does not accept the template: raise if the reference does not either, as for every command."""
    if any(isinstance(answer, Failed) and answer.kind == "syntax" for answer in answers):
        from portable_tpl.template import compile_check, parse

        compile_check(parse(template))


def _print_single(template: Template, item: tuple[str, Rendering], output: str | None) -> int:
    target, answer = item
    if not isinstance(answer, Rendered):
        click.echo(f"portable-tpl: {template.label}: {target} {reason_of(answer)}", err=True)
        return 1
    text = answer.text
    if output is None and sys.stdout.isatty() and not text.endswith("\n"):
        text += "\n"
    write_text(text, output)
    return 0


def _side_by_side(answers: Mapping[str, Rendering]) -> str:
    """Each distinct answer once, with the targets that gave it; the reference's first."""
    groups: list[tuple[Rendering, list[str]]] = []
    for target, answer in answers.items():
        for known, names in groups:
            if known == answer:
                names.append(target)
                break
        else:
            groups.append((answer, [target]))
    blocks = []
    for answer, names in groups:
        body = answer.text if isinstance(answer, Rendered) else f"({reason_of(answer)})"
        blocks.append(f"=== {', '.join(names)}\n{body}" + ("" if body.endswith("\n") else "\n"))
    return "".join(blocks)


def _targets(asked: Sequence[str]) -> list[str]:
    if not asked:
        return [REFERENCE]
    if "all" not in asked:
        return list(dict.fromkeys(part for value in asked for part in value.split(",")))
    from portable_tpl.targets.registry import availability, known_targets

    found = [info.id for info in known_targets() if info.id != REFERENCE and availability(info.id).ok]
    return [REFERENCE, *found]


def _conversation(options: Mapping[str, Any]) -> Conversation:
    if options["conversation"] is not None:
        text = options["conversation"]
        where = "--conversation"
        if text.startswith("@"):
            where, text = text[1:], read_file(text[1:])
        conversation = parse_conversation(parse_json(text, where), where)
    else:
        conversation = parse_conversation(read_json(options["messages"]), options["messages"])
    changes: dict[str, Json] = {}
    for name in ("tools", "documents"):
        if options[name] is not None:
            changes[name] = read_json(options[name])
    variables = dict(_variable(text) for text in options["variables"])
    if variables:
        changes["variables"] = {**conversation.variables, **variables}
    if options["add_generation_prompt"]:
        changes["add_generation_prompt"] = True
    if options["clock"] is not None:
        changes["clock"] = options["clock"]
    if changes:
        conversation = parse_conversation({**conversation.to_json(), **changes}, "the conversation")
    return _as(conversation, options["steps"])


def _as(conversation: Conversation, names: Sequence[str]) -> Conversation:
    from portable_tpl.targets.steps import all_steps

    known = {each.name: each for each in all_steps()} if names else {}
    for name in names:
        if name not in known:
            raise InputError(f"--as {name}: no such step; known: {', '.join(sorted(known))}")
        conversation = known[name].on_request(conversation)
    return conversation


def _call(conversation: Conversation, continue_final_message: bool) -> Call:
    return Call(
        messages=conversation.messages,
        tools=conversation.tools,
        documents=conversation.documents,
        add_generation_prompt=bool(conversation.add_generation_prompt),
        continue_final_message=continue_final_message,
        variables=conversation.variables,
        special_tokens=conversation.special_tokens,
        clock=conversation.clock,
    )


def render_data_set(template: Template, options: Mapping[str, Any]) -> int:
    """Render each line of a JSON-lines file, a line of output each, written whole or not at all."""
    runtime = warm_runtime(_targets(options["targets"])[0])
    numbered = numbered_conversations(options["input_"])
    conversations = [conversation for _, conversation in numbered]
    answers: list[Rendering] = []
    for batch in _progress(conversations, options["quiet"]):
        if options["continue_final_message"]:
            answers += [
                render_call(choose(template, one.tools, options["name"]), _call(one, True), runtime) for one in batch
            ]
        else:
            answers += _render_batch(template, batch, options["name"], runtime)
    _expect_a_template(template, answers)
    write_text("".join(f"{dumps(_json(answer), indent=None)}\n" for answer in answers), options["output"])
    failed = [
        (number, answer)
        for (number, _), answer in zip(numbered, answers, strict=True)
        if not isinstance(answer, Rendered)
    ]
    if failed:
        number, first = failed[0]
        click.echo(
            f"portable-tpl: {len(failed)} of {len(answers)} conversations gave no prompt; the first is line "
            f"{number}: {reason_of(first)}",
            err=True,
        )
    return 1 if failed else 0


def _render_batch(
    template: Template, batch: Sequence[Conversation], name: str | None, runtime: Any
) -> list[Rendering]:
    """Render in the given order, one request for each run of conversations that use the same template."""
    answers: list[Rendering] = []
    start = 0
    chosen = [choose(template, conversation.tools, name) for conversation in batch]
    for end in range(1, len(batch) + 1):
        if end == len(batch) or chosen[end] is not chosen[start]:
            answers += runtime.render_all(chosen[start], batch[start:end])
            start = end
    return answers


def _progress(conversations: Sequence[Conversation], quiet: bool) -> Iterator[Sequence[Conversation]]:
    batches = [conversations[start : start + _BATCH] for start in range(0, len(conversations), _BATCH)]
    if quiet or not sys.stderr.isatty():
        yield from batches
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("rendering", total=len(conversations))
        for batch in batches:
            yield batch
            bar.advance(task, len(batch))


def _variable(text: str) -> tuple[str, Json]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise InputError(f"--var {text}: expected NAME=JSON, such as --var enable_thinking=false")
    try:
        return name, json.loads(value)
    except ValueError:
        raise InputError(f"--var {text}: {value!r} is not JSON; for text write --var '{name}=\"{value}\"'") from None


def _json(answer: Rendering) -> dict[str, Json]:
    if isinstance(answer, Rendered):
        return {"prompt": answer.text}
    kind = {"kind": answer.kind} if isinstance(answer, Failed) else {"refused": True}
    return {"error": answer.message, **kind}
