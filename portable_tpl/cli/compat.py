"""``portable-tpl compat``: the support table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from portable_tpl.model.errors import InputError
from portable_tpl.model.words import did_you_mean
from portable_tpl.reports.parts.visible import aligned

_MARKS = {"yes": "yes", "no": "NO", "differs": "differs", "flag": "flag", "unknown": "?"}


@click.command("compat", short_help="Show the support table.")
@click.argument("feature", metavar="[FEATURE]", required=False)
@click.option("--target", "-t", "targets", multiple=True, metavar="T", help="Only these targets (repeatable).")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of the table.")
@click.option("--all", "everything", is_flag=True, help="Every feature, where no FEATURE is named.")
@click.option("--output", "-o", metavar="FILE", help="Write there instead of standard output.")
def command(feature: str | None, targets: tuple[str, ...], form: str, everything: bool, output: str | None) -> int:
    """Show what each engine makes of each feature, as measured; FEATURE is an id, the beginning of ids, or a name.

    Without FEATURE it is a summary by family; --all lists every feature, as --format json always does.
    """
    from portable_tpl.cli.work.emit import columns, write_text
    from portable_tpl.support.features import load_features
    from portable_tpl.support.table import measured_targets

    chosen = _targets(targets) or list(measured_targets())
    features = _chosen(load_features().values(), feature)
    if not features:
        raise InputError(_unknown(feature or "", load_features()))
    if form == "text" and feature is None and not everything:
        write_text(_summary(features, chosen, columns(output)), output)
        return 0
    rows = [_row(each, chosen) for each in features]
    if form == "json":
        write_text(json.dumps({"version": 1, "features": rows}, indent=2, ensure_ascii=False) + "\n", output)
    else:
        width = columns(output)
        write_text(_page(rows[0], chosen) if len(rows) == 1 else _text(rows, chosen, width), output)
    return 0


def _targets(names: tuple[str, ...]) -> list[str]:
    from portable_tpl.support.table import load_table, measured_targets

    chosen = []
    for target in (part for value in names for part in value.split(",")):
        known = target
        if load_table(known) is None:
            from portable_tpl.targets.registry import canonical

            known = canonical(target)
        if load_table(known) is None:
            raise InputError(f"no measurements of {target!r}; measured: {', '.join(measured_targets())}")
        chosen.append(known)
    return list(dict.fromkeys(chosen))


def _unknown(feature: str, known: Iterable[str]) -> str:
    known = list(known)
    names = sorted({part for identity in known for part in identity.partition("@")[0].split(".")})
    hint = did_you_mean(feature, known, 3) or did_you_mean(feature, names, 3, "`portable-tpl compat` lists them")
    return f"no feature is called {feature!r}{hint}"


def _chosen(features: Iterable[Any], name: str | None) -> list[Any]:
    """The features of an id or the beginning of ids; where there are none, those with that name behind a family's."""
    features = list(features)
    chosen = [each for each in features if _matches(each.id, name)]
    return chosen or [each for each in features if name in each.id.partition("@")[0].split(".")]


def _matches(identity: str, prefix: str | None) -> bool:
    return prefix is None or identity == prefix or identity.startswith((f"{prefix}.", f"{prefix}@"))


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


def _summary(features: list[Any], targets: list[str], width: int) -> str:
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
    table = _tables(rows, 2, width, right=True)
    return "\n".join([f"{head} transformers does:", "", *table, "", f"{hint} all of them."]) + "\n"


def _text(rows: list[dict[str, Any]], targets: list[str], width: int) -> str:
    cells = [[row["id"], *(_cell(row["targets"][target]) for target in targets)] for row in rows]
    return "\n".join(_tables([["feature", *targets], *cells], 1, width)) + "\n"


def _tables(rows: list[list[str]], heads: int, width: int, right: bool = False) -> Iterator[str]:
    """The lines of a table; of several, one below the other, where it is wider than that.

    Each has the first columns, ``heads`` of them, and as many of the others as fit; at least one.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = list(range(heads, len(widths)))
    while left:
        chosen, room = list(range(heads)), width - sum(each + 2 for each in widths[:heads]) + 2
        while left and (len(chosen) == heads or widths[left[0]] + 2 <= room):
            room -= widths[left[0]] + 2
            chosen.append(left.pop(0))
        yield from aligned([[row[each] for each in chosen] for row in rows], range(1, len(chosen)) if right else ())
        if left:
            yield ""


def _page(row: dict[str, Any], targets: list[str]) -> str:
    """One feature: a line a target, and what the engines said."""
    answers = [[target, _cell(row["targets"][target])] for target in targets]
    lines = [row["id"], row["title"], "", *aligned([["target", "answer"], *answers]), ""]
    for target in targets:
        lines += [f"{target} {each['since']}: {each['note']}" for each in row["targets"][target] if each["note"]]
    return "\n".join(lines).rstrip("\n") + "\n"
