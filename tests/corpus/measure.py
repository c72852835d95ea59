"""Run ``python -m tests.corpus.measure`` to write anew what the installed engines do with each regression."""

from __future__ import annotations

import json

from portable_tpl.model.conversation import parse_conversation
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.source import Template
from portable_tpl.targets.registry import open_runtime
from tests.corpus.sample import DIVERGENCES, MEASURED, described, outcome, read_lines

TARGETS = ("minijinja", "minijinja-strict", "hf-jinja", "llama.cpp-engine", "minja-engine")


def main() -> None:
    """Measure every engine that is installed; what others did stays as it was."""
    rows = read_lines(DIVERGENCES)
    cases = [(Template(row["template"]), parse_conversation(row["conversation"], row["id"])) for row in rows]
    reference = open_runtime("transformers")
    expected = [reference.render(*case) for case in cases]
    measured = json.loads(MEASURED.read_text("utf-8"))
    measured["engines"]["transformers"] = reference.version
    for row, rendering in zip(rows, expected, strict=True):
        row["reference"] = described(rendering)
    for target in TARGETS:
        try:
            runtime = open_runtime(target)
        except (TargetUnavailable, UnknownTarget) as error:
            print(f"{target}: left as it was: {error}")
            continue
        measured["engines"][target] = runtime.version
        for row, case, rendering in zip(rows, cases, expected, strict=True):
            found = outcome(rendering, runtime.render(*case))
            row["targets"].pop(target, None)
            if found is not None:
                row["targets"][target] = found
        runtime.close()
        print(f"{target}: {sum(target in row['targets'] for row in rows)} of {len(rows)} diverge")
    reference.close()
    DIVERGENCES.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    MEASURED.write_text(json.dumps(measured, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
