"""Statements that an engine does not have.

What it does
------------
Finds tags, and forms of them, that a target cannot read: ``{% generation %}``, ``{% break %}``, ``{% with %}``,
``{% raw %}``, ``{% for … recursive %}``.

Why it breaks
-------------
A tag that is not known is a syntax error: the template does not load at all.

Example
-------
``{% generation %}…{% endgeneration %}`` is transformers' own.

Fix safety
----------
Unsafe for ``{% generation %}``: without the tags the prompt is the same, but not the mask of what a model is
trained on. Safe where the tags are only spelled as hosts take them out, and the white space beside them is kept."""

from __future__ import annotations

import re
from functools import partial

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look, Visit
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import edits
from portable_tpl.rewriting.generation import TAG, respelled, sides
from portable_tpl.rewriting.literals import printed_text

CODE = "PTL501"
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")


def _call_block(node: nodes.CallBlock, look: Look) -> None:
    if isinstance(node.call.node, nodes.ExtensionAttribute):
        look.use("statement.generation", node, lambda: _without_tags(node, look))
        _generation(node, look)
    else:
        look.use("statement.call", node)
        if node.args:
            look.use("statement.call.arguments", node)


_WIDE = re.compile(r"\{%(?! generation %\}| endgeneration %\})")


def _generation(node: nodes.CallBlock, look: Look) -> None:
    """The tags as they are spelled: several deployments take them out as text, in one spelling only."""
    span = look.parsed.span(node)
    tags = list(TAG.finditer(look.parsed.text, span.start, span.end))
    if any("-" in tag.group() for tag in tags):
        look.use("statement.generation.dashes", node, lambda: respelled(node, look))
    elif any(_WIDE.match(tag.group()) for tag in tags):
        look.use("statement.generation.spaces", node, lambda: respelled(node, look))
    if any(sides(tag).drop for tag in tags):
        look.use("statement.generation.newlines", node, lambda: respelled(node, look))


def _without_tags(node: nodes.CallBlock, look: Look) -> Fix | None:
    """The block without its tags; ``-`` and the line break after a tag, which went with it, go on going."""
    span = look.parsed.span(node)
    tags = list(TAG.finditer(look.parsed.text, span.start, span.end))
    if len(tags) != 2:
        return None
    changes = []
    for tag in tags:
        left = "-" if tag.group().startswith("{%-") else ""
        right = "-" if tag.group().endswith("-%}") else ""
        changes.append((*tag.span(), f"{{#{left} {right}#}}"))
    return edits("Leave out the tags", Safety.UNSAFE, *changes)


def _for(node: nodes.For, look: Look) -> None:
    look.use("statement.for", node)
    if node.recursive:
        look.use("for.recursive", node)
    if node.test is not None:
        look.use("for.filter", node)
    if node.else_:
        look.use("for.else", node)


def _output(node: nodes.Output, look: Look) -> None:
    if look.parsed.lexed.tokens[look.parsed.anchors[node]].key == "name:print":
        look.use("statement.print", node)


def _filter_block(node: nodes.FilterBlock, look: Look) -> None:
    look.use("statement.filter-block", node)
    if node.filter.args:
        look.use("statement.filter-block.argument", node)
    if isinstance(node.filter.node, nodes.Filter):
        look.use("statement.filter-block.chain", node)


def _statement(name: str) -> Visit:
    def visit(node: nodes.Stmt, look: Look) -> None:
        look.use(f"statement.{name}", node)

    return visit


def _assign(node: nodes.Assign, look: Look) -> None:
    if isinstance(node.target, nodes.NSRef):
        look.use("statement.set.namespace", node)
    elif isinstance(node.node, nodes.Tuple) and not isinstance(node.target, nodes.Tuple):
        bare = look.breaks("statement.set.tuple") and not look.parsed.source(node.node).startswith("(")
        if bare:
            look.use("statement.set.tuple", node)


def _assign_block(node: nodes.AssignBlock, look: Look) -> None:
    look.use("statement.set-block", node)
    if node.filter is not None:
        look.use("statement.set-block.filter", node)
    if isinstance(node.target, nodes.NSRef):
        look.use("statement.set.namespace-block", node)


def _template(node: nodes.Template, look: Look) -> None:
    if _RAW.search(look.parsed.text) is None:
        return
    tokens = look.parsed.tokens
    for number, token in enumerate(tokens):
        if token.kind == "raw_begin":
            look.use("statement.raw", node, partial(printed_text, number, look), token.span)


VISITS = {
    nodes.Template: _template,
    nodes.CallBlock: _call_block,
    nodes.For: _for,
    nodes.With: _statement("with"),
    nodes.Output: _output,
    nodes.Block: _statement("block"),
    nodes.ScopedEvalContextModifier: _statement("autoescape"),
    nodes.FilterBlock: _filter_block,
    nodes.Break: _statement("break"),
    nodes.Continue: _statement("continue"),
    nodes.Extends: _statement("extends"),
    nodes.Include: _statement("include"),
    nodes.Import: _statement("import"),
    nodes.FromImport: _statement("from-import"),
    nodes.Assign: _assign,
    nodes.AssignBlock: _assign_block,
}
VALID = (Example("{% for m in messages %}{{ m.content }}{% endfor %}", targets=("minijinja", "hf-jinja")),)
INVALID = (
    Example("{% generation %}x{% endgeneration %}", targets=("minijinja",), fixed="{# #}x{# #}"),
    Example("{% with a = 1 %}{{ a }}{% endwith %}", targets=("hf-jinja", "llama.cpp-engine")),
    Example("{% raw %}{{ x }}{% endraw %}", targets=("hf-jinja",), fixed="{{ '{{ x }}' }}"),
    Example('{{ "a" }} {%- raw -%} <|end|>\n{% endraw %}\n b', ("hf-jinja",), fixed='{{ "a" }}{{ "<|end|>\\n" }} b'),
)
