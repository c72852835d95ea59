"""The fields of a request and of its messages, by the names that clients give them."""

from __future__ import annotations

# What a template may be handed; `None` stands in a conversation for what the caller did not give.
LISTS = ("messages", "tools", "documents")
GENERATION_FLAG = "add_generation_prompt"
FIELDS = (*LISTS, GENERATION_FLAG)
# An argument of transformers' call that no template is handed, whatever its name is there.
CONTINUATION_FLAG = "continue_final_message"
GIVEN_TOKENS = ("bos_token", "eos_token")
OTHER_TOKENS = ("unk_token", "pad_token", "sep_token", "cls_token", "mask_token")

# A model's thought goes by three names.
REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
MESSAGE_KEYS = ("role", "content", "tool_calls", "name", "tool_call_id", *REASONING_KEYS)
# Keys of a message that only some roles have.
ROLE_KEYS = ("tool_calls", "tool_call_id", *REASONING_KEYS)

# What shows that a template unwraps neither tools nor calls: it reads these right off them.
FLAT_TOOL_KEYS = ("name", "description", "parameters")
FLAT_CALL_KEYS = ("name", "arguments")
