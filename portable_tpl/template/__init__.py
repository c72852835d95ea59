"""A chat template as data: its tokens, its tree, and where each part of the tree stands in the text.

In: a :class:`portable_tpl.model.source.Template`. Out: a :class:`ParsedTemplate`, of which ``names`` tells where a
name gets its value, ``usage`` what is read of the input, ``types`` what each expression can be, and ``tracing`` what
a render does.
"""

from __future__ import annotations

from portable_tpl.template.syntax.compiling import compile_check
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from portable_tpl.template.syntax.tokens import Comment, Token

__all__ = ["Comment", "ParsedTemplate", "Token", "compile_check", "parse"]
