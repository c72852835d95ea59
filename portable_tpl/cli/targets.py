"""``portable-tpl targets``: what is known, installed and working, and how to get the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from portable_tpl.cli.streams import say

if TYPE_CHECKING:
    from portable_tpl.targets.installs import Package
    from portable_tpl.targets.processes._adapter import Adapter

# Renders differently from run to run only if an engine does; holds what nearly every template does.
_PROBE = (
    "{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message['content'] | trim }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
_MESSAGES = [{"role": "user", "content": " Is this thing on? é中😀 "}]
_EXPECTED = "user: Is this thing on? é中😀\nassistant:"


_WIDTH = 80


@dataclass(frozen=True)
class Row:
    """One target, as the commands below print it."""

    id: str
    engine: str
    version: str | None
    status: str
    detail: str | None
    remedy: str | None
    summary: str
    aliases: tuple[str, ...]
    versions: tuple[str, ...]
    measured: tuple[str, ...]


_FORMAT = click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of output."
)


@click.group("targets", invoke_without_command=True, short_help="Show, install and test the engines.")
@click.pass_context
def command(context: click.Context) -> None:
    """Show what is known, installed and working, and how to get the rest."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@command.command("list")
@_FORMAT
def list_(form: str = "text") -> int:
    """List every target, whether it can run here, and which versions were measured."""
    _print(_rows(), form)
    return 0


@command.command("doctor")
@click.argument("names", metavar="[TARGET]...", nargs=-1)
@_FORMAT
def doctor(names: tuple[str, ...], form: str) -> int:
    """Start each installed engine, render with it, and say how to get what is missing.

    The exit status is 1 where an installed engine does not work, and 2 where a target named here is not installed.
    """
    ids = _canonical(names)
    rows = [_examined(row) for row in _rows(ids) if not ids or row.id in ids]
    _print(rows, form)
    if form == "text":
        _say_confinement()
    if any(row.status == "broken" for row in rows):
        return 1
    return 2 if ids and any(row.status == "missing" for row in rows) else 0


def _say_confinement() -> None:
    from portable_tpl.targets.workers._confinement import landlock_version

    version = landlock_version()
    if version:
        say(f"engines run confined by Landlock {version}: they write no files and, but for servers,")
        say("reach no network")
    else:
        say("engines run without a sandbox, as this kernel has no Landlock: use a container")
        say("for what you distrust")


@command.command("install")
@click.argument("names", metavar="NAME[@VERSION]...", nargs=-1, required=True)
@click.option(
    "--unpinned", is_flag=True, help="Take versions whose hashes are not known as the registry serves them."
)
def install(names: tuple[str, ...], unpinned: bool) -> int:
    """Put engine versions into the user's cache, never into an environment.

    What is downloaded must have the hashes that this program knows. `all` stands for every engine that is missing,
    `measured` for every version that has a table of the engines that are here.
    """
    from portable_tpl.model.errors import TargetUnavailable
    from portable_tpl.targets import installs
    from portable_tpl.targets.registry import availability, installable, missing_engines

    for name in names:
        if name == "all":
            wanted = missing_engines()
        elif name == "measured":
            wanted = _measured()
        else:
            package, version = installable(name)
            state = availability(name) if version is None else None
            if state is not None and state.ok:
                say(f"{name}: is here already ({state.version or package.engine})")
                continue
            if version is None:
                raise TargetUnavailable(f"{name}: say which version to install: {package.engine}@VERSION")
            wanted = ((package, version),)
        if not wanted:
            say("every engine is here already")
        for package, version in wanted:
            say(f"installing {package.engine}@{version} …")
            installs.install(package, version, unpinned=unpinned)
            click.echo(f"{package.engine}@{version}: installed")
    return 0


