"""Measure the support table: run every probe on a runtime, next to the reference.

``python -m portable_tpl.probing.__main__`` rewrites the tables of all targets that can run here (or of those named);
``--check`` compares instead, and ends with status 1 where an entry is not what its engine says. The tables hold
nothing else than what this module finds.

A probe is rendered inside a guard (``{% if probe_no == 1 %}<<…>>{% endif %}``), for two reasons: llama.cpp runs a
template at its start with messages of its own, and an engine that loads slowly is given many probes at once. Where a
batch does not load, its halves are tried until the culprit is alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import PortableTplError
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.support.features import DATA, Feature, Probe, load_features
from portable_tpl.support.table import TARGETS, UNKNOWN, Support, Table
from portable_tpl.targets import installs
from portable_tpl.targets.processes._base import REFERENCE, Limits, Runtime
from portable_tpl.targets.processes._worker import NOT_TRIED
from portable_tpl.targets.registry import open_runtime

# The targets whose tables are kept; each speaks for its engine alone.
MEASURED = (
    "minijinja",
    "minijinja-strict",
    "minijinja@2.24.0",
    "minijinja@2.14.0",
    "minijinja@2.8.0",
    "hf-jinja",
    "hf-jinja@0.5.6",
    "hf-jinja@0.3.0",
    "llama.cpp-engine",
    "llama.cpp-engine@b10229",
    "llama.cpp-engine@b9294",
    "minja-engine",
    "tgi",
    "mistral.rs",
    "dynamo",
    "smg",
)
# A target that fails where another one, of the same engine with a flag set, does not: the answer is `flag`.
_FLAGS: Mapping[str, tuple[str, str]] = {"minijinja-strict": ("minijinja", "pycompat")}
REFERENCE_FILE = DATA / "reference.json"

_LIMITS = Limits(seconds=10.0, megabytes=1024)
_OPEN, _CLOSE = "<<", ">>"
_MESSAGES = [{"role": "user", "content": "hi"}]
_BATCH = 48
_NOTE = 160
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}", re.IGNORECASE)

Answers: TypeAlias = "dict[str, tuple[Rendering, ...]]"


@dataclass(frozen=True)
class _Case:
    """One probe of a feature, as it is asked."""

    feature: str
    probe: Probe


def ask(runtime: Runtime, features: Iterable[Feature], progress: Callable[[int], None] | None = None) -> Answers:
    """What a runtime prints for each probe of each feature."""
    bare: list[_Case] = []
    guarded: dict[str, list[_Case]] = {}
    order = list(features)
    for feature in order:
        for probe in feature.probes:
            case = _Case(feature.id, probe)
            if probe.bare:
                bare.append(case)
            else:
                guarded.setdefault(probe.template, []).append(case)
    found: dict[int, Rendering] = {}
    for case in bare:
        found[id(case.probe)] = runtime.render(Template(case.probe.template), _conversation(case.probe, 0))
    if not _takes_variables(runtime):
        for group in guarded.values():
            for case in group:
                found[id(case.probe)] = _ask_inline(runtime, case)
        guarded = {}
    texts = list(guarded)
    for start in range(0, len(texts), _BATCH):
        _ask_batch(runtime, {text: guarded[text] for text in texts[start : start + _BATCH]}, found)
        if progress is not None:
            progress(start + _BATCH)
    return {feature.id: tuple(found[id(probe)] for probe in feature.probes) for feature in order}


def without_values(runtime: Runtime, features: Iterable[Feature]) -> frozenset[str]:
    """The setups of probes that a runtime cannot carry out: what needs their values cannot be measured on it."""
    setups = sorted({probe.setup for feature in features for probe in feature.probes if probe.setup})
    probes = {f"setup {text}": Feature(text, text, "", (Probe(text, {}, Tier.EVERYDAY, False),)) for text in setups}
    answers = ask(runtime, probes.values())
    return frozenset(text for text in setups if not isinstance(answers[text][0], Rendered))


def _takes_variables(runtime: Runtime) -> bool:
    """Whether a deployment lets the caller's variables through to the template."""
    answer = runtime.render(Template("{{ probe_no }}"), _conversation(Probe("", {}, Tier.EVERYDAY, False), 7))
    return answer == Rendered("7")


def _ask_inline(runtime: Runtime, case: _Case) -> Rendering:
    """Ask with the variables written into the template, for a deployment that passes none."""
    variables = "".join(f"{{% set {name} = {_literal(value)} %}}" for name, value in case.probe.variables.items())
    template = Template(f"{variables}{_OPEN}{case.probe.template}{_CLOSE}")
    return _unguarded(runtime.render(template, _conversation(case.probe, 0)))


