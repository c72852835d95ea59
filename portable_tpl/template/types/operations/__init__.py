"""What each operation of the language gives for sets of values.

In: a node and the types of its operands. Out: the type of its result; none where it always fails.
"""
