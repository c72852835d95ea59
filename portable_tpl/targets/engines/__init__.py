"""The engines: one file each, found by being there.

In: a conversation. Out: the context in which the engine's worker renders, and how that worker is started.
"""
