"""``portable-tpl compat``: the support table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from portable_tpl.model.errors import InputError
from portable_tpl.reports.parts.visible import aligned

_MARKS = {"yes": "yes", "no": "NO", "differs": "differs", "flag": "flag", "unknown": "?"}


@click.command("compat", short_help="Show the support table.")
@click.argument("feature", metavar="[FEATURE]", required=False)
@click.option("--target", "-t", "targets", multiple=True, metavar="T", help="Only these targets (repeatable).")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of the table.")
@click.option("--all", "everything", is_flag=True, help="Every feature, where no FEATURE is named.")
@click.option("--output", "-o", metavar="FILE", help="Write there instead of standard output.")
def command(feature: str | None, targets: tuple[str, ...], form: str, everything: bool, output: str | None) -> int:
    """Show what each engine makes of each feature, as measured; FEATURE is an id or the beginning of ids.

    Without FEATURE it is a summary by family; --all lists every feature, as --format json always does.
    """
    from portable_tpl.cli.work.emit import write_text
    from portable_tpl.support.features import load_features
    from portable_tpl.support.table import measured_targets

    chosen = _targets(targets) or list(measured_targets())
    features = [each for each in load_features().values() if _matches(each.id, feature)]
    if not features:
        raise InputError(_unknown(feature or "", load_features()))
    if form == "text" and feature is None and not everything:
        write_text(_summary(features, chosen), output)
        return 0
    rows = [_row(each, chosen) for each in features]
    if form == "json":
        write_text(json.dumps({"version": 1, "features": rows}, indent=2, ensure_ascii=False) + "\n", output)
    else:
        write_text(_text(rows, chosen, detailed=len(rows) == 1), output)
    return 0


def _targets(asked: tuple[str, ...]) -> list[str]:
    from portable_tpl.support.table import load_table, measured_targets

    chosen = []
    for target in (part for value in asked for part in value.split(",")):
        found = target
        if load_table(found) is None:
            from portable_tpl.targets.registry import canonical

            found = canonical(target)
        if load_table(found) is None:
            raise InputError(f"no measurements of {target!r}; measured: {', '.join(measured_targets())}")
        chosen.append(found)
    return list(dict.fromkeys(chosen))


def _unknown(feature: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(feature, known, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else "; `portable-tpl compat` lists them"
    return f"no feature is called {feature!r}{hint}"


def _matches(identity: str, asked: str | None) -> bool:
    return asked is None or identity == asked or identity.startswith(f"{asked}.")


def _row(feature: Any, targets: list[str]) -> dict[str, Any]:
    from portable_tpl.support.table import support_ranges

    return {
        "id": feature.id,
        "title": feature.title,
        "targets": {target: [each._asdict() for each in support_ranges(feature.id, target)] for target in targets},
    }


def _cell(ranges: list[dict[str, Any]]) -> str:
    """`NO <2.24, yes` reads: it did not work before 2.24, and works since."""
    parts = []
    for each in ranges:
        mark = _MARKS[each["answer"]]
        parts.append(f"{mark} ≤{each['until']}" if each["until"] else mark)
    return ", ".join(parts) or "?"


def _summary(features: list[Any], targets: list[str]) -> str:
    """For each family of features, how many there are and how many of them the newest version of a target breaks."""
    from portable_tpl.support.table import support

    families: dict[str, list[str]] = {}
    for feature in features:
        families.setdefault(feature.id.partition("@")[0].partition(".")[0], []).append(feature.id)
    families["in all"] = [feature.id for feature in features]
    rows = [["family", "features", *targets]]
    for name, ids in families.items():
        broken = (sum(support(each, target).answer != "yes" for each in ids) for target in targets)
        rows.append([name, str(len(ids)), *map(str, broken)])
    head = "Features by family, and how many of them each target, at its newest version, does not carry out as"
    hint = "`portable-tpl compat method.str` lists a family or a part of it by version, `portable-tpl compat --all`"
    table = aligned(rows, right=range(1, len(rows[0])))
    return "\n".join([f"{head} transformers does:", "", *table, "", f"{hint} all of them."]) + "\n"


def _text(rows: list[dict[str, Any]], targets: list[str], detailed: bool) -> str:
    cells = [[row["id"], *(_cell(row["targets"][target]) for target in targets)] for row in rows]
    lines = list(aligned([["feature", *targets], *cells]))
    if detailed:
        row = rows[0]
        lines += ["", row["title"]]
        for target in targets:
            for each in row["targets"][target]:
                if each["note"]:
                    lines.append(f"  {target} {each['since']}: {each['note']}")
    return "\n".join(lines) + "\n"