def _literal(value: Any) -> str:
    """JSON data as an expression of a template."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _ask_batch(runtime: Runtime, batch: Mapping[str, list[_Case]], found: dict[int, Rendering]) -> None:
    branches = [
        f"{{% {'if' if number == 1 else 'elif'} probe_no == {number} %}}{_OPEN}{text}{_CLOSE}"
        for number, text in enumerate(batch, 1)
    ]
    template = Template("".join(branches) + "{% endif %}")
    cases = [(number, case) for number, group in enumerate(batch.values(), 1) for case in group]
    answers = list(runtime.render_all(template, [_conversation(case.probe, number) for number, case in cases]))
    while left := [place for place, answer in enumerate(answers) if _not_tried(answer)]:
        # A worker that has died many times over is given up; what came after those deaths has a chance of its own.
        again = runtime.render_all(template, [_conversation(cases[at][1].probe, cases[at][0]) for at in left])
        answers = [dict(zip(left, again, strict=True)).get(at, answer) for at, answer in enumerate(answers)]
    if len(batch) > 1 and all(isinstance(answer, Failed) for answer in answers):
        texts = list(batch)
        middle = len(texts) // 2
        _ask_batch(runtime, {text: batch[text] for text in texts[:middle]}, found)
        _ask_batch(runtime, {text: batch[text] for text in texts[middle:]}, found)
        return
    for (_, case), answer in zip(cases, answers, strict=True):
        found[id(case.probe)] = _unguarded(answer)


def _not_tried(answer: Rendering) -> bool:
    return isinstance(answer, Failed) and answer.kind == "crash" and answer.message.startswith(NOT_TRIED)


def _conversation(probe: Probe, number: int) -> Conversation:
    return Conversation(messages=_MESSAGES, variables={"probe_no": number, **probe.variables})


def _unguarded(answer: Rendering) -> Rendering:
    if not isinstance(answer, Rendered):
        return answer
    text = answer.text
    if text.startswith(_OPEN) and text.endswith(_CLOSE):
        return Rendered(text[len(_OPEN) : -len(_CLOSE)])
    return Rendered("(the template around the probe is damaged) " + text)


def judge(
    feature: Feature,
    reference: Sequence[Rendering],
    answers: Sequence[Rendering],
    unmeasured: frozenset[str] = frozenset(),
) -> Support:
    """The answer for one feature: that of the worst probe in the mildest tier in which any probe is not the same.

    Probes whose setup is in ``unmeasured`` are left out; where no other is left, the answer is ``unknown``.
    """
    worst = Support("yes")
    lenient = Support("yes")
    if unmeasured and all(probe.setup in unmeasured for probe in feature.probes):
        return UNKNOWN
    for probe, expected, answer in zip(feature.probes, reference, answers, strict=True):
        if same(expected, answer) or (probe.setup and probe.setup in unmeasured):
            continue
        support = _difference(answer, probe.tier)
        if isinstance(expected, Failed) and isinstance(answer, Rendered):
            lenient = support._replace(tier=None, note=f"{support.note} (the reference fails)")
        elif worst.tier is None or _rank(support) < _rank(worst):
            worst = support
    return lenient if worst.tier is None else worst


def _rank(support: Support) -> tuple[int, bool]:
    assert support.tier is not None
    return Tier(support.tier).rank, support.answer != "no"


def _difference(answer: Rendering, tier: Tier) -> Support:
    if isinstance(answer, Rendered):
        return Support("differs", tier.value, _short(answer.text))
    if isinstance(answer, Refused):
        return Support("no", tier.value, _short(f"refused: {answer.message}"))
    return Support("no", tier.value, _short(f"{answer.kind}: {answer.message}"))


def _short(text: str) -> str:
    # Engines print addresses, and tables must not change where nothing has.
    text = _ADDRESS.sub("0x…", text)
    return text if len(text) <= _NOTE else text[: _NOTE - 1] + "…"


def measure(target: str, reference: Answers, features: Mapping[str, Feature]) -> Table:
    """Probe a target; raises :class:`TargetUnavailable` where it cannot run here."""
    with open_runtime(target, _LIMITS) as runtime:
        answers = ask(runtime, features.values())
        unmeasured = without_values(runtime, features.values())
        engine, version = runtime.engine, runtime.version
    broken: dict[str, Support] = {}
    yes: set[str] = set()
    for id_, feature in features.items():
        support = judge(feature, reference[id_], answers[id_], unmeasured)
        if support.answer == "yes":
            yes.add(id_)
        elif support is not UNKNOWN:
            broken[id_] = support
    return Table(target.partition("@")[0], engine, version, broken, frozenset(yes))


def with_flags(table: Table, flagged: Table, flag: str) -> Table:
    """The table with ``flag`` for what only a flag of the same engine is missing to."""
    broken = {
        id_: Support("flag", support.tier, flag) if support.answer == "no" and id_ in flagged.yes else support
        for id_, support in table.broken.items()
    }
    return table._replace(broken=broken)


def measure_reference(features: Mapping[str, Feature]) -> Answers:
    """What the reference prints for every probe."""
    with open_runtime(REFERENCE, _LIMITS) as runtime:
        return ask(runtime, features.values())


def table_path(table: Table) -> Path:
    """Where a table is kept."""
    return TARGETS / f"{table.target}@{table.version}.json"


def table_json(table: Table) -> str:
    """The text of a table's file: one feature a line, sorted, so that a change shows as what it is."""
    data: dict[str, Any] = {"target": table.target, "engine": table.engine, "version": table.version}
    for answer in ("no", "differs", "flag"):
        data[answer] = {
            id_: [support.tier, support.note]
            for id_, support in sorted(table.broken.items())
            if support.answer == answer
        }
    data["yes"] = sorted(table.yes)
    return _lines(data)


