"""``portable-tpl corpus``: the known templates of the hub."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portable_tpl.cli.streams import say
from portable_tpl.cli.work.compare_options import comparison_options
from portable_tpl.cli.work.options import common_options
from portable_tpl.model.errors import InputError

if TYPE_CHECKING:
    from portable_tpl.sources.manifest import Entry


@click.group("corpus", short_help="List, fetch or audit the known hub templates.")
def command() -> None:
    """List, fetch or audit the known chat templates of the hub."""


@command.command("list")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of the list.")
def list_(words: tuple[str, ...], form: str) -> int:
    """List the known templates; WORD keeps those with it in their name or models."""
    from portable_tpl.cli.work.emit import write_text

    entries = _chosen(words)
    if form == "json":
        write_text(json.dumps([_as_json(entry) for entry in entries], indent=2) + "\n", None)
        return 0
    lines = [
        f"{entry.slug}  {entry.sha256[:12]}  {entry.size} bytes  {', '.join(entry.models[:3])}".rstrip()
        for entry in entries
    ]
    write_text("".join(f"{line}\n" for line in lines), None)
    say(f"{len(entries)} templates")
    return 0


@command.command("fetch")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--folder", default="hub-templates", show_default=True, metavar="DIR", help="Where to put them.")
def fetch(words: tuple[str, ...], folder: str) -> int:
    """Download known templates from the hub into a folder; what is there already stays."""
    from portable_tpl.sources.manifest import fetch as fetch_one

    counts: dict[str, int] = {}
    for entry in _progress(_chosen(words)):
        result = fetch_one(entry, folder)
        counts[result.status] = counts.get(result.status, 0) + 1
        if result.status == "unavailable":
            say(f"{entry.slug}: {result.reason}")
    click.echo(", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
    return 2 if counts.get("unavailable") and len(counts) == 1 else 0


@command.command("audit")
@click.argument("folder", metavar="[DIR]", default="hub-templates")
@comparison_options
@common_options
def audit(folder: str, **options: Any) -> int:
    """Audit all fetched templates: the same as `portable-tpl audit DIR`, with a progress bar and --resume."""
    from portable_tpl.cli.work.auditing import run_audit

    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder; `portable-tpl corpus fetch --folder {folder}` makes it")
    return run_audit("audit", (folder,), **options)


def _chosen(words: Sequence[str]) -> list[Entry]:
    from portable_tpl.sources.manifest import known_templates

    lowered = [word.lower() for word in words]
    known = known_templates()
    chosen = [
        entry for entry in known if all(word in f"{entry.slug} {' '.join(entry.models)}".lower() for word in lowered)
    ]
    if not chosen:
        asked = " and ".join(map(repr, words))
        raise InputError(f"none of the {len(known)} known templates has {asked} in its name or models")
    return chosen


def _as_json(entry: Entry) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(entry), "special_tokens": dict(entry.special_tokens)}


def _progress(entries: Sequence[Entry]) -> Iterator[Entry]:
    if not sys.stderr.isatty():
        yield from entries
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(entries, description="fetching", console=Console(stderr=True))
