"""Names that are defined elsewhere.

What it does
------------
Finds names that the template does not set and that are defined in a target and not in the reference, or the other way
round: ``self``, ``str``, ``date_string``, ``datetime``; and what is asked of ``tools`` and ``documents``, which are
null in the reference where there are none. What a deployment's own steps make of names is not the template's to mend.

Why it breaks
-------------
Engines bring names of their own, and ``is defined`` tells them apart.

Example
-------
``{% if date_string is defined %}``

Fix safety
----------
No fix is offered: pass the value as a variable of the template.
"""

from __future__ import annotations

from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.calls import as_condition
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL803"
_BOUND = frozenset({"loop", "caller", "varargs", "kwargs"})
_ABSENT = ("tools", "documents")  # null where there are none


def _template(_node: nodes.Template, look: Look) -> None:
    """All names at once: most are set by the template itself."""
    names = [node for node in look.parsed.nodes if isinstance(node, nodes.Name)]
    own = _BOUND.union(name.name for name in names if name.ctx != "load")
    for name in names:
        if name.name not in own:
            _name(name, look)


def _name(node: nodes.Name, look: Look) -> None:
    if node.name in _ABSENT:
        if look.type(node).bits & (k.NONE | k.UNDEFINED):
            look.use(FeatureId.of("name", node.name, _way(node, look)), node)
    elif not isinstance(look.parent(node), nodes.Call) or node.name not in DEFAULT_NAMESPACE:
        look.use(FeatureId.of("name", node.name), node)


def _way(node: nodes.Name, look: Look) -> str:
    """What is asked of a variable that may be null or undefined: its truth is the same, its value is not."""
    parent = look.parent(node)
    if as_condition(node, look):
        return "truth"
    if isinstance(parent, nodes.Test) and parent.node is node:
        return {"defined": "defined", "undefined": "defined", "none": "none"}.get(parent.name, "test")
    if isinstance(parent, nodes.Filter) and parent.node is node:
        return {"default": "default", "d": "default", "tojson": "tojson"}.get(parent.name, "filtered")
    if isinstance(parent, (nodes.Compare, nodes.Operand)):
        return "compared"
    if isinstance(parent, (nodes.Output, nodes.Concat)):
        return "print"
    # The reference, which has null there, fails on all else but passing it on.
    reads = (nodes.For, nodes.Getattr, nodes.Getitem)
    return "read" if isinstance(parent, reads) else "value"


VISITS = {nodes.Template: _template}
VALID = (
    Example("{{ messages[0].content }}", targets=("minijinja",)),
    Example("{% if tools %}{{ tools|tojson }}{% endif %}{{ 'x' if not documents }}", targets=("mistral.rs", "smg")),
    Example("{% if tools is none or not add_generation_prompt %}a{% endif %}", targets=("smg", "llama-cpp-python")),
)
INVALID = (
    Example("{% if self is defined %}a{% endif %}", targets=("minijinja",)),
    Example("{{ 'a' ~ tools }}", targets=("hf-jinja",)),
    Example("{% if cycler is defined %}a{% endif %}", targets=("hf-jinja",)),
)
