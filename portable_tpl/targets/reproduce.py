"""The command that shows a mismatch again."""

from __future__ import annotations

import json
import shlex

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.source import Template

_PATH = 2  # the word of the command that names the template


def reproduce(template: Template, conversation: Conversation, target: str) -> str:
    """One shell line that renders a conversation on a target: it prints what the mismatch shows for the target."""
    words = ["portable-tpl", "render", template.path or "-"]
    if template.name != "default" or template.named:  # else `render` chooses among them, by the tools
        words += ["--name", template.name]
    words += ["--conversation", json.dumps(conversation.to_json(), separators=(",", ":")), "--target", target]
    return " ".join(shlex.quote(word) for word in words)


def readdressed(command: str, template: Template) -> str:
    """The same command for an equal template of another file."""
    words = shlex.split(command)
    words[_PATH] = template.path or "-"
    return " ".join(shlex.quote(word) for word in words)
