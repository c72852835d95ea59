"""Texts that are no prose: control tokens of models, and the start of template syntax."""

from __future__ import annotations

import re

# What looks like a special token of some model, or like the start of template syntax.
SPECIAL = re.compile(
    r"<\|[^<>|]{0,60}\|?>|<[^<>|\s]{1,40}\|>|<｜[^<>｜]{1,60}｜>|\[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|"
    r"AVAILABLE_TOOLS|IMG|SEP|CLS)\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|</?s>"
)
SYNTAX = re.compile(r"\{[{%#]")
# What a template may look for and people write all the time: a word in small letters, a line break, signs alone.
PROSE = re.compile(r"[\W\d_]*|\s*[^\WA-Z]+\s*")
