"""What a template reads of its input.

In: a parsed template. Out: the fields, flags and values that it looks at.
"""
