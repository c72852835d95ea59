"""``ChatTemplate``: a compiled template that makes many prompts, in this process and at full speed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import ConversationError, PromptWarning, RenderError
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.rendering.program import Program, compile_template
from portable_tpl.rendering.prompts import Call, Tool, choose, one_line, prompt_text
from portable_tpl.rendering.reserved import VariableGuard
from portable_tpl.rendering.token_names import absent_tokens
from portable_tpl.rendering.visible import visible_documents, visible_messages, visible_tools, visible_value
from portable_tpl.targets.steps.continuation import BOTH_WAYS, Continuation, cut_after_final_message, mark_message
from portable_tpl.template.syntax.environment import strftime_function
from portable_tpl.template.syntax.failures import outcome_of


@dataclass(frozen=True)
class _Choice:
    """One template of the container, ready to be run."""

    template: Template
    program: Program
    guard: VariableGuard


class ChatTemplate:
    """A template that was compiled once; makes prompts as transformers' ``apply_chat_template(tokenize=False)`` does.

    It runs in this process, in jinja2's sandbox, without limits of time and memory: as safe as transformers itself,
    which does the same. A template from a stranger can keep a process busy for ever or fill its memory; where that
    matters, render it with ``portable_tpl.render(…, isolated=True)``.

    Threads may share it, it may be used after a fork, and it can be pickled. What a caller passes is never changed.
    """

    def __init__(self, template: Template, name: str | None = None) -> None:
        self._template = template if name is None else choose(template, None, name)
        self._fixed = name is not None or not template.named
        self._choices: dict[str, _Choice] = {}
        if self._fixed or "default" in (template.name, *template.named):
            self._choice(None, None)  # what does not compile is said now

    @property
    def template(self) -> Template:
        """The template, with the others of its container."""
        return self._template

    def render(
        self,
        messages: Any,
        tools: Sequence[Tool] | None = None,
        documents: Sequence[Mapping[str, Json]] | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool | str = False,
        *,
        name: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
        clock: str | None = None,
        **variables: Json,
    ) -> str:
        """The prompt of one conversation.

        ``messages``: dicts, dataclasses or pydantic models, at least one. ``tools``: JSON schemas (dicts), or
        functions with type hints and a Google-style docstring. ``documents``: dicts. ``continue_final_message``:
        leave the last message open at the end of its ``content``, or of the field that is named. ``name``: which of a
        container's templates; without it ``tool_use`` where tools are given and there is one, else ``default``.
        ``special_tokens``: in place of the container's. ``clock``: the local time that the template sees, ISO 8601;
        now without it. All other keywords are variables of the template; one that it never reads is warned about.

        Raises :class:`RenderError`, in one line, where the template refuses or fails, and for arguments that do not
        fit. ::

            chat = portable_tpl.compile("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}")
            assert chat.render([{"role": "user", "content": "Hi"}]) == "<user>Hi"
        """
        flags = (add_generation_prompt, continue_final_message)
        return self.text(Call(messages, tools, documents, *flags, variables, special_tokens, clock), name)

    def render_batch(
        self,
        conversations: Iterable[Sequence[Any]],
        tools: Sequence[Tool] | None = None,
        documents: Sequence[Mapping[str, Json]] | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool | str = False,
        **options: Any,
    ) -> list[str]:
        """The prompts of several conversations, in their order; the other arguments are those of :meth:`render`.

        Raises :class:`RenderError` at the first conversation that gets no prompt, with its index from 0. ::

            chat = portable_tpl.compile("{% for m in messages %}{{ m.content }}{% endfor %}")
            texts = chat.render_batch([[{"role": "user", "content": "a"}], [{"role": "user", "content": "b"}]])
            assert texts == ["a", "b"]
        """
        flags = (add_generation_prompt, continue_final_message)
        prompts: list[str] = []
        try:
            for messages in conversations:
                prompts.append(self.render(messages, tools, documents, *flags, **options))  # noqa: PERF401 - counts
        except RenderError as error:
            raise RenderError(f"conversation {len(prompts)}: {error}") from None
        return prompts

    def render_with_spans(
        self,
        messages: Any,
        tools: Sequence[Tool] | None = None,
        documents: Sequence[Mapping[str, Json]] | None = None,
        add_generation_prompt: bool = False,
        *,
        name: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
        clock: str | None = None,
        **variables: Json,
    ) -> Rendered:
        """The prompt, and which of its characters ``{% generation %}`` blocks printed.

        ``Rendered.spans`` are ``(start, end)`` pairs, in characters and in the order in which the blocks ended;
        transformers makes ``assistant_masks`` from them: a token that overlaps one is trained on. Arguments are
        those of :meth:`render`, and it raises what that raises. ::

            source = "{% for m in messages %}<{% generation %}{{ m.content }}{% endgeneration %}>{% endfor %}"
            prompt = portable_tpl.compile(source).render_with_spans([{"role": "assistant", "content": "Yes"}])
            assert (prompt.text, prompt.spans) == ("<Yes>", ((1, 4),))
        """
        call = Call(messages, tools, documents, add_generation_prompt, False, variables, special_tokens, clock)
        choice, context, _ = self._prepared(call, name)
        try:
            text, spans = choice.program.render_with_spans(context)
        except Exception as error:
            raise self._failure(choice, error) from None
        return Rendered(text, tuple(spans))

    def render_request(self, request: Mapping[str, Json]) -> str:
        """The prompt of a whole request to an OpenAI-style server, as vLLM takes it.

        Its ``messages``, ``tools``, ``documents`` and ``chat_template_kwargs`` are those of :meth:`render`; a
        generation prompt is added unless it says otherwise, as a server does. What steers sampling is passed over.
        Raises :class:`RenderError`. ::

            chat = portable_tpl.compile("{{ messages[0].content }}{% if add_generation_prompt %}>{% endif %}{{ x }}")
            body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "chat_template_kwargs": {"x": 1}}
            assert chat.render_request(body) == "Hi>1"
        """
        from portable_tpl.rendering.rows import row_call

        try:
            call = row_call(request)
        except ConversationError as error:
            raise RenderError(f"the request: {error}") from None
        return self.text(call)

    def rendering(self, call: Call, name: str | None = None) -> Rendering:
        """One call; what the template does wrong is a value. Raises :class:`RenderError` for what does not fit."""
        choice, context, continuation = self._prepared(call, name)
        try:
            text = choice.program.render(context)
        except Exception as error:
            return outcome_of(error)
        return Rendered(text if continuation is None else cut_after_final_message(text, continuation))

    def text(self, call: Call, name: str | None = None) -> str:
        """The prompt of one call; raises as :meth:`render`."""
        choice, context, continuation = self._prepared(call, name)
        try:
            text = choice.program.render(context)
        except Exception as error:
            raise self._failure(choice, error) from None
        return text if continuation is None else cut_after_final_message(text, continuation)

    def _prepared(self, call: Call, name: str | None) -> tuple[_Choice, dict[str, Json], Continuation | None]:
        """The template to run, what it sees, and how to cut what it prints."""
        choice = self._choice(call.tools, name)
        if call.variables:
            choice.guard.check(call.variables)
        try:
            return choice, *_context(choice, call)
        except RenderError:
            raise
        except RecursionError:
            raise RenderError("the conversation: nested too deeply, or within itself") from None
        except Exception as error:  # objects of the caller may fail in any way when they are looked at
            raise RenderError(f"the conversation: {type(error).__name__}: {one_line(str(error))}") from None

    def _choice(self, tools: object, name: str | None) -> _Choice:
        chosen = self._template if self._fixed and name is None else choose(self._template, tools, name)
        choice = self._choices.get(chosen.name)
        if choice is None:
            choice = _Choice(chosen, compile_template(chosen), VariableGuard(chosen.text))
            absent = absent_tokens(chosen)
            if absent is not None:
                warnings.warn(absent, PromptWarning, stacklevel=4)
            self._choices[chosen.name] = choice
        return choice

    def _failure(self, choice: _Choice, error: Exception) -> RenderError:
        try:
            prompt_text(outcome_of(error), choice.template)
        except RenderError as told:
            return told
        raise AssertionError("an error is never a prompt")

    def __reduce__(self) -> tuple[Any, ...]:
        return ChatTemplate, (self._template, self._template.name if self._fixed else None)


def _context(choice: _Choice, call: Call) -> tuple[dict[str, Json], Continuation | None]:
    """What ``apply_chat_template`` shows to the template."""
    copy = choice.program.compares_identity
    messages = visible_messages(call.messages, copy)
    continuation = None
    if call.continue_final_message:
        if call.add_generation_prompt:
            raise RenderError(BOTH_WAYS)
        messages = list(messages)
        messages[-1], continuation = mark_message(messages[-1], choice.template.text, call.continue_final_message)
    tokens = choice.template.tokens if call.special_tokens is None else call.special_tokens
    context: dict[str, Json] = {
        **tokens,
        "messages": messages,
        "tools": visible_tools(call.tools, copy),
        "documents": visible_documents(call.documents, copy),
        "add_generation_prompt": visible_value(call.add_generation_prompt),
    }
    if call.clock is not None:
        context["strftime_now"] = strftime_function(_moment(call.clock))
    if call.variables:
        context.update(visible_value(call.variables, copy))
    return context, continuation


def _moment(clock: str) -> Any:
    try:
        moment = datetime.fromisoformat(clock).replace(tzinfo=None)
    except (TypeError, ValueError):
        raise RenderError(f"clock: expected a local time such as '2026-01-01T12:00:00', found {clock!r}") from None
    return lambda: moment
