"""The differential runner: what targets print, compared with what the reference prints.

In: a parsed template, targets, and settings. Out: a :class:`portable_tpl.model.report.Comparison`, each mismatch once
with the smallest conversation that shows it and its cause.

``run`` renders, ``grouping`` tells whether two differing cases are one mismatch, ``shrink`` makes its conversation
small, ``attribute`` finds the steps of a deployment behind it and ``explain`` the construct; ``triage`` takes one
target's cases through these, and ``compare`` all targets. ``between`` compares two templates on one runtime.
"""
