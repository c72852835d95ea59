"""Mappings printed as text.

What it does
------------
Finds values that can be mappings where they are printed.

Why it breaks
-------------
jinja2 prints Python's own form, ``{'a': 1}``. Other engines print JSON, or nothing.

Example
-------
``{{ tool }}``

Fix safety
----------
Safe where ``|string`` gives what was printed. Else unsafe: ``|tojson`` prints the same everywhere, and not what was
printed before.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example
from portable_tpl.rewriting.printing import as_text, printed

CODE = "PTL604"
VISITS = {nodes.Output: printed(frozenset({"dict", "empty-dict"}), as_text)}
VALID = (Example("{{ messages[0]|tojson }}", targets=("hf-jinja",)),)
INVALID = (Example("{{ messages[0] }}", targets=("hf-jinja",), fixed="{{ messages[0]|tojson }}"),)
