"""The difference between two templates.

In: two templates, a runtime that renders both, and the tracer. Out: whether they print the same prompts, and else
each difference with its smallest conversation and the change behind it.
"""
