"""Runs the probes of the features on engines, and writes the support table.

In: the features with their probes (:mod:`portable_tpl.support.features`) and a target that can run here. Out: a
:class:`portable_tpl.support.table.Table`, in this package's data or, for a version that was measured on first use, in
the user's cache. ``python -m portable_tpl.probing`` is the command line of it.

The versions that targets are tested with are those that have a table in this package, and nothing else lists them:
the one of the environment where the engine is a package of Python's, the newest where it comes from npm, and the
pinned one of a deployment must be among them, or the tests fail with the command to run.
"""
