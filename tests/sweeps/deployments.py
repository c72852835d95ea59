"""Whether what a deployment does is ever blamed on a template: every deployment, over portable and real templates.

``python -m tests.sweeps.deployments [TARGET…] [--limit N] [--examples N] [--frontend]``; the portable templates of the corpus here,
and N of ``PORTABLE_TPL_CORPUS``, spread over it. A mismatch of origin ``template`` is caused by a step where the engine
alone, with nothing around it but the patches of a template's source, prints what the reference prints. Printed for each
target: mismatches by origin, those that a step causes, those without a cause; and every one of the last two.
``--frontend``: whether Dynamo's own frontend and the model of it answer alike, conversation by conversation, instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Mismatch, Rendering, same
from portable_tpl.model.report import Comparison
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments import dynamo
from portable_tpl.targets.deployments._dynamo_frontend import frontend_adapter
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.registry import find
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.prepared import prepare, rewritten, steps_for
from portable_tpl.template.syntax.parsing import parse
from tests.sweeps.truth import corpus

TARGETS = (
    *("tgi", "mistral.rs", "dynamo", "smg", "vllm"),
    *("minja", "onnxruntime", "node-llama-cpp", "llama-cpp-python", "transformers.js", "lm-studio"),
)
CONFIRMED = 0.97  # of all causes
_PORTABLE = Path(__file__).parents[2] / "corpus" / "templates" / "portable"
_TEMPLATES = 60


@dataclass
class Tally:
    """What was seen of one target: ``blamed`` on a template for what a step does, and ``unexplained``, as lines."""

    templates: int = 0
    differing: int = 0
    origins: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    blamed: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def confirmed(self) -> float:
        """The part of the mismatches that have a cause."""
        total = sum(self.origins.values())
        return 1.0 if not total else 1 - len(self.unexplained) / total


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether every target is as good as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.deployments")
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--limit", type=int, default=_TEMPLATES)
    parser.add_argument("--examples", type=int, default=80)
    parser.add_argument("--frontend", action="store_true")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    templates = [*portable(), *spread(options.limit)]
    if options.frontend:
        total, lines = against_frontend(templates, CompareSettings(examples=options.examples))
        print(
            *lines, f"{total} conversations, {len(lines)} differences, {time.monotonic() - started:.0f} s", sep="\n"
        )
        return 1 if lines else 0
    tallies = measure(templates, options.targets, CompareSettings(examples=options.examples))
    for target, tally in tallies.items():
        print(
            f"{target}: {tally.templates} templates, {tally.differing} with mismatches; {dict(tally.origins)}; "
            f"{len(tally.blamed)} blamed on a template for a step, {len(tally.unexplained)} without a cause, "
            f"causes confirmed {tally.confirmed:.3f}"
        )
        for name, count in tally.causes.most_common(12):
            print(f"    {count:5} {name}")
        for line in (*tally.blamed, *tally.unexplained):
            print(f"  {line}")
    print(f"{time.monotonic() - started:.0f} s")
    good = all(not tally.blamed and tally.confirmed >= CONFIRMED for tally in tallies.values())
    return 0 if good else 1


def against_frontend(templates: Sequence[Template], settings: CompareSettings) -> tuple[int, list[str]]:
    """How many conversations were rendered, and those that the real frontend and its model answer otherwise."""
    total, lines = 0, []
    frontend = frontend_adapter(dynamo.MODEL).opens
    model = dynamo.MODEL.opens
    assert frontend is not None
    assert model is not None
    with frontend(None, None) as real, model(None, None) as modelled, closing(Tracer()) as tracer:
        for template in templates:
            run = explore(parse(template), tracer, settings, lambda: False)
            conversations = [run.conversations[number] for number in run.chosen]
            total += len(conversations)
            answers = zip(
                conversations,
                real.render_all(template, conversations),
                modelled.render_all(template, conversations),
                strict=True,
            )
            for conversation, one, other in answers:
                if not alike(one, other):
                    lines.append(f"{template.path}: {one!r:.200} / {other!r:.200} / {conversation.key:.400}")
    return total, lines


def alike(one: Rendering, other: Rendering) -> bool:
    """Whether two answers are the same but for the words of an error."""
    if isinstance(one, Failed) and isinstance(other, Failed):
        return one.kind == other.kind
    return one == other


def portable() -> list[Template]:
    """The portable templates of the corpus in this repository."""
    return [Template(path.read_text("utf-8"), path=path.name) for path in sorted(_PORTABLE.glob("*.jinja"))]


def spread(number: int) -> list[Template]:
    """So many of the real templates, spread over all of them."""
    every = [parsed.template for _, parsed in corpus()]
    return every[:: max(1, len(every) // number)][:number] if number else []


def measure(templates: Sequence[Template], targets: Sequence[str], settings: CompareSettings) -> dict[str, Tally]:
    """Compare every template on every target."""
    tallies = {target: Tally() for target in targets}
    with Session(targets) as session, closing(BareEngines()) as engines:
        for number, comparison in compared(session, templates, settings):
            for target, tally in tallies.items():
                mismatches = comparison.targets[target].mismatches
                tally.templates += 1
                tally.differing += bool(mismatches)
                for mismatch in mismatches:
                    _count(tally, mismatch, templates[number], session.reference, engines, target)
    return tallies


def compared(
    session: Session, templates: Sequence[Template], settings: CompareSettings
) -> Iterator[tuple[int, Comparison]]:
    """The comparison of each template that the reference parses, with its number."""
    for number, template in enumerate(templates):
        try:
            parsed = parse(template)
            yield number, session.compare(parsed, settings)
        except TemplateSyntaxError:
            continue
        print(f"{number + 1} of {len(templates)}: {template.path}", file=sys.stderr, flush=True)


def _count(
    tally: Tally, mismatch: Mismatch, template: Template, reference: Runtime, engines: BareEngines, target: str
) -> None:
    tally.origins[mismatch.origin] += 1
    tally.causes[f"{mismatch.origin} {mismatch.cause}"] += 1
    line = f"{template.path}: {mismatch.signature} ({mismatch.cases} cases)"
    if mismatch.cause is None:
        tally.unexplained.append(f"no cause: {line}")
    if mismatch.origin == "template" and caused_by_steps(mismatch.conversation, template, reference, engines, target):
        tally.blamed.append(f"a step: {line}")


def caused_by_steps(
    conversation: Conversation, template: Template, reference: Runtime, engines: BareEngines, target: str
) -> bool:
    """Whether a target's engine agrees with the reference once all steps are taken away but those on the template."""
    engine = engines.of(target)
    if engine is None:
        return False
    steps = steps_for(template, [step(name) for name in find(target)[0].steps], engine.render_all)
    patches = [each for each in steps if each.changes_template and not each.changes_request]
    expected = reference.render(template, conversation)
    bare = engine.render(template, conversation)
    patched = engine.render(rewritten(template, patches), prepare(conversation, patches))
    return same(expected, bare) or same(expected, patched)


if __name__ == "__main__":
    sys.exit(main())
