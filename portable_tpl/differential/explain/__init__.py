"""Name the construct that makes an engine differ.

In: the smallest conversation of a mismatch. Out: a cause: a feature, its place, and whether its cure was confirmed.
"""
