"""Names that are defined elsewhere.

What it does
------------
Finds names that the template does not set and that are defined in a target and not in the reference, or the other way
round: ``self``, ``str``, ``date_string``, ``datetime``.

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

from portable_tpl.checking.base import Example, Look

CODE = "PTL803"


def _name(node: nodes.Name, look: Look) -> None:
    if node.ctx == "load" and node.name not in _set(look):
        look.use(f"name.{node.name}", node)


def _set(look: Look) -> frozenset[str]:
    found: frozenset[str] | None = look.memory.get("names set")
    if found is None:
        names = {node.name for node in look.parsed.nodes if node.__class__ is nodes.Name and node.ctx != "load"}
        names |= {"loop", "caller", "varargs", "kwargs"}
        found = look.memory["names set"] = frozenset(names)
    return found


VISITS = {nodes.Name: _name}
VALID = (Example("{{ messages[0].content }}", targets=("minijinja",)),)
INVALID = (Example("{% if self is defined %}a{% endif %}", targets=("minijinja",)),)
