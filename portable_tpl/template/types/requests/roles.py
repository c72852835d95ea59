"""Whose part a role plays, by its name: templates have their own words for the standard four."""

from __future__ import annotations

STANDARD = ("system", "user", "assistant", "tool")
_FAMILIES = {
    "system": ("system",),
    "user": ("user", "human", "query"),
    "assistant": (
        "assistant", "model", "chatbot", "bot", "gpt",
        "assistant_tool_call", "tool_calls", "tool_call", "function_call",
    ),
    "tool": (
        "tool", "ipython", "function", "tool_results", "tool_result", "tool_response", "observation", "environment",
    ),
}  # fmt: skip
_KINDS = {name: kind for kind, names in _FAMILIES.items() for name in names}


def kind_of_role(role: str) -> str:
    """``system``, ``user``, ``assistant``, ``tool``, or ``own`` for a part that only one template knows."""
    return _KINDS.get(role.lower(), "own")
