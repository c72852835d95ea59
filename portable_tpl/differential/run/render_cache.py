"""Renderings that are asked for again: shrinking and the search for causes come back to the same conversations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered, Rendering, is_stopped
from portable_tpl.model.source import Template

_LARGEST = 16 << 20  # bytes

_Key = tuple[str, tuple[tuple[str, str], ...], str]
RenderAll = Callable[[Template, Sequence[Conversation]], "list[Rendering]"]


class Memory:
    """What one engine gave; all is forgotten when it grows too large."""

    def __init__(self) -> None:
        self._known: dict[_Key, Rendering] = {}
        self._size = 0

    def render_all(
        self, render_all: RenderAll, template: Template, conversations: Sequence[Conversation]
    ) -> list[Rendering]:
        """Render many conversations with one template; ``render_all`` is asked for those that are not known."""
        tokens = tuple(template.special_tokens.items())
        try:
            keys = [(template.text, tokens, conversation.key) for conversation in conversations]
        except RecursionError:
            return render_all(template, conversations)  # which has words for values that are nested too deeply
        if self._size > _LARGEST:
            self._known.clear()
            self._size = 0
        fresh = {key: each for key, each in zip(keys, conversations, strict=True) if key not in self._known}
        given = dict(zip(fresh, render_all(template, list(fresh.values())), strict=True)) if fresh else {}
        renderings = [given[key] if key in given else self._known[key] for key in keys]
        for key, answer in given.items():
            if not is_stopped(answer):
                self._known[key] = answer
                self._size += len(key[2]) + (sys.getsizeof(answer.text) if isinstance(answer, Rendered) else 0)
        return renderings
