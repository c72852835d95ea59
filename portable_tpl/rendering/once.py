"""One prompt of one template: in this process, in a worker with limits, or on another target."""

from __future__ import annotations

from functools import lru_cache

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.rendering import Failed
from portable_tpl.model.source import Template
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.prompts import Call, choose, prompt_text, render_call, warm_runtime
from portable_tpl.rendering.reserved import VariableGuard
from portable_tpl.rendering.strict import require_portable
from portable_tpl.targets.processes._base import REFERENCE

_MOST = 64  # templates that stay compiled: a program has one or two


def render_once(
    template: Template,
    call: Call,
    target: str = REFERENCE,
    name: str | None = None,
    isolated: bool = False,
    required: tuple[str, ...] = (),
) -> str:
    """The prompt; raises :class:`RenderError`, and as its kind :class:`NotPortable` for the required targets."""
    if required:
        require_portable(choose(template, call.tools, name), required)
    if target == REFERENCE and not isolated:
        try:
            chat = _compiled(_Key(template))
        except TemplateSyntaxError as error:
            return prompt_text(Failed("syntax", error.reason, error.line), template)
        return chat.text(call, name)
    chosen = choose(template, call.tools, name)
    VariableGuard(chosen.text).check(call.variables)
    return prompt_text(render_call(chosen, call, warm_runtime(target)), chosen, target)


class _Key:
    """A template as a key: compared with the tokens and the other templates that a render may take."""

    def __init__(self, template: Template) -> None:
        self.template = template
        named = tuple((name, each.text) for name, each in template.named.items())
        self._parts = (template.text, template.name, template.path, tuple(template.tokens.items()), named)

    def __hash__(self) -> int:
        return hash(self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts


@lru_cache(maxsize=_MOST)
def _compiled(key: _Key) -> ChatTemplate:
    return ChatTemplate(key.template)
