"""Warm engines for release checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from portable_tpl.differential.between.compare import difference_between
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.source import Template
from portable_tpl.release._base import ContainerSubject, Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import Inspection, inspect_container, inspect_template
from portable_tpl.sources import Container, open_container
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template.syntax.parsing import parse

Inspect = Callable[..., Inspection]
Model = Callable[[str, Mapping[str, str]], Container]


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The reference and its tracer."""
    reference, tracer = open_runtime(REFERENCE), Tracer()
    assert isinstance(reference, Reference)
    yield Engines(
        reference, tracer, reproduce, difference=lambda old, new: difference_between(old, new, reference, tracer)
    )
    reference.close()
    tracer.close()


@pytest.fixture(scope="session")
def inspect(engines: Engines, model: Model) -> Inspect:
    """What the release checks say about a template's text."""

    def ask(
        text: str,
        *codes: str,
        engines: Engines = engines,
        files: Mapping[str, str] | None = None,
        **fields: object,
    ) -> Inspection:
        container = model(text, files) if files else None
        template = Template(text, **fields) if container is None else container.template()  # type: ignore[arg-type]
        return inspect_template(Subject(parse(template), container), Inquiry(template, engines), codes or None)

    return ask


@pytest.fixture(scope="session")
def inspect_model(engines: Engines, model: Model) -> Inspect:
    """What the release checks say about a model's files."""

    def ask(text: str, *codes: str, files: Mapping[str, str]) -> Inspection:
        container = model(text, files)
        subjects = tuple(Subject(parse(template), container) for template in container.templates)
        inquiry = Inquiry(container.templates[0], engines)
        return inspect_container(ContainerSubject(container, subjects), inquiry, codes or None)

    return ask


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model's folder with a template and other files, by name."""

    def make(text: str, files: Mapping[str, str]) -> Container:
        folder = tmp_path_factory.mktemp("model")
        for name, content in {"chat_template.jinja": text, **files}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content, "utf-8")
        return open_container(str(folder))

    return make
