"""What runs inside the worker processes; each module is one engine's side of the protocol.

In: lines of JSON, a template or a context each. Out: a line for each, with the text or the error.
"""
