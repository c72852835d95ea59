"""Where each name of a template is bound, and where it is seen.

In: a tree. Out: scopes.
"""
