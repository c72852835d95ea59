"""A template's own variables: which of them are switches."""

from __future__ import annotations

import re

# What people call their switches; one that is only printed would look like a text otherwise.
FLAG_NAME = re.compile(
    r"(enable|disable|add|use|is|has|include|keep|clear|preserve|skip|show|force|with|no|allow|return|strip|do)_|thinking$",
    re.IGNORECASE,
)
