"""Attributes and items of values that have none.

What it does
------------
Finds ``x.name``, ``x['name']`` and ``x[0]`` on kinds of values for which a target fails, or finds something
that is not there in the reference; and ``x[key]`` where the key can be something that no mapping has.

Why it breaks
-------------
jinja2 gives an undefined value for whatever is missing, on text and numbers too. Engines with stricter types
fail, and engines that count text in bytes give half a character for ``text[0]``.

Example
-------
``{% if message.content[0].text is defined %}`` where the content can be text.

Fix safety
----------
Safe for a key of a table that the template writes: ``table[key] is defined`` becomes ``key is string and …``.
Elsewhere ask ``is string`` or ``is mapping`` first.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.calls import only_compared
from portable_tpl.rewriting.mapping import text_key
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL607"
_OTHER_SCRIPTS = frozenset({"unicode", "unicode-spaced"})


def _attribute(node: nodes.Getattr, look: Look) -> None:
    parent = look.parent(node)
    if isinstance(parent, nodes.Call) and parent.node is node:
        return
    if look.type(node).bits & k.UNDEFINED and "attr.missing" in look.families:
        kinds = look.kinds(node.node)
        if not look.type(node.node).bits & k.FUNCTION:
            # Of a method of the data: other engines give no such thing there, which the rule about methods says.
            kinds = tuple(kind for kind in kinds if kind != "function")
        look.use_by_kind("attr.missing", kinds, node)


def _item(node: nodes.Getitem, look: Look) -> None:
    if isinstance(node.arg, nodes.Slice):
        return
    key = constant(node.arg)
    if isinstance(key, str):
        if look.type(node).bits & k.UNDEFINED:
            look.use_by_kind("item.word", look.kinds(node.node), node)
        return
    if node.arg.__class__ is not nodes.Const and look.type(node.node).bits & k.DICT:
        look.use_by_kind("item.key", look.brief(node.arg), node, lambda: text_key(node, look))
    if isinstance(node.node, nodes.Const) and not isinstance(node.node.value, (str, bool)):
        look.use("item.of-number", node)
    if not isinstance(key, int) or isinstance(key, bool):
        look.use_by_pair("item.by", look.brief(node.node), look.brief(node.arg), node)
        if look.type(node.arg).bits & k.BOOL and "unicode" in look.kinds(node.node):
            look.use("item.int@unicode", node)  # false is 0
    if isinstance(key, int) or look.type(node.arg).bits & k.INT:
        _by_number(node, key, look)


def _by_number(node: nodes.Getitem, key: object, look: Look) -> None:
    parent = look.parent(node)
    defined = isinstance(parent, nodes.Test) and parent.name in ("defined", "undefined", "none")
    last = isinstance(key, int) and key < 0
    family = "item.int" if key == 0 else "item.negative" if last else "item.int.inner"
    if defined:
        family = f"{family.replace('.inner', '')}.defined"
    kinds = look.kinds(node.node)
    if only_compared(node, look):
        kinds = tuple(kind for kind in kinds if kind not in _OTHER_SCRIPTS)
    inside = _goes_into(node, look)
    if inside:
        # A character has no parts, whole or not.
        kinds = tuple(kind for kind in kinds if kind != "empty-list" and kind not in _OTHER_SCRIPTS)
    look.use_by_kind(family, kinds, node)
    if look.type(node).bits & k.UNDEFINED and not inside:
        look.use_by_kind("item.missing", kinds, node)


def _goes_into(node: nodes.Getitem, look: Look) -> bool:
    """Whether something is taken from an item, so that the reference fails too where there is none."""
    parent = look.parent(node)
    return isinstance(parent, (nodes.Getattr, nodes.Getitem)) and parent.node is node


VISITS = {nodes.Getattr: _attribute, nodes.Getitem: _item}
VALID = (Example("{{ messages[0].content }}{{ messages[0]['role'] }}", targets=("hf-jinja", "llama.cpp-engine")),)
INVALID = (
    Example("{{ messages[0].content[0] }}", targets=("llama.cpp-engine",)),
    Example("{% set names = {'a': 'b'} %}{{ names[messages[0].nickname] is defined }}", targets=("hf-jinja",)),
    Example(
        "{% set names = {'a': 'b'} %}{% if names[messages[0].nickname] is defined %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% set names = {'a': 'b'} %}{% if messages[0].nickname is string and "
        "names[messages[0].nickname] is defined %}x{% endif %}",
    ),
)
