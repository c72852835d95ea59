"""Python methods that an engine does not have.

What it does
------------
Finds calls of methods of texts, mappings and lists, such as ``.strip()`` or ``.items()``.

Why it breaks
-------------
Methods belong to Python, not to Jinja. An engine in another language has those that its authors thought of, or
none: minijinja has them only with ``pycompat``. The call is then an error while rendering.

Example
-------
``{{ message.content.strip() }}`` is ``{{ message.content|trim }}`` in plain Jinja.

Fix safety
----------
Safe where filters, operators or slices do the same for every value that can arrive there, or a small macro that
is put at the top of the template (for ``split``); each rewrite is proved on the reference. ``title`` is unsafe:
the filter of that name takes words apart elsewhere.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.calls import method_call
from portable_tpl.rewriting.methods import rewrite

CODE = "PTL101"
IMITATED = True


def _call(node: nodes.Call, look: Look) -> None:
    call = method_call(node, look)
    if call is None:
        return
    for type_ in call.types:
        look.use(f"method.{type_}.{call.name}", node, lambda: rewrite(node, call, look))


VISITS = {nodes.Call: _call}
VALID = (
    Example("{{ messages[0].content|trim }}"),
    Example("{{ messages[0].content.strip() }}", targets=("minijinja",)),
    Example("{% macro m() %}{% endmacro %}{{ m() }}"),
)
INVALID = (
    Example("{{ messages[0].content.strip() }}", fixed="{{ messages[0].content|trim }}"),
    Example(
        "{% for k, v in {'a': 1}.items() %}{{ k }}{% endfor %}",
        fixed="{% for k, v in {'a': 1}|items %}{{ k }}{% endfor %}",
    ),
    Example("{{ messages[0].content.zfill(3) }}", targets=("minijinja",)),
)
