"""What a chat request can bring, as sets of values.

In: a tier, and what the template reads. Out: the types of ``messages``, ``tools`` and every other variable.
"""
