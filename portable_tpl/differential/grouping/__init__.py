"""Tell whether two mismatches are one.

In: two renderings and the first place where they part. Out: a signature that shrinking keeps.
"""
