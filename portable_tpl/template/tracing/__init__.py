"""The reference, watched.

In: a tree, which is marked, and a render of it. Out: a :class:`.trace.Trace`: which branches were taken, what one
turn of a loop set and a later one read, what was printed where, and what each expression gave.
"""
