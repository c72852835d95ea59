"""Sets of values: kinds, shapes, and how they are made, joined and named.

In: kinds, constants and other types. Out: a :class:`.lattice.Type`, one object for each set.
"""
