"""Arguments of ``apply_chat_template`` that are none here, and variables that no template reads."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import PromptWarning, RenderError
from portable_tpl.model.words import did_you_mean

# Parameters of apply_chat_template in transformers 5.24 (tokenizers and processors): there none of them reaches a
# template, so here none may become a variable without a word.
_TEXT_ONLY = "render gives the text of a prompt; give that to the tokenizer, with add_special_tokens=False"
_RESERVED: Mapping[str, str] = {
    "conversation": "the messages are the first argument here, messages=",
    "chat_template": "the template is chosen first: compile it, or name one of a container's with name=",
    "tokenize": _TEXT_ONLY,
    "padding": _TEXT_ONLY,
    "truncation": _TEXT_ONLY,
    "max_length": _TEXT_ONLY,
    "return_tensors": _TEXT_ONLY,
    "return_dict": _TEXT_ONLY,
    "tokenizer_kwargs": _TEXT_ONLY,
    "processor_kwargs": _TEXT_ONLY,
    "return_assistant_tokens_mask": "render_with_spans gives the spans from which transformers makes that mask",
    "sanitize_control_tokens": "this needs a tokenizer's vocabulary; use transformers for it",
}


def refuse_reserved(names: Iterable[str]) -> None:
    """Raise :class:`RenderError` for the first name that transformers would not have passed to a template."""
    for name in names:
        if name in _RESERVED:
            raise RenderError(f"{name}: no variable of a template but an argument of transformers; {_RESERVED[name]}")


def unread(text: str, names: Iterable[str]) -> list[str]:
    """Those of the names that a template, if it can be parsed at all, never takes from its caller."""
    wanted_names = list(names)
    if not wanted_names:
        return []
    from jinja2 import TemplateError  # takes time, and most renders have no variables

    from portable_tpl.rendering.program import variables_of

    try:
        read = variables_of(text)
    except TemplateError:
        return []
    return [name for name in wanted_names if name not in read]


def unread_message(name: str, text: str) -> str:
    """REL110 about a variable that was given and is not read, with what may have been meant."""
    from portable_tpl.rendering.program import variables_of

    suggestion = did_you_mean(name, variables_of(text))
    return f"REL110: the template does not read the variable {name!r}{suggestion}"


class VariableGuard:
    """Looks at the variables of a template's renders, at each name once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: set[str] = set()

    def check(self, variables: Mapping[str, Json]) -> None:
        """Raise for reserved names, warn (:class:`PromptWarning`) of those that the template does not read."""
        fresh = variables.keys() - self._known
        if not fresh:
            return
        refuse_reserved(sorted(fresh))
        self._known |= fresh
        for name in sorted(unread(self._text, fresh)):
            warnings.warn(unread_message(name, self._text), PromptWarning, stacklevel=5)
