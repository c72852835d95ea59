"""The targets: engines, deployments and their steps; the only code that starts processes.

In: the name of a target (``minijinja@3.0.5``), a template and conversations. Out: a rendering for each; a crash or a
hang is one, too.
"""