def _measured() -> tuple[tuple[Package, str], ...]:
    """The versions that have a table, of engines that are here, that are not in this environment or in the cache."""
    from portable_tpl.support.table import shipped_versions
    from portable_tpl.targets.installs import is_installed
    from portable_tpl.targets.registry import known_targets, missing_engines

    wanted = {each: None for each in missing_engines() if each[0].here() is not None}
    for adapter in known_targets():
        package = adapter.package
        if package is not None and adapter.versioned and adapter.available(None).ok:
            here = package.here()
            for version in shipped_versions(adapter.id):
                if version != here and not is_installed(package, version):
                    wanted[package, version] = None
    return tuple(wanted)


def _canonical(names: tuple[str, ...]) -> list[str]:
    from portable_tpl.targets.registry import canonical

    return [canonical(name) for name in names]


def _rows(ids: list[str] | None = None) -> list[Row]:
    from portable_tpl.support.table import measured_versions
    from portable_tpl.targets.registry import availability, known_targets

    rows = []
    for info in known_targets():
        versions = [name for name in ids or [] if name.startswith(f"{info.id}@")]
        for target in [info.id, *versions]:
            state = availability(target)
            rows.append(
                Row(
                    id=target,
                    engine=info.engine,
                    version=state.version,
                    status="installed" if state.ok else "missing",
                    detail=state.reason,
                    remedy=state.remedy,
                    summary=info.summary,
                    aliases=info.aliases,
                    versions=_cached(info),
                    measured=measured_versions(info.id),
                )
            )
    return rows


def _cached(adapter: Adapter) -> tuple[str, ...]:
    from portable_tpl.targets.installs import installed_versions

    if adapter.package is None or not adapter.versioned:
        return ()
    return tuple(installed_versions(adapter.package))


def _examined(row: Row) -> Row:
    """The row after a real render."""
    from dataclasses import replace

    from portable_tpl.model.conversation import Conversation
    from portable_tpl.model.errors import PortableTplError
    from portable_tpl.model.rendering import Rendered
    from portable_tpl.model.source import Template
    from portable_tpl.rendering.prompts import reason_of
    from portable_tpl.targets.registry import open_runtime

    if row.status == "missing":
        return row
    conversation = Conversation(_MESSAGES, add_generation_prompt=True, special_tokens={"bos_token": ""})
    try:
        runtime = open_runtime(row.id)
        try:
            answer = runtime.render(Template(_PROBE), conversation)
            version = runtime.version
        finally:
            runtime.close()
    except PortableTplError as error:
        return replace(row, status="broken", detail=str(error))
    if not isinstance(answer, Rendered):
        return replace(row, status="broken", version=version, detail=reason_of(answer))
    if answer.text != _EXPECTED and row.id == "transformers":
        return replace(row, status="broken", version=version, detail=f"rendered {answer.text!r}")
    return replace(row, status="works", version=version)


def _print(rows: list[Row], form: str) -> None:
    from portable_tpl.cli.work.emit import write_text

    if form == "json":
        write_text(json.dumps([_as_json(row) for row in rows], indent=2) + "\n", None)
        return
    write_text("\n".join(_lines(rows)) + "\n", None)


def _lines(rows: list[Row]) -> Iterator[str]:
    """A table of 80 columns, in which the last cell of a row may take several lines."""
    from textwrap import wrap

    cells = [("target", "status", "version", "what it is"), *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    for row in cells:
        start = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)) + "  "
        note = wrap(row[3], _WIDTH - len(start), break_long_words=False, break_on_hyphens=False) or [""]
        yield (start + note[0]).rstrip()
        yield from (" " * len(start) + line for line in note[1:])


def _cells(row: Row) -> tuple[str, str, str, str]:
    works = row.status in ("installed", "works")
    note = "; ".join(part for part in (row.summary if works else "", row.detail) if part)
    if row.remedy and not works:
        note += f"; get it with: {row.remedy}"
    return row.id, row.status, row.version or "-", note


def _as_json(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "engine": row.engine,
        "version": row.version,
        "status": row.status,
        "reason": row.detail,
        "remedy": row.remedy,
        "summary": row.summary,
        "aliases": list(row.aliases),
        "installed_versions": list(row.versions),
        "measured_versions": list(row.measured),
    }
