"""The work of ``portable-tpl render``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

from portable_tpl.cli.streams import say
from portable_tpl.cli.work.conversations import load_json, parse_json, read_json
from portable_tpl.cli.work.emit import columns, write_escaped, write_text
from portable_tpl.model.conversation import DEFAULT_CLOCK, Json, parse_conversation
from portable_tpl.model.errors import ConversationError, InputError
from portable_tpl.model.rendering import Failed, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.model.words import cut
from portable_tpl.rendering.prompts import Call, choose, only, outcome_record, reason_of, render_call, warm_runtime
from portable_tpl.rendering.reserved import refuse_reserved, unread, unread_message
from portable_tpl.rendering.rows import RowOptions, parse_columns, row_call
from portable_tpl.rendering.stepping import with_steps
from portable_tpl.rendering.token_names import absent_tokens
from portable_tpl.reports.parts.jsontext import dumps
from portable_tpl.sources import open_container
from portable_tpl.targets.processes._base import REFERENCE

_LONGEST_VALUE = 60  # characters of a value that an error names


def open_template(path: str, name: str | None) -> Template:
    """The template that a path names; with ``name`` one of several."""
    container = open_container(path)
    return container.templates[0] if name is None else only(container.template(name))


def render_one(template: Template, options: Mapping[str, Any]) -> int:
    """Render one conversation on one target, or on several side by side."""
    call = _given_call(options)
    chosen = choose(template, call.tools, options["name"])
    targets = targets_of(options["targets"])
    if not options["quiet"]:
        remark(chosen, call)
    answers = {target: render_call(chosen, call, warm_runtime(target)) for target in targets}
    _expect_a_template(chosen, answers.values())
    if options["form"] == "json":
        records = {target: outcome_record(answer) for target, answer in answers.items()}
        write_escaped(dumps(records) + "\n", "json", options["output"])
    elif len(answers) == 1:
        return _print_single(chosen, next(iter(answers.items())), options["output"])
    else:
        write_text(_side_by_side(answers, columns(options["output"])), options["output"])
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
        say(f"portable-tpl: {template.label}: {target} {reason_of(answer)}")
        return 1
    text = answer.text
    if output is None and sys.stdout.isatty() and not text.endswith("\n"):
        text += "\n"
    write_text(text, output)
    return 0


def _side_by_side(answers: Mapping[str, Rendering], width: int) -> str:
    """Each distinct answer once, with the targets that gave it; the reference's first. Prompts are not wrapped."""
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
        body = answer.text if isinstance(answer, Rendered) else _wrapped(f"({reason_of(answer)})", width)
        head = f"=== {', '.join(names)}"
        blocks.append(f"{_wrapped(head, width)}\n{body}" + ("" if body.endswith("\n") else "\n"))
    return "".join(blocks)


def _wrapped(text: str, width: int) -> str:
    return fill(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def targets_of(names: Sequence[str]) -> list[str]:
    """The targets asked for; without any the reference."""
    if not names:
        return [REFERENCE]
    if "all" not in names:
        return list(dict.fromkeys(part for value in names for part in value.split(",")))
    from portable_tpl.targets.registry import availability, known_targets

    available = [info.id for info in known_targets() if info.id != REFERENCE and availability(info.id).ok]
    return [REFERENCE, *available]


def _given_call(options: Mapping[str, Any]) -> Call:
    """The call that the options stand for; a bare conversation has no keys but those of the contract."""
    text, where = options["conversation"], "--conversation"
    if text is None:
        data, where = read_json(options["messages"]), options["messages"]
    elif text.startswith("@"):
        data, where = read_json(text[1:]), text[1:]
    else:
        data = parse_json(text, where)
    settings = row_options(options)
    bare = not options["columns"] and not (isinstance(data, dict) and {"model", "chat_template_kwargs"} & set(data))
    # A conversation that is given as text is one that a report names, and is to be seen again as it was.
    stopped = DEFAULT_CLOCK if options["conversation"] is not None else None
    if bare:
        continued = data.pop("continue_final_message", None) if isinstance(data, dict) else None
        clock = data.get("clock", stopped) if isinstance(data, dict) else stopped
        conversation = parse_conversation(data, where)
        row: Json = {**conversation.to_json(), "continue_final_message": continued, "clock": clock}
    else:
        row = data
    try:
        return with_steps(row_call(row, settings), options["steps"])
    except ConversationError as error:
        raise InputError(f"{where}: {error}") from None


def row_options(options: Mapping[str, Any]) -> RowOptions:
    """What the options say of every conversation."""
    continued = options["continue_field"] or (True if options["continue_final_message"] else None)
    return RowOptions(
        columns=parse_columns(options["columns"]),
        keep=tuple(part for text in options["keep"] for part in text.split(",") if part),
        tools=_objects(options["tools"], "tools"),
        documents=_objects(options["documents"], "documents"),
        add_generation_prompt=options["add_generation_prompt"],
        continue_final_message=continued,
        clock=options["clock"],
        variables=_variables(options["variables"]),
    )


def _objects(path: str | None, name: str) -> list[Json] | None:
    """A file with a list of objects; raises :class:`ConversationError` with its name."""
    if path is None:
        return None
    shown = parse_conversation({"messages": [], name: read_json(path)}, path)
    return shown.tools if name == "tools" else shown.documents


def _variables(texts: Sequence[str]) -> dict[str, Json]:
    variables = dict(_variable(text) for text in texts)
    refuse_reserved(variables)
    return variables


def _variable(text: str) -> tuple[str, Json]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise InputError(f"--var {text}: expected NAME=JSON, such as --var enable_thinking=false")
    try:
        return name, load_json(value)
    except (ValueError, RecursionError):
        shown = cut(value, _LONGEST_VALUE)
        raise InputError(f"--var {name}: {shown!r} is not JSON; for text write --var '{name}=\"{shown}\"'") from None


def remark(template: Template, call: Call) -> None:
    """Say on standard error what of a call the template does not read, and which tokens are not known."""
    remarks = [unread_message(name, template.text) for name in unread(template.text, call.variables)]
    for words in (absent_tokens(template), *remarks):
        if words is not None:
            say(f"portable-tpl: warning: {words}")
