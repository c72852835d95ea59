"""The work of the commands: what they share, and what is too much for a command's own file.

In: the options of a command. Out: what it prints or writes, and its exit code.
"""
