"""The rules: one file each. A rule asks the parsed template, its types and the support table, never a runtime.

In: a node of a template, with its types. Out: the uses of features that a target may break, and their fixes.
"""
