"""A template as a program that runs in this process: the reference's code, with short ways for plain data.

In: a template's text. Out: a :class:`Program`, which turns the reference's context into a prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.model.words import in_one_line
from portable_tpl.rendering.generator import ShortWayGenerator, is_code_as_expected
from portable_tpl.rendering.short_ways import short_ways
from portable_tpl.template.syntax.environment import join_with_generation, reference_environment

_MOST_PROGRAMS = 128  # texts that stay compiled; a folder of models may be rendered in turns


@dataclass(frozen=True)
class Program:
    """A compiled template. It holds no state of a render: threads may share it.

    ``compares_identity`` says whether it may ask if two values are one and the same object.
    """

    template: jinja2.Template
    globals: dict[str, Any]
    compares_identity: bool

    def render(self, context: Mapping[str, Json]) -> str:
        """The prompt; raises what the template raises, with jinja2's rewritten traceback."""
        try:
            return "".join(self._pieces(context))
        except Exception:
            self.template.environment.handle_exception()

    def render_with_spans(self, context: Mapping[str, Json]) -> tuple[str, list[tuple[int, int]]]:
        """The prompt, and the ``(start, end)`` of what its generation blocks printed; raises as :meth:`render`."""
        environment = self.template.environment
        try:
            return join_with_generation(environment, self._pieces(context))
        except Exception:
            environment.handle_exception()

    def _pieces(self, context: Mapping[str, Json]) -> Iterator[str]:
        template, known = self.template, self.globals
        variables = Context(template.environment, {**known, **context}, None, template.blocks, known)
        pieces: Iterator[str] = template.root_render_func(variables)
        return pieces


@lru_cache(maxsize=_MOST_PROGRAMS)
def compile_text(text: str) -> Program:
    """The program of a template's text; raises whatever jinja2 raises for one that it does not accept.

    Constants are worked out here, as in the reference: a template can keep the compiler busy for ever.
    """
    environment, ways = _environment()
    code = environment.compile(text)
    namespace: dict[str, Any] = {"environment": environment, "__file__": code.co_filename}
    exec(code, namespace)
    namespace.update(ways)
    known = dict(environment.globals)
    template = jinja2.Template._from_namespace(environment, namespace, known)
    return Program(template, known, "sameas" in text)


@lru_cache(maxsize=_MOST_PROGRAMS)
def variables_of(text: str) -> frozenset[str]:
    """The names that a template takes from its caller, anywhere."""
    return frozenset(find_undeclared_variables(_environment()[0].parse(text)))


def compile_template(template: Template) -> Program:
    """The program of a template; raises :class:`TemplateSyntaxError` for one that the reference does not accept."""
    from portable_tpl.template.syntax.failures import describe

    try:
        return compile_text(template.text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateSyntaxError(in_one_line(error.message or ""), error.lineno, template.label) from None
    except (Exception, RecursionError) as error:
        raise TemplateSyntaxError(in_one_line(describe(error)), None, template.label) from None


@lru_cache(maxsize=1)
def _environment() -> tuple[Any, Mapping[str, Any]]:
    """The environment that all programs share, and the functions that their code calls."""
    environment = reference_environment()
    if not is_code_as_expected(environment):
        return environment, {}
    environment.code_generator_class = ShortWayGenerator
    return environment, short_ways(environment)
