"""Special tokens that a template prints and that nobody named."""

from __future__ import annotations

from portable_tpl.model.source import Template
from portable_tpl.sources.special_tokens import STANDARD
from portable_tpl.sources.tokenizer_classes import defaults_of


def absent_tokens(template: Template) -> str | None:
    """Which tokens are absent since the tokenizer's class is not known here; ``None`` where there are none."""
    kind = template.tokenizer
    if not kind or defaults_of(kind) is not None:
        return None
    from portable_tpl.rendering.program import variables_of

    absent = sorted(name for name in STANDARD if name in variables_of(template.text) and name not in template.tokens)
    if not absent:
        return None
    return (
        f"{template.label}: no file names {', '.join(absent)}, and what the tokenizer class {kind} takes instead "
        "is not known here: absent; give special_tokens"
    )
