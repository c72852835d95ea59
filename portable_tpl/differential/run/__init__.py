"""Run one comparison: settings, the engines' session, what was rendered before, coverage, and the order of work.

In: a template, targets and settings. Out: a :class:`portable_tpl.model.report.Comparison`.
"""
