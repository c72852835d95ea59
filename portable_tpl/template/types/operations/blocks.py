"""What a block of a template prints, as the text that a name or a filter is given."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.contents import as_text

_SPACE = k.LEADING_SPACE | k.TRAILING_SPACE
# What prints something that no expression in the block shows.
_OTHERS: tuple[type[nodes.Node], ...] = (nodes.CallBlock, nodes.FilterBlock, nodes.Block, nodes.Include)


def block_text(machine: Machine, body: Sequence[nodes.Node]) -> Type:
    """The text that statements print that have just been run; what each expression in them was is known by then."""
    pool = machine.pool
    if all(isinstance(node, nodes.Output) for node in body):
        pieces = [piece for node in body if isinstance(node, nodes.Output) for piece in node.nodes]
        if all(isinstance(piece, nodes.TemplateData) for piece in pieces):
            return pool.text("".join(piece.data for piece in pieces if isinstance(piece, nodes.TemplateData)))
    facts, certain = 0, False
    for node in body:
        if isinstance(node, _OTHERS) or any(node.find_all(_OTHERS)):
            return pool.type(k.STR | k.TEXT_FACTS)
        certain = certain or (isinstance(node, nodes.Output) and _prints(node))
        outputs = [node] if isinstance(node, nodes.Output) else node.find_all(nodes.Output)
        for output in outputs:
            for piece in output.nodes:
                type_ = machine.types.get(id(piece), NEVER)
                facts |= (type_ if isinstance(piece, nodes.TemplateData) else as_text(pool, type_)).bits
    facts &= k.TEXT_FACTS
    return pool.type((k.TEXT_STR if certain else k.STR) | facts | (_SPACE if facts & _SPACE else 0))


def _prints(output: nodes.Output) -> bool:
    """Whether a text of the template is printed for certain."""
    return any(isinstance(piece, nodes.TemplateData) and piece.data for piece in output.nodes)
