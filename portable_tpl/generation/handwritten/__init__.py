"""Conversations written by hand, which always run first.

In: what a template reads and a tier. Out: conversations of that tier and of the milder ones, fitted to the template's
own words (``by_tier``). ``everyday`` and ``unusual`` write them, of ``turns`` and ``tools``.
"""
