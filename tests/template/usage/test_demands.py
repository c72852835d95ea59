"""What a template is seen to do with a name, whatever the name is a part of."""

from __future__ import annotations

import pytest

from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.demands import Demands


@pytest.mark.parametrize(
    "text, name, keys, uses",
    [
        ("{{ m.a.b }}", "a", {"b"}, set()),
        ("{{ m.a.b }}", "b", set(), {"printed"}),
        ("{{ f().a.b }}", "a", {"b"}, set()),
        ("{{ m.get('a') }}{{ m.get(a, 'b') }}", "m", {"a"}, set()),
        ("{% for x in xs if x.y %}{% endfor %}", "xs", set(), {"iterated"}),
        ("{% for x in xs if x.y %}{% endfor %}", "xs[]", {"y"}, set()),
        ("{% for x in xs if x.y %}{% endfor %}", "y", set(), {"truth"}),
        ("{% for k, v in d.items() %}{{ v.x }}{% endfor %}", "d{}", {"x"}, set()),
        ("{{ d[k] }}", "d", set(), {"iterated", "mapping"}),
        ("{{ xs|map(attribute='a')|join }}", "xs[]", {"a"}, set()),
        ("{{ xs|selectattr('a', 'equalto', 'b')|list }}", "a", set(), {"truth"}),
        ("{% set ns = namespace(x=y) %}{{ ns.x.a }}", "y", {"a"}, set()),
        ("{% set ns.x = y %}{% if ns.x %}{% endif %}", "y", set(), {"truth"}),
        ("{% macro f(t) %}{{ t.a }}{% endmacro %}{{ f(x) }}{{ f(t=z) }}", "z", {"a"}, set()),
        ("{% if x is equalto(y.a) %}{% endif %}", "y", {"a"}, set()),
    ],
)
def test_keys_and_uses(text: str, name: str, keys: set[str], uses: set[str]) -> None:
    demand = Demands(parse(Template(text))).of(name)
    assert demand.keys == keys
    assert demand.uses >= uses


def test_what_is_asked_for_with_in_is_wanted_too() -> None:
    demands = Demands(parse(Template("{% if 'a' in m and 'b c' in m %}{{ m.d }}{% endif %}")))
    assert demands.of("m").wanted == {"a", "d"}
    assert demands.asks_for("a")
    assert not demands.asks_for("e")
