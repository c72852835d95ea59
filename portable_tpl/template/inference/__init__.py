"""The abstract interpreter behind :mod:`portable_tpl.template.types`.

A template is run once over *sets* of values instead of values: messages as every conversation of a tier could bring
them. ``kinds`` and ``lattice`` hold the sets, ``request`` what a chat request puts in, ``machine`` the state of a
run; ``expressions``, ``operators``, ``members``, ``filters`` and ``calls`` say what comes out of an expression,
``guards`` what a condition proves, and ``statements`` walks the template.
"""
