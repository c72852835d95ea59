"""Release checks: questions about a template itself, whatever runs it. One file a check.

In: a parsed template (or a container with its tokens and files), and engines to ask: the reference, and those that
run. Out: findings with their witness, and for each check that could not be asked the reason.

A module without an underscore is a check, found by being there; :mod:`._base` says what it has to hold.
"""
