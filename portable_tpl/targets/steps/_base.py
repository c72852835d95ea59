"""What a step is: one named, pure thing that a deployment does around a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.source import Template

Message: TypeAlias = dict[str, Json]
Context: TypeAlias = dict[str, Json]

# Renders a template with the deployment's engine as it is: servers try a template out to see what it takes.
Trial: TypeAlias = Callable[[Template, Sequence[Conversation]], "list[Rendering]"]


def _same_conversation(conversation: Conversation) -> Conversation:
    return conversation


def _same_context(context: Context, conversation: Conversation) -> Context:
    return context


def _same_prompt(text: str, conversation: Conversation) -> str:
    return text


def _same_template(template: Template) -> str:
    return template.text


def _no_objection(conversation: Conversation) -> Failed | None:
    return None


def always(template: Template, trial: Trial) -> bool:
    """The condition of a step that a deployment takes for every template."""
    return True


@dataclass(frozen=True)
class Step:
    """One change that a deployment makes before, around or after the template; pure, inputs are never changed.

    ``summary`` is one sentence, ``details`` says more on the step's page, ``source`` is where the fact is from.

    * ``on_request`` changes the conversation: as the caller gave it, after the steps before this one.
    * ``objection`` is the deployment's answer to a conversation that it does not take.
    * ``on_context`` changes the finished variables (only there can one be undefined). It is given the conversation
      after all changes, with the special tokens of this render.
    * ``on_template`` gives the template's text as the engine gets it.
    * ``on_prompt`` changes the prompt, given the conversation of the caller.

    ``without`` is for what no one of these can do, where a deployment's words depend on more than is known here: it
    takes what the step concerns out of a conversation, so that its part is seen by leaving it out.

    Each leaves alone what it does not concern. ``applies`` says for which templates the deployment takes the step at
    all. Of the steps of one ``choice`` a deployment takes one at most, and does not say which. ``variant_of``
    is the step in a target's list in whose place this one comes, for templates of which that is learnt.
    """

    name: str
    summary: str
    source: str
    details: str = ""
    on_request: Callable[[Conversation], Conversation] = _same_conversation
    objection: Callable[[Conversation], Failed | None] = _no_objection
    on_context: Callable[[Context, Conversation], Context] = _same_context
    on_template: Callable[[Template], str] = _same_template
    on_prompt: Callable[[str, Conversation], str] = _same_prompt
    without: Callable[[Conversation], Conversation] | None = None
    applies: Callable[[Template, Trial], bool] = always
    choice: str | None = None
    variant_of: str | None = None

    @property
    def changes_request(self) -> bool:
        """Whether it works on the conversation."""
        return self.on_request is not _same_conversation

    @property
    def objects(self) -> bool:
        """Whether it turns conversations down."""
        return self.objection is not _no_objection

    @property
    def changes_context(self) -> bool:
        """Whether it works on the finished context, so that no conversation can stand for its effect."""
        return self.on_context is not _same_context

    @property
    def changes_prompt(self) -> bool:
        """Whether it works on the prompt."""
        return self.on_prompt is not _same_prompt

    @property
    def changes_template(self) -> bool:
        """Whether it works on the template, so that no conversation can stand for its effect."""
        return self.on_template is not _same_template


def each_message(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    """Lift a change of one message to conversations; the same object comes back where nothing changed."""

    def on_request(conversation: Conversation) -> Conversation:
        changed = [change(message) for message in conversation.messages]
        return with_messages(conversation, changed)

    return on_request


def each_tool_call(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    """Lift a change of one tool call to conversations; whatever is not an object is left as it is."""

    def in_message(message: Message) -> Message:
        calls = message.get("tool_calls")
        if not isinstance(calls, list):
            return message
        changed = [change(call) if isinstance(call, dict) else call for call in calls]
        return message if _identical(changed, calls) else {**message, "tool_calls": changed}

    return each_message(in_message)


def each_function(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    """Lift a change of one tool's function to conversations; tools without one are left as they are."""

    def in_tool(tool: Message) -> Message:
        function = tool.get("function")
        changed = change(function) if isinstance(function, dict) else function
        return tool if changed is function else {**tool, "function": changed}

    def on_request(conversation: Conversation) -> Conversation:
        if not conversation.tools:
            return conversation
        tools = [in_tool(tool) for tool in conversation.tools]
        return conversation if _identical(tools, conversation.tools) else conversation.with_changes(tools=tools)

    return on_request


def with_messages(conversation: Conversation, messages: list[Message]) -> Conversation:
    """The conversation with other messages, or itself where they are the very same objects."""
    return (
        conversation if _identical(messages, conversation.messages) else conversation.with_changes(messages=messages)
    )


def _identical(new: Iterable[Json], old: list[Json]) -> bool:
    listed = list(new)
    return len(listed) == len(old) and all(one is other for one, other in zip(listed, old, strict=True))
