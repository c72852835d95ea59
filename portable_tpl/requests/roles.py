"""Whose part a role plays, by its name: templates have their own words for the standard four."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STANDARD_ROLES = ("system", "user", "assistant", "tool")
# The words of released templates, the standard one first.
ROLE_FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "system": ("system",),
        "user": ("user", "human", "query"),
        "assistant": (
            "assistant", "model", "chatbot", "bot", "gpt",
            "assistant_tool_call", "tool_calls", "tool_call", "function_call",
        ),
        "tool": (
            "tool", "ipython", "function", "tool_results", "tool_result", "tool_response", "observation",
            "environment",
        ),
    }
)  # fmt: skip
# Roles of the assistant's family whose messages are calls and nothing else.
CALL_ROLES = ("assistant_tool_call", "tool_calls", "tool_call", "function_call")
SPEAKING_ROLES = tuple(role for role in ROLE_FAMILIES["assistant"] if role not in CALL_ROLES)
_KINDS = {name: kind for kind, names in ROLE_FAMILIES.items() for name in names}


def kind_of_role(role: str) -> str:
    """``system``, ``user``, ``assistant``, ``tool``, or ``own`` for a part that only one template knows."""
    return _KINDS.get(role.lower(), "own")
