"""None printed as text.

What it does
------------
Finds values that can be ``none`` where they are printed.

Why it breaks
-------------
jinja2 prints ``None``; @huggingface/jinja, llama.cpp and minja print nothing, older minijinja prints ``none``.

Example
-------
``{{ message.content }}`` where the content can be null.

Fix safety
----------
No fix is offered, since nobody wants ``None`` in a prompt: ask ``is not none`` first, or print ``(x or '')``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.rules._base import Example
from portable_tpl.rules._printing import printed

CODE = "PTL601"
VISITS = {nodes.Output: printed(frozenset({"none"}))}
VALID = (Example("{{ messages[0].content }}", targets=("hf-jinja", "llama.cpp-engine")),)
INVALID = (Example("{{ tools }}", targets=("hf-jinja",)), Example("{{ none }}", targets=("llama.cpp-engine",)))
