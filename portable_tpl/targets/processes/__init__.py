"""Worker processes with limits, and the protocol that they speak.

In: a template and a context. Out: a rendering; a crash or a hang is one, too.
"""
