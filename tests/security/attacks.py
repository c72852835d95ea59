"""Names, messages and texts that try to be more than text, and what must not be in anything that is shown of them."""

from __future__ import annotations

import re

ATTACKS = (
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\link", "\x9b2J", "\x90q\x9c", "\x07", "\x08\x08", "\r",
    "\x7f", "\u202egpj", "\u2066x\u2069", "\u200b", "\u2028", "\u2029", "\x85", "\ufeff", "\U000e0041", "a\nb",
    "\n::error::owned", "\n::set-env name=X::y", "\n  ::add-mask::x", "::stop-commands::x", "\n##[error]x",
    "x ##[group]y", "##vso[task.setvariable]z", "\n##VSO[x]y", "%0A::error::x", "]]>", "</script><script>", "<!--",
    "-->", "&amp;", "&#0;", "<img src=x onerror=y>", "```\n# x", "| a | b |", "[x](javascript:y)", "<details>",
    "@everyone", "\\", "\"", "'", "$(id)", "`id`", "; id", "{{ 1 }}", "{% raw %}", "{#", "\t", "   ", "é", "漢", "👩‍💻",
    "\u0301", "-x", "--help", "~", "*", "?", "\\n",
)  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]")
OBEYED = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE | re.IGNORECASE)
