"""The rewrites that the fixes of several rules share.

In: a node and what is known of its values. Out: the text that stands in its place.
"""
