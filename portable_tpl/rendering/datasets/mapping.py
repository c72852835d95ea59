"""Prompts for data sets in memory: a function for ``datasets.Dataset.map``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import ConversationError, RenderError
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.prompts import prompt_text
from portable_tpl.rendering.rows import RowOptions, parse_columns, row_call


@dataclass(frozen=True)
class RowRenderer:
    """Takes a row, gives ``{"prompt": text}``; see :func:`row_renderer`. It can be pickled and used after forks."""

    chat: ChatTemplate
    options: RowOptions = field(default_factory=RowOptions)
    column: str = "prompt"

    def __call__(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The prompt of one row; raises :class:`RenderError`."""
        try:
            call = row_call(row, self.options)
        except ConversationError as error:
            raise RenderError(f"the row: {error}") from None
        return {self.column: prompt_text(self.chat.rendering(call), self.chat.template)}


def row_renderer(
    chat: ChatTemplate,
    columns: Mapping[str, str] | None = None,
    prompt_column: str = "prompt",
    add_generation_prompt: bool | None = None,
    continue_final_message: bool | str | None = None,
    **variables: Json,
) -> RowRenderer:
    """A function that makes the prompt of a row, for ``datasets.Dataset.map`` (``num_proc`` included) and ``map``.

    A row has ``messages`` and may have ``tools``, ``documents`` and the other keys of a conversation; ``columns``
    says where they are else, as ``{"messages": "conversations"}``, ShareGPT's form included. The prompt goes to
    ``prompt_column``; the other keywords hold for all rows. Raises :class:`ConversationError` and
    :class:`RenderError` for names that are no columns or no variables; the function raises :class:`RenderError` for
    a row that gets no prompt. ::

        chat = portable_tpl.compile("{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}")
        function = portable_tpl.row_renderer(chat, columns={"messages": "conversations"})
        row = {"id": 7, "conversations": [{"from": "human", "value": "Hi"}]}
        assert function(row) == {"prompt": "user: Hi"}
    """
    pairs = [f"{name}={source}" for name, source in (columns or {}).items()]
    options = RowOptions(
        columns=parse_columns(pairs),
        add_generation_prompt=add_generation_prompt,
        continue_final_message=continue_final_message,
        variables=variables,
    )
    return RowRenderer(chat, options, prompt_column)
