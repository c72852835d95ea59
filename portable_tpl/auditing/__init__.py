"""One audit of templates and containers.

In: containers and targets. Out: a report whose findings are joined with their proof.
"""
