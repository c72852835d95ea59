"""The frame of rules: their base, the registry that finds them, selection, suppression, pages and linting.

In: a parsed template, targets and a tier. Out: findings, in the order of the template.
"""
