"""Every operator, filter, test and method on every kind of value: what comes out on the reference was inferred."""

from __future__ import annotations

import pytest

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.types.types import infer
from tests.template.observing import Observer

LITERALS = {
    "text": "'a b'",
    "empty": "''",
    "unicode": "' é<b>\n'",
    "number": "7",
    "zero": "0",
    "negative": "-3",
    "float": "1.5",
    "true": "true",
    "false": "false",
    "none": "none",
    "undefined": "nothing_here",
    "list": "['b', 'a']",
    "numbers": "[3, 1, 2]",
    "mixed": "[1, 'x', none]",
    "dicts": "[{'k': 1, 'n': 'x'}, {'k': 2}]",
    "no list": "[]",
    "tuple": "(1, 'z')",
    "no tuple": "()",
    "dict": "{'k': 1, 'items': 'y'}",
    "no dict": "{}",
    "numbered": "{1: 'a'}",
    "range": "range(3)",
    "no range": "range(0)",
    "markup": "'<i>'|safe",
    "iterator": "['p', 'q']|map('upper')",
    "view": "{'v': 2}.items()",
    "namespace": "namespace(k='in', n=1)",
    "function": "range",
    "method": "'abc'.upper",
}
PAIRED = {
    name: text
    for name, text in LITERALS.items()
    if name in ("text", "empty", "number", "true", "none", "undefined", "list", "tuple", "dict", "markup", "view")
}
FILTERS = [
    "abs",
    "attr('k')",
    "batch(2)",
    "capitalize",
    "center(9)",
    "count",
    "d('x')",
    "default('x')",
    "default('x',true)",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format(1)",
    "groupby('k')",
    "indent",
    "indent(2,true)",
    "int",
    "items",
    "join",
    "join('-')",
    "last",
    "length",
    "list",
    "lower",
    "map('upper')",
    "map(attribute='k')",
    "map(attribute='k',default=0)",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "reject('none')",
    "rejectattr('k')",
    "replace('a','c')",
    "reverse",
    "round",
    "round(1,'floor')",
    "safe",
    "select",
    "select('string')",
    "selectattr('k')",
    "selectattr('k','equalto',1)",
    "selectattr('n','defined')",
    "slice(2)",
    "sort",
    "sort(attribute='k')",
    "string",
    "striptags",
    "sum",
    "sum(attribute='k')",
    "title",
    "tojson",
    "tojson(indent=2)",
    "tojson(ensure_ascii=true)",
    "trim",
    "trim('a')",
    "truncate(3)",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap(2)",
    "xmlattr",
]
TESTS = [
    "boolean",
    "callable",
    "defined",
    "eq(1)",
    "equalto('a')",
    "escaped",
    "even",
    "false",
    "float",
    "ge(1)",
    "gt(1)",
    "in([1,'x'])",
    "integer",
    "iterable",
    "le(1)",
    "lower",
    "lt(1)",
    "mapping",
    "ne(1)",
    "none",
    "number",
    "odd",
    "sameas(true)",
    "sequence",
    "string",
    "true",
    "undefined",
    "upper",
    "divisibleby(2)",
]
METHODS = [
    "upper()",
    "lower()",
    "strip()",
    "strip('a')",
    "lstrip()",
    "rstrip('\\n')",
    "title()",
    "capitalize()",
    "split()",
    "split('a')",
    "split('",
    "',1)",
    "rsplit('b')",
    "splitlines()",
    "startswith('a')",
    "endswith('b')",
    "find('b')",
    "rfind('z')",
    "index('a')",
    "count('a')",
    "replace('a','b')",
    "join(['x','y'])",
    "format(1)",
    "partition('b')",
    "rpartition('b')",
    "removeprefix('a')",
    "removesuffix('b')",
    "zfill(5)",
    "center(5)",
    "isdigit()",
    "isupper()",
    "encode()",
    "swapcase()",
    "casefold()",
    "expandtabs()",
    "get('k')",
    "get('k','d')",
    "get('zz')",
    "items()",
    "keys()",
    "values()",
    "copy()",
    "pop('k')",
    "update({})",
    "append(1)",
]
PARTS = [
    "[0]",
    "[1]",
    "[-1]",
    "['k']",
    ".k",
    ".items",
    ".upper",
    "['items']",
    "[1:]",
    "[:1]",
    "[::-1]",
    "[1:2]",
    "[:-1]",
    "[0:0]",
    "[nothing_here]",
    "[none]",
    "[:]",
]
OTHERS = [
    "x if x",
    "x|string|length",
    "x or 'other'",
    "x and 'other'",
    "[x, x][0]",
    "{'a': x}.a",
    "'a' in x",
    "-x",
    "+x",
    "not x",
]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or"]


def unsound(prefix: str, cases: list[str]) -> list[str]:
    """Render each case on its own, all of them in one template; gives what the inferred types leave out."""
    branches = "".join(f"{{% elif n == {number} %}}{case}" for number, case in enumerate(cases))
    parsed = parse(Template(f"{prefix}{{% if n == -1 %}}{branches}{{% endif %}}"))
    observer = Observer(parsed, infer(parsed, Tier.HOSTILE))
    hello = Conversation([{"role": "user", "content": "Hi"}])
    observer.watch(hello.with_changes(variables={"n": number}) for number in range(len(cases)))
    return [
        f"{parsed.source(bad.node)}: {bad.value!r} is not in {bad.type} ({bad.why})"
        for bad in observer.unsound.values()
    ]


@pytest.mark.parametrize("literal", LITERALS.values(), ids=LITERALS)
def test_one_value(literal: str) -> None:
    expressions = [f"x|{name}" for name in FILTERS]
    expressions += [f"x.{name}" for name in METHODS]
    expressions += [f"x{part}" for part in PARTS]
    cases = [f"{{% set y = {expression} %}}{{{{ y }}}}" for expression in expressions + OTHERS]
    cases += [f"{{% if x is {name} %}}{{{{ x }}}}{{% else %}}{{{{ x }}}}{{% endif %}}" for name in TESTS]
    cases += [
        "{% for a in x %}{{ a }}{{ loop.previtem }}{{ loop.index }}{% else %}{{ x }}{% endfor %}",
        "{% for a, b in x %}{{ a }}{{ b }}{% endfor %}",
        "{% if x %}{{ x }}{% else %}{{ x }}{% endif %}",
    ]
    found = unsound(f"{{% set x = {literal} %}}", cases)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("operator", BINARY)
@pytest.mark.parametrize("literal", PAIRED.values(), ids=PAIRED)
def test_two_values(literal: str, operator: str) -> None:
    cases = [
        f"{{% set y = {other} %}}{{% set z = x {operator} y %}}{{{{ z }}}}"
        f"{{% if x {operator} y %}}{{{{ x }}}}{{{{ y }}}}{{% else %}}{{{{ x }}}}{{{{ y }}}}{{% endif %}}"
        for other in PAIRED.values()
    ]
    found = unsound(f"{{% set x = {literal} %}}", cases)
    assert not found, "\n".join(found)
