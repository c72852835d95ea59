"""Find every known class of mismatch again, over all real templates.

``python -m tests.sweeps.sweep [TARGET…] [--tier TIER] [--step N] [--jobs N] [--results FILE]``; the templates are those of
``PORTABLE_TPL_CORPUS``. For each class of the prototype's measurement (690 templates, 43 conversations, November 2026) the
table shows on how many templates it was seen then, on how many a mismatch with such a cause was found now, and whether
that is comparable. Some were measured without transformers' own way to a template; see :mod:`tests.sweeps.direct`. Above stand the branch coverage, the share of explained mismatches, and what each run cost.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portable_tpl.auditing.templates import Examination, Examined
from portable_tpl.differential.run.run import Outcome, Plan, run_all
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import verdict
from portable_tpl.model.source import Template
from tests.sweeps.direct import NULL_ITERATED, NULL_PRINTED, WITHOUT_MESSAGES, Direct, find_directly

TARGETS = ("minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine", "llama.cpp")
_MEASURED_TEMPLATES = 690


@dataclass(frozen=True)
class Class:
    """One class of the measurement: causes that belong to it, and on how many templates it was seen by target.

    ``direct`` finds what no comparison with transformers can hold.
    """

    title: str
    causes: str
    seen: dict[str, int]
    direct: Direct | None = None

    def holds(self, mismatch: Mismatch) -> bool:
        """Whether a mismatch is of this class; several causes of one stack mismatch are joined by ``+``."""
        names = (mismatch.cause or "").split("+") if mismatch.origin == "stack" else [mismatch.cause or ""]
        return any(re.fullmatch(self.causes, name) for name in names)


CLASSES = (
    Class("1 generation tag", r"statement\.generation.*", {"minijinja": 37, "minijinja-strict": 37}),
    Class("2 .strip", r"method\.str\.strip.*", {"minijinja-strict": 67}),
    Class("2 .startswith", r"method\.str\.startswith.*", {"minijinja-strict": 34}),
    Class("2 .get", r"method\.dict\.get.*", {"minijinja-strict": 37}),
    Class("2 .items", r"method\.dict\.items.*", {"minijinja-strict": 35}),
    Class("2 .split", r"method\.str\.split.*", {"minijinja-strict": 58}),
    Class("2 .capitalize", r"method\.str\.capitalize.*", {"minijinja-strict": 8}),
    Class("2 .rstrip", r"method\.str\.rstrip.*", {"minijinja-strict": 4}),
    Class("2 .replace", r"method\.str\.replace.*", {"minijinja-strict": 5}),
    Class("2 .title", r"method\.str\.title.*", {"minijinja-strict": 3}),
    Class("2 .lstrip", r"method\.str\.lstrip.*", {"minijinja-strict": 4}),
    Class("2 .endswith", r"method\.str\.endswith.*", {"minijinja-strict": 5}),
    Class("3 tojson escapes", r"filter\.(tojson|map)(@(html|list).*)?", {"minijinja-strict": 126, "minijinja": 185}),
    Class(
        "4 safe text is not escaped",
        r"(add|concat)[^@]*@.*markup.*|filter\.(e|escape|forceescape).*|filter\.tojson\.then-.*",
        {"minijinja": 8},
    ),
    Class("5 tojson arguments", r"filter\.tojson\.(ensure_ascii|separators|sort_keys).*", {"minijinja": 25}),
    Class("6 none is iterable", r"test\.(iterable|sequence)@none", {"minijinja": 11}),
    Class("7 a loop over none", r"for@none", {"minijinja": 43}, NULL_ITERATED),
    Class(
        "8 floats",
        r"(filter\.(tojson|string)|print|concat|add)[^@]*@.*float.*|filter\.tojson\.(float|int).*",
        {"hf-jinja": 220, "llama.cpp-engine": 196, "minijinja": 179},
    ),
    Class(
        "10 big integers",
        r"(filter\.tojson|print|filter\.string).*(int|big|past).*",
        {"llama.cpp-engine": 201, "hf-jinja": 180},
    ),
    Class(
        "11 lists and dicts printed",
        r"(print|filter\.string|concat)[^@]*@.*(list|dict).*",
        {"hf-jinja": 118, "llama.cpp-engine": 100},
    ),
    Class(
        "12 none printed",
        r"(print|filter\.string|concat)[^@]*@.*none.*",
        {"hf-jinja": 52, "llama.cpp-engine": 62},
        NULL_PRINTED,
    ),
    Class("13 booleans printed", r"(print|filter\.string|concat)[^@]*@.*(true|false).*", {"hf-jinja": 65}),
    Class("14 text + other", r"add@.*", {"hf-jinja": 353, "llama.cpp-engine": 359}),
    Class("15 attributes of undefined", r"(attr|item).*|add@.*undefined.*", {"llama.cpp-engine": 245}),
    Class(
        "15 items of an empty list",
        r"item\.int\.empty.*",
        {"llama.cpp-engine": 282, "hf-jinja": 279},
        WITHOUT_MESSAGES,
    ),
    Class("16 filters on other kinds", r"filter\.(trim|string|upper|lower|length|title).*", {"hf-jinja": 89}),
    Class("17 loops over text and undefined", r"for@.*", {"hf-jinja": 28, "llama.cpp-engine": 17}),
    Class(
        "18 filters missing",
        r"filter\.(selectattr|rejectattr|format|reject|min|map|e|count|unique).*",
        {"hf-jinja": 14},
    ),
    Class("23 strip takes no characters", r"method\.str\.[lr]?strip.*", {"hf-jinja": 10}),
    Class("24 break and continue", r"statement\.(break|continue).*", {"hf-jinja": 1}),
    Class("25 loose equality", r"(eq|ne|compare|in).*", {"hf-jinja": 10}),
    Class(
        "26 length, case and trim of other scripts",
        r"(filter|method).*unicode.*|filter\.(length|upper|lower|trim).*",
        {"llama.cpp-engine": 1},
    ),
    Class("28 enable_thinking injected", r"enable-thinking-(set|cleared)", {"llama.cpp": 38}),
    Class("28 dates injected", r"dates-set", {"llama.cpp": 6}),
    Class("29 prefill", r"final-assistant-prefilled", {"llama.cpp": 458}),
    Class("29 parts joined", r"parts-joined", {"llama.cpp": 206}),
    Class("29 null content", r"null-content-to-empty|missing-content-to-empty", {"llama.cpp": 239}),
    Class("29 schema keys dropped", r"schema-keys-dropped", {"llama.cpp": 171}),
    Class("29 developer to system", r"developer-to-system", {"llama.cpp": 416}),
    Class("29 arguments parsed", r"arguments-parsed", {"llama.cpp": 103}),
    Class("29 system merged", r"system-merged", {"llama.cpp": 22}),
    Class("29 text to parts", r"string-to-parts", {"llama.cpp": 13}),
    Class("29 empty tools to none", r"tools-empty-to-none", {"llama.cpp": 43}),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print the table; the status is 1 where a class was not found again."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.sweep")
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--tier", type=Tier, default=Tier.HOSTILE)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args(arguments)
    templates = read_templates(Path(os.environ["PORTABLE_TPL_CORPUS"]))[:: options.step]
    start = time.monotonic()
    plan = Plan(tuple(options.targets), jobs=options.jobs, journal=options.results, resume=True)
    outcomes = list(run_all(templates, Examination(CompareSettings(tier=options.tier)), plan))
    print(f"{len(templates)} templates, {options.tier} tier, {time.monotonic() - start:.0f} s\n")
    _summary(outcomes, options.targets, options.tier)
    return 1 if _table(outcomes, templates, options.targets) else 0


def read_templates(corpus: Path) -> list[Template]:
    """The real templates, with their models' own special tokens."""
    tokens = {}
    for line in (corpus / "manifest.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        tokens[entry["slug"]] = {key: entry[key] for key in ("bos_token", "eos_token") if entry.get(key) is not None}
    return [
        Template(path.read_bytes().decode("utf-8"), path=path.name, special_tokens=tokens.get(path.stem, {}))
        for path in sorted((corpus / "templates").glob("*.jinja"))
    ]


def _summary(outcomes: Sequence[Outcome[Examined]], targets: Sequence[str], tier: Tier) -> None:
    compared = [outcome.result.comparison for outcome in outcomes if outcome.result is not None]
    for outcome in outcomes:
        if outcome.error is not None:
            print(outcome.error)
    shares = [each.coverage.reached / each.coverage.branches for each in compared if each.coverage.branches]
    if shares:
        print(f"branch coverage: {sum(shares) / len(shares):.3f} on average, {min(shares):.3f} at least")
    for target in targets:
        found = [each.targets[target] for each in compared]
        mismatches = [mismatch for each in found for mismatch in each.mismatches]
        explained = sum(mismatch.cause is not None for mismatch in mismatches)
        verdicts = Counter(verdict(each, tier) for each in found)
        share = explained / len(mismatches) if mismatches else 1.0
        print(f"{target}: {dict(verdicts)}; {len(mismatches)} mismatches, {share:.3f} explained")
        rest = Counter(each.signature.split(" line ")[0][:110] for each in mismatches if each.cause is None)
        for signature, count in rest.most_common(8):
            print(f"    unexplained {count:4} {signature}")
    print()


def _table(outcomes: Sequence[Outcome[Examined]], templates: Sequence[Template], targets: Sequence[str]) -> int:
    compared = [(each.template, each.result.comparison) for each in outcomes if each.result is not None]
    directly = {each: find_directly(each, templates, targets) for known in CLASSES if (each := known.direct)}
    lost = 0
    print(f"{'class':44} {'target':18} {'then':>5} {'scaled':>6} {'now':>5}")
    for known in CLASSES:
        for target, then in known.seen.items():
            if target not in targets:
                continue
            found = {
                template.sha256
                for template, each in compared
                if any(map(known.holds, each.targets[target].mismatches))
            }
            if known.direct is not None:
                found |= directly[known.direct][target]
            lost += _row(known.title, target, then, len(compared), len(found))
    return lost


def _row(title: str, target: str, then: int, templates: int, now: int) -> bool:
    """Print one line; gives whether the class was not found again."""
    scaled = round(then * templates / _MEASURED_TEMPLATES)
    missing = not now and scaled >= 1
    remark = "LOST" if missing else "" if now * 2 >= scaled else "fewer"
    print(f"{title:44} {target:18} {then:5} {scaled:6} {now:5} {remark}")
    return missing


if __name__ == "__main__":
    sys.exit(main())
