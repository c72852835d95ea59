"""Calls of ``apply_chat_template`` of every kind, made for a template and compared with the real transformers.

In: a template and a number of calls. Out: a :class:`PromptComparison`: what was asked, what came, and where ours is not
that of transformers in text, in the fact of a refusal, or in its words.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import PromptWarning, RenderError, TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.prompts import Call
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of
from tests.targets.engines.test_reference import RealTransformers

ADDRESS = re.compile(r"0x[0-9a-f]+")
_ARGUMENTS = ("continue_final_message", "add_generation_prompt", "tools", "documents")


def get_weather(
    city: str, days: int = 1, unit: Literal["C", "F"] = "C", at: list[dict[str, float]] | None = None
) -> str:
    """
    Tell the weather, <b>anywhere</b>.

    Args:
        city: The "city"
        days: How many days (choices: ["1", "7"])
        unit: C or F,
            the latter for Americans
        at: Coordinates

    Returns:
        str: The weather.
    """
    return city


def do_nothing() -> None:
    """Do nothing."""


class Places:
    """Somewhere."""

    def find(self, name: str | int, exact: bool = True) -> dict[str, Any]:
        """Find a place, é.

        Args:
            name: What to look for.
            exact: Nothing else.
        """
        return {}


@dataclass(frozen=True)
class Case:
    """One call: its arguments, the template that is named (``None``: none is), and the kinds that it is of."""

    call: Call
    name: str | None = None
    kinds: tuple[str, ...] = ()


def tuples(number: int, call: Call) -> Call | None:
    """Tuples in place of lists within messages and variables."""
    if number % 3:
        return None
    return call._replace(messages=_as_tuples(call.messages, True), variables=_as_tuples(call.variables, True))


def functions(number: int, call: Call) -> Call | None:
    """Functions and methods as tools, alone and beside schemas."""
    if number % 5 != 1:
        return None
    made: list[Any] = [get_weather, do_nothing, Places().find][: 1 + number % 3]
    return call._replace(tools=[*made, *(call.tools or ())])


def documents(number: int, call: Call) -> Call | None:
    """Documents, whether the template reads them or not."""
    if number % 6 != 2:
        return None
    return call._replace(documents=[{"title": "Über", "text": "<b> & 'x'\n"}, {"doc_id": 7, "text": ""}])


def continuation(number: int, call: Call) -> Call | None:
    """A final message that is left open: the one that is there, an assistant's, at its content or a named field."""
    if number % 4 != 3:
        return None
    messages = list(call.messages)
    if number % 8 == 3:
        texts = ("Well, then", " spaced \n", "", "<think>\nHm\n</think>\n\nSo", "Zoë's \u00e9 {{ x }}")
        last: dict[str, Any] = {"role": "assistant", "content": texts[number // 8 % len(texts)]}
        if number % 5 == 0:
            last["reasoning_content"] = "Let me see"
        messages.append(last)
    how = (True, True, "content", "reasoning_content")[number // 4 % 4]
    opened = call.add_generation_prompt if number % 20 == 3 else False
    return call._replace(messages=messages, continue_final_message=how, add_generation_prompt=opened)


def named(number: int, call: Call) -> Call | None:
    """A container with several templates: :func:`cases` gives it its second one."""
    return call if number % 7 == 4 else None


KINDS: tuple[Callable[[int, Call], Call | None], ...] = (tuples, functions, documents, continuation, named)


def cases(template: Template, count: int) -> Iterator[Case]:
    """So many calls for a template, the same ones each time; the tiers take turns."""
    shape = shape_of(parse(template).tree)
    tiers = tuple(Tier)
    for number in range(count):
        made = conversation(SeededChoices(f"{template.path} {number}", tiers[number % len(tiers)]), shape)
        call = _call(made, template)
        kinds: list[str] = []
        for kind in KINDS:
            changed = kind(number, call)
            if changed is not None:
                call, kinds = changed, [*kinds, kind.__name__]
        name = (None, "tool_use", "default")[number % 3] if "named" in kinds else None
        yield Case(call, name, tuple(kinds))


def _call(made: Conversation, template: Template) -> Call:
    """Its call; variables that transformers takes for arguments are left out."""
    return Call(
        made.messages,
        made.tools,
        made.documents,
        bool(made.add_generation_prompt),
        variables={name: value for name, value in made.variables.items() if name not in _ARGUMENTS},
        special_tokens=made.tokens_for(template.special_tokens),
        clock=made.clock,
    )


def _as_tuples(value: Any, top: bool = False) -> Any:
    if isinstance(value, list):
        return [_as_tuples(item) for item in value] if top else tuple(map(_as_tuples, value))
    return {key: _as_tuples(item) for key, item in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class PromptComparison:
    """The calls of one template: how many, transformers' answers by their class, its texts by kind, the differences."""

    cases: int
    outcomes: Counter[str]
    rendered: Counter[str]
    differences: Sequence[str] = ()


def compare_prompts(real: RealTransformers, template: Template, second: str, count: int) -> PromptComparison:
    """Make so many calls of a template in both; ``second`` is the text of the other template of a named pair."""
    outcomes, rendered = Counter[str](), Counter[str]()
    differences: list[str] = []
    pair = replace(template, named={"tool_use": replace(template, text=second, name="tool_use", named={})})
    one, two = _compiled(template), _compiled(pair)
    for number, case in enumerate(cases(template, count)):
        several = "named" in case.kinds
        expected = _theirs(
            real, case, template.text, {"default": template.text, "tool_use": second} if several else None
        )
        answer = _ours(two if several else one, case)
        outcomes[type(expected).__name__] += 1
        if isinstance(expected, Rendered):
            rendered.update(case.kinds)
        if not _is_same(expected, answer):
            words = f"expected {expected!r:.300}, not {answer!r:.300}"
            differences.append(f"{template.path}, call {number} {'+'.join(case.kinds)}: {words}")
    return PromptComparison(count, outcomes, rendered, tuple(differences))


def _compiled(template: Template) -> ChatTemplate | None:
    try:
        return ChatTemplate(template)
    except TemplateSyntaxError:
        return None  # transformers has to fail on every call, too


def _theirs(real: RealTransformers, case: Case, text: str, several: dict[str, str] | None) -> Rendering:
    call = case.call
    assert call.special_tokens is not None
    assert call.clock is not None
    arguments: dict[str, Any] = dict(call.variables)
    chosen = {"chat_template": text} if several is None else {"chat_template": case.name} if case.name else {}
    flags = {"tools": call.tools, "documents": call.documents, "continue_final_message": call.continue_final_message}
    arguments.update({name: value for name, value in flags.items() if value is not None})
    opened = call.add_generation_prompt
    return real.apply(
        call.messages, call.special_tokens, call.clock, several, **arguments, **chosen, add_generation_prompt=opened
    )


def _ours(chat: ChatTemplate | None, case: Case) -> Rendering:
    if chat is None:
        return Failed("syntax", "not compiled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PromptWarning)
        try:
            return chat.rendering(case.call, case.name)
        except (RenderError, TemplateSyntaxError) as error:
            return Failed("error", str(error))


def _is_same(expected: Rendering, answer: Rendering) -> bool:
    if isinstance(expected, Failed) or isinstance(answer, Failed):
        return isinstance(expected, Failed) and isinstance(answer, Failed)
    return ADDRESS.sub("0x", repr(expected)) == ADDRESS.sub("0x", repr(answer))
