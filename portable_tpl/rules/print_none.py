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
Safe where the value is always ``none``: the word is printed by name, as the reference does. Since nobody wants it in
a prompt, ``x or ''`` is suggested for a value that can be ``none``; that changes the prompt, so it is never applied.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example
from portable_tpl.rewriting.printing import printed
from portable_tpl.rewriting.spelling import spelled

CODE = "PTL601"
FIX = spelled
VISITS = {nodes.Output: printed(frozenset({"none"}))}
VALID = (Example("{{ messages[0].content }}", targets=("hf-jinja", "llama.cpp-engine")),)
INVALID = (
    Example("{{ tools }}", targets=("hf-jinja",), fixed="{{ tools or '' }}"),
    Example("{{ none }}", targets=("llama.cpp-engine",), fixed="{{ 'None' }}"),
)
