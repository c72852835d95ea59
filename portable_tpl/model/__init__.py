"""The data that every layer speaks of: frozen dataclasses, ids, and the one tree of exceptions.

In: nothing; it imports nothing but itself. Out: templates, conversations, renderings, findings, reports.
"""
