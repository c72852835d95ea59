"""Runs the probes of the features on engines, and writes the support table.

In: the features with their probes (:mod:`portable_tpl.support.features`) and a target that can run here. Out: a
:class:`portable_tpl.support.table.Table`, in this package's data or, for a version that was measured on first use, in
the user's cache. ``python -m portable_tpl.probing`` is the command line of it.
"""
