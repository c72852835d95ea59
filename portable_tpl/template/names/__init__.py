"""What each name of a template can stand for: the one analysis of names, which everything else asks.

In: a tree. Out: :func:`.scopes.resolve_names`, where each name that is read gets its value, and each place that sets
one; :func:`.turns.turn_states`, what one turn of a loop sets and a later one can read;
:func:`.unknown.unknown_names`, the filters, tests, functions and macros that exist nowhere.
"""
