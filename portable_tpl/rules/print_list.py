"""Lists printed as text.

What it does
------------
Finds values that can be lists where they are printed, and printed lists that hold what a target prints otherwise.

Why it breaks
-------------
jinja2 prints Python's own form, ``['a', 1]``. Other engines print JSON, or the elements one after another.

Example
-------
``{{ message.content }}`` where the content can be a list of parts.

Fix safety
----------
Safe where ``|string`` gives what was printed, and for a list or a mapping that becomes text by a filter: a macro
writes it as Python does. Else unsafe: ``|tojson`` prints the same everywhere, and not what was printed before.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.printing import as_text, inside_of, joined_as, printed, printed_lists
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL603"
_TEXT = frozenset(
    [
        "string",
        "trim",
        "upper",
        "lower",
        "title",
        "capitalize",
        "replace",
        "escape",
        "e",
        "safe",
        "indent",
        "urlencode",
    ]
)
_lists = printed(frozenset({"list", "empty-list"}), as_text)


def _output(node: nodes.Output, look: Look) -> None:
    _lists(node, look)
    printed_lists(node, look)


def _concat(node: nodes.Concat, look: Look) -> None:
    for child in node.nodes:
        inside_of(child, look, joined_as("concat"), "concat")


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name in _TEXT and node.node is not None:
        string = node.name == "string"
        spare = joined_as("filter.string") if string else None
        inside_of(node.node, look, spare, f"filter.{node.name}", node if string else None)
    elif node.name == "map" and node.node is not None and node.args and constant(node.args[0]) in _TEXT:
        inside_of(node.node, look, construct=f"filter.{constant(node.args[0])}", each=True)
    elif node.name == "format":
        for argument in node.args:
            inside_of(argument, look)


def _modulo(node: nodes.Mod, look: Look) -> None:
    if look.type(node.left).bits & (k.STR | k.MARKUP):
        for argument in node.right.items if isinstance(node.right, nodes.Tuple) else (node.right,):
            inside_of(argument, look)


VISITS = {nodes.Output: _output, nodes.Concat: _concat, nodes.Filter: _filter, nodes.Mod: _modulo}
VALID = (Example("{{ messages|tojson }}", targets=("hf-jinja",)),)
INVALID = (
    Example("{{ messages }}", targets=("hf-jinja",), fixed="{{ messages|tojson }}"),
    Example("{{ ['a'] }}", targets=("llama.cpp-engine",), fixed="{{ ['a']|string }}"),
)
