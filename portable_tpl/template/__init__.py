"""A chat template as data: its tokens, its tree, and where each part of the tree stands in the text."""

from __future__ import annotations

from portable_tpl.template.syntax.compiling import compile_check
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from portable_tpl.template.syntax.tokens import Comment, Token

__all__ = ["Comment", "ParsedTemplate", "Token", "compile_check", "parse"]
