"""A filter, test, function, macro or other template exists nowhere.

What it asks
------------
Whether each filter, test, function and macro that the template names is one of the reference's, the template's own,
or one that the deployment is configured to bring (``provided``); and whether it loads another template, which no
engine does. Nothing is rendered; ``check`` says it, too.

Why it matters
--------------
Each request that reaches the name fails on every engine. It often stands in a branch that the author never tried.

Example
-------
``{{ arguments | fromjson }}``: no engine has such a filter.

What to do
----------
Use what the reference has, define the macro before it is called, write what is loaded into the template itself, or
name what your deployment brings under ``provided`` in the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.findings import Severity
from portable_tpl.release._base import Example, Observation, Subject
from portable_tpl.template.names.unknown import unknown_names

CODE = "REL116"

_SAYS = {
    "filter": "No engine has the filter {name}",
    "test": "No engine has the test {name}",
    "function": "Nothing defines {name}, which is called here",
    "macro": "The macro {name} is not defined where it is called",
    "template": "No engine loads another template: the statement {name} fails",
}


def examine_static(subject: Subject, provided: frozenset[str]) -> Iterator[Observation]:
    """One observation a name, at its first use."""
    known: set[tuple[str, str]] = set()
    for unknown in unknown_names(subject.parsed, provided):
        if (unknown.kind, unknown.name) not in known:
            known.add((unknown.kind, unknown.name))
            message = _SAYS[unknown.kind].format(name=unknown.name)
            yield Observation(Severity.ERROR, message, span=subject.parsed.span(unknown.node))


VALID = (
    Example("{{ messages | tojson | trim }}"),
    Example("{%- macro turn(m) %}{{ m.content }}{% endmacro %}{{ turn(messages[0]) }}"),
    Example("{{ render_extras(messages) if render_extras is defined else '' }}"),
)
INVALID = (
    Example("{{ messages[0].content | fromjson }}", Severity.ERROR),
    Example("{%- if tools %}{{ render_tools(tools) }}{% endif %}", Severity.ERROR),
    Example("{%- if messages is nonempty %}{{ messages[0].content }}{% endif %}", Severity.ERROR),
    Example("{%- if tools %}{% include 'tools.jinja' %}{% endif %}{{ messages[0].content }}", Severity.ERROR),
)
