"""Rewritings of a template's loops that change nothing on the reference: each turn begins with what was before it."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.model.findings import Edit, apply_edits
from portable_tpl.model.source import Span
from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.parsing import ParsedTemplate


def scope_rewrites(parsed: ParsedTemplate) -> Iterator[tuple[nodes.Node, str]]:
    """The first read of each name that may see an earlier turn's value, and the template in which it cannot.

    The last rewriting is of all such names at once.
    """
    scopes = resolve_names(parsed.tree)
    reads = {
        (loop, name): places[0]
        for loop, starts in scopes.turns.items()
        for name, places in scopes.stale_reads(loop).items()
        # To read before the loop what may be unset there would make jinja2 look for it in the context.
        if not starts[name].unset or not (starts[name].free or starts[name].bindings)
    }
    for place, node in reads.items():
        yield node, _begun_afresh(parsed, [place])
    if len(reads) > 1:
        yield next(iter(reads.values())), _begun_afresh(parsed, list(reads))


def _begun_afresh(parsed: ParsedTemplate, places: list[tuple[nodes.For, str]]) -> str:
    edits: dict[Span, str] = {}
    for loop, name in places:
        start = parsed.span(loop).start
        opening, end = next(
            (token.text, token.span.end)
            for token in parsed.tokens
            if token.kind == "block_end" and token.span.start > start
        )
        before, after = Span(start, start), Span(end, end)
        first = next(token.text for token in parsed.tokens if token.span.start == start)
        if not resolve_names(parsed.tree).turns[loop][name].unset:
            edits[before] = edits.get(before, "") + f"{first} set ptl_{name} = {name} %}}"
        edits[after] = edits.get(after, "") + f"{{% set {name} = ptl_{name} {opening}"
    return apply_edits(parsed.text, tuple(Edit(*span, text) for span, text in edits.items()))
