"""Control tokens are joined from pieces, which defeats the sanitising of user text.

What it asks
------------
Whether a control token is put together when the prompt is made: ``'<|' + message.role + '|>'``.

Why it matters
--------------
transformers' ``sanitize_control_tokens`` takes the control tokens that the template's text holds out of what users
send. One that is joined from pieces does not stand in that text: a user who writes it opens a turn of their own (a
note). That user text can hold a control token is true of every template, so it is no finding by itself.

Example
-------
``{{ '<|' + message.role + '|>' }}``.

What to do
----------
Write the tokens whole, one branch a role: ``{% if message.role == 'user' %}{{ '<|user|>' }}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from jinja2 import nodes

from portable_tpl.model.findings import Severity
from portable_tpl.release._base import Example, Observation, Subject

CODE = "REL114"

_OPEN = re.compile(r"<[|｜][^|｜<>]*$")


def examine_static(subject: Subject, _provided: frozenset[str]) -> Iterator[Observation]:
    """One note, at the first such place."""
    for node in subject.parsed.nodes:
        if isinstance(node, nodes.Output):
            pieces = [piece for each in node.nodes for piece in _pieces(each)]
            for piece, following in pairwise(pieces):
                opened = _OPEN.search(_literal(piece))
                if opened is not None and not isinstance(following, (nodes.Const, nodes.TemplateData)):
                    yield Observation(
                        Severity.NOTE,
                        f"A control token is joined from pieces after '{opened[0]}': transformers' "
                        "sanitize_control_tokens cannot see it",
                        span=subject.parsed.span(following),
                    )
                    return


def _pieces(node: nodes.Node) -> Iterator[nodes.Node]:
    """What is printed in a row, where texts are joined."""
    if isinstance(node, nodes.Add):
        yield from _pieces(node.left)
        yield from _pieces(node.right)
    elif isinstance(node, nodes.Concat):
        for each in node.nodes:
            yield from _pieces(each)
    else:
        yield node


def _literal(node: nodes.Node) -> str:
    if isinstance(node, nodes.TemplateData):
        return node.data
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


VALID = (
    Example("{%- for m in messages %}{{ '<|im_start|>' + m.role + m.content + '<|im_end|>' }}{% endfor %}"),
    Example("{%- for m in messages %}<|user|>{{ m.content }}{% endfor %}"),
    Example("{%- for m in messages %}{{ '<' + m.role + '>' + m.content }}{% endfor %}"),
)
INVALID = (
    Example("{%- for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}", Severity.NOTE),
    Example("{%- for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}", Severity.NOTE),
    Example("{%- for m in messages %}{{ '<|start_' ~ m.role ~ '|>' ~ m.content }}{% endfor %}", Severity.NOTE),
)
