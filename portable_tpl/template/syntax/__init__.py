"""Text to tree and back: lossless tokens, parsing, spans, compiling.

In: a template's text. Out: a :class:`ParsedTemplate`.
"""