def reference_json(answers: Answers) -> str:
    """The text of the reference's file: what it prints for each probe of each feature, or the class of its error."""
    return _lines({id_: [_as_json(answer) for answer in row] for id_, row in sorted(answers.items())})


def _as_json(answer: Rendering) -> Any:
    if isinstance(answer, Rendered):
        return _short(answer.text)
    if isinstance(answer, Refused):
        return {"refused": answer.message}
    # What Python says after the class differs between its versions.
    return {"failed": answer.message.partition(":")[0]}


def _lines(data: Mapping[str, Any]) -> str:
    dump = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    out: list[str] = []
    for key, value in data.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"{dump(name)}:{dump(item)}" for name, item in value.items())
            out.append(f"{dump(key)}:{{\n{inner}\n}}")
        elif isinstance(value, list) and key == "yes":
            out.append(f"{dump(key)}:[\n" + ",\n".join(map(dump, value)) + "\n]")
        else:
            out.append(f"{dump(key)}:{dump(value)}")
    return "{\n" + ",\n".join(out) + "\n}\n"


def _store(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, "utf-8", newline="\n")
    os.replace(temporary, path)


def drift(path: Path, text: str) -> list[str]:
    """The lines in which a stored table is not what was measured just now."""
    stored = path.read_text("utf-8").splitlines() if path.exists() else []
    fresh = text.splitlines()
    old, new = set(stored), set(fresh)
    return [f"- {line}" for line in stored if line not in new] + [f"+ {line}" for line in fresh if line not in old]


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite or check the tables; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m portable_tpl.probing.__main__", description=main.__doc__)
    parser.add_argument("targets", nargs="*", help="targets to measure (default: all that have a table)")
    parser.add_argument("--check", action="store_true", help="compare with the stored tables instead of writing")
    parser.add_argument(
        "--install", action="store_true", help="put the versions that are measured into the cache first"
    )
    options = parser.parse_args(arguments)
    if options.install:
        _install(options.targets or MEASURED)
    features = load_features()
    reference = measure_reference(features)
    changed = _finish(REFERENCE_FILE, reference_json(reference), options.check)
    tables: dict[str, Table] = {}
    for target in options.targets or MEASURED:
        try:
            table = measure(target, reference, features)
            if target in _FLAGS:
                base, flag = _FLAGS[target]
                table = with_flags(table, tables.get(base) or measure(base, reference, features), flag)
        except PortableTplError as error:
            print(f"{target}: skipped: {error}", file=sys.stderr)
            continue
        tables[target] = table
        print(f"{target}: {table.version}: {len(table.yes)} of {len(features)} features as in the reference")
        changed |= _finish(table_path(table), table_json(table), options.check)
    return 1 if changed and options.check else 0


def _install(targets: Iterable[str]) -> None:
    for target in targets:
        name, _, version = target.partition("@")
        if version:
            installs.install(name.removesuffix("-engine"), version)


def _finish(path: Path, text: str, check: bool) -> bool:
    differences = drift(path, text)
    if not check:
        _store(path, text)
        return bool(differences)
    for line in differences[:20]:
        print(f"{path.name}: {line}", file=sys.stderr)
    return bool(differences)


if __name__ == "__main__":
    raise SystemExit(main())
