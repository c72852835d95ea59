"""The reference's environment against that of the real transformers package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from jinja2.exceptions import TemplateError

from portable_tpl.model.source import Template
from portable_tpl.template.syntax.environment import RefusalError, reference_environment, render_with_generation

CLOCK = datetime(2026, 1, 1, 12, 30)
CONTEXT = {"messages": [{"role": "user", "content": "<é>&'"}], "a": 1, "d": {"b": [1, 2.5, None, True]}, "s": " x "}
TEMPLATES = [
    "{{ namespace }}{{ tojson }}{{ strftime_now.x }}{{ dict.__class__ }}",
    "{% set n = namespace(self=1, a=2) %}{% set n.b = 3 %}{{ n }}{{ n.a }}{{ n.self }}{{ n.c }}",
    "{{ namespace({1: 2}) }}",
    "{{ namespace(1) }}",
    "{{ namespace(_b=1) }}",
    "{{ namespace({'__class__': 1}) }}",
    "{% set n = namespace() %}{% set n._a = 1 %}",
    "{% set a.b = 1 %}",
    "{{ namespace().x.y }}",
    "{{ dict(a=1) }}{{ dict([(1, 2)], b=3) }}{{ dict.fromkeys([1, 2], 3) }}{{ dict.update }}",
    "{{ dict(1) }}",
    "{{ dict.x.y }}",
    "{{ '' + dict }}",
    "{{ '' + namespace() }}",
    "{{ d | tojson }}{{ messages | tojson(indent=2) }}{{ d | tojson(ensure_ascii=True, sort_keys=True) }}",
    "{{ d | tojson(separators=(',', ':')) }}{{ d | tojson(false, 4) }}{{ d | tojson(indent='\t') }}",
    "{{ d | tojson(foo=1) }}",
    "{{ nothing | tojson }}",
    "{{ 1e400 | tojson }}{{ 'é\u2028\ud800' | tojson }}",
    "{{ raise_exception('no: ' ~ a) }}",
    "{{ raise_exception(message='x') }}",
    "{{ raise_exception(5) }}",
    "{{ raise_exception() }}",
    "{{ raise_exception(1, 2) }}",
    "{{ strftime_now() }}",
    "{{ strftime_now(1) }}",
    "{% for m in messages %}\n  {%- if m.role == 'x' %}{% continue %}{% endif %}\n  {{ m.content }}\n  {% break %}\n{% endfor %}\n\n",
    "a {% generation %}\n{{ s }}{% set s = 1 %}\n{% endgeneration %}\n{{ s }}\n",
    "{% generation %}{{ 1 / 0 }}{% endgeneration %}",
    "{{ [1].append(2) }}",
    "{{ d.update({}) }}",
    "{{ a.__class__ }}{{ ''.__class__.__mro__ }}",
    "{{ '%s' | format(a) }}{{ '{0.__class__}'.format(a) }}",
    "{{ a | nope }}",
    "{% if not a %}{{ a | nope }}{% endif %}ok",
    "{{ nothing.x }}",
    "{{ range(100001) | length }}",
    "{{ lipsum }}{{ cycler('a').next() }}{{ joiner('-')() }}",
    "{% include 'x' %}",
]
Render = Callable[[str], object]


@pytest.fixture(scope="module")
def real() -> Iterator[Render]:
    """Rendering by transformers' own environment, on our clock."""
    module = pytest.importorskip("transformers.utils.chat_template_utils")
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "datetime", type("Clock", (), {"now": staticmethod(lambda: CLOCK)}))
    yield lambda text: outcome(lambda: module._compile_jinja_template(text).render(**CONTEXT))
    patch.undo()


OURS = reference_environment(lambda: CLOCK)


def ours(text: str) -> object:
    return outcome(lambda: OURS.from_string(text).render(**CONTEXT))


def outcome(render: Callable[[], Any]) -> object:
    try:
        return render()
    except RefusalError as error:
        return TemplateError, str(error)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("text", TEMPLATES)
def test_equal_to_transformers(real: Render, text: str) -> None:
    assert ours(text) == real(text)


def test_clock(real: Render) -> None:
    text = "{{ strftime_now('%Y-%m-%d %H:%M:%S|%Z|%d %b %Y') }}"
    assert ours(text) == real(text) == "2026-01-01 12:30:00||01 Jan 2026"


def test_real_templates_render_alike(real: Render, corpus_templates: list[Template]) -> None:
    different = [item.path for item in corpus_templates[::4] if ours(item.text) != real(item.text)]
    assert different == []


def test_a_refusal_has_a_type_of_its_own() -> None:
    template = reference_environment().from_string("{{ raise_exception('no') }}")
    with pytest.raises(RefusalError, match=r"^no$"):
        template.render()


def test_an_error_is_no_refusal() -> None:
    template = reference_environment().from_string("{{ nothing.x }}")
    with pytest.raises(TemplateError) as raised:
        template.render()
    assert not isinstance(raised.value, RefusalError)


def test_generation_spans(real: Render) -> None:
    module = pytest.importorskip("transformers.utils.chat_template_utils")
    text = "ä{% for m in [1, 2] %}{% generation %}x{{ m }}é{% endgeneration %}-{% endfor %}"
    prompt, spans = render_with_generation(reference_environment().from_string(text), {"messages": []})
    assert (prompt, spans) == ("äx1é-x2é-", [(1, 4), (5, 8)])
    compiled = module._compile_jinja_template(text)
    assert module._render_with_assistant_indices(compiled, [], None, None, False) == (prompt, spans)


def test_spans_are_noted_only_while_recording() -> None:
    template = reference_environment().from_string("{% generation %}x{% endgeneration %}")
    assert render_with_generation(template, {})[1] == [(0, 1)]
    assert template.render() == "x"
    assert render_with_generation(template, {})[1] == [(0, 1)]


def test_the_clock_is_asked_at_each_call() -> None:
    times = iter([datetime(2001, 1, 1), datetime(2002, 1, 1)])
    template = reference_environment(lambda: next(times)).from_string(
        "{{ strftime_now('%Y') }}{{ strftime_now('%Y') }}"
    )
    assert template.render() == "20012002"
