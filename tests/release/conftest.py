"""Warm engines for release checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.source import Template
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import Inspection, inspect_template
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template.syntax.parsing import parse

Inspect = Callable[..., Inspection]


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The reference and its tracer."""
    reference, tracer = open_runtime(REFERENCE), Tracer()
    assert isinstance(reference, Reference)
    yield Engines(reference, tracer, reproduce)
    reference.close()
    tracer.close()


@pytest.fixture(scope="session")
def inspect(engines: Engines) -> Inspect:
    """What the release checks say about a template's text."""

    def ask(text: str, *codes: str, engines: Engines = engines, **fields: object) -> Inspection:
        template = Template(text, **fields)  # type: ignore[arg-type]
        return inspect_template(Subject(parse(template)), Inquiry(template, engines), codes or None)

    return ask
