"""The abstract interpreter behind :mod:`portable_tpl.template.types.types`.

A template is run once over *sets* of values instead of values: messages as every conversation of a tier could bring
them.

In: a parsed template and a tier. Out: the type of every expression, by ``types.infer``.

* ``lattice``: ``kinds`` (bits), ``lattice`` (``Type``, ``Shape``), ``interning`` and ``pool`` (making and joining).
* ``requests``: ``request`` and ``request_tools`` (what a chat request holds), ``roles``; ``demands`` of the usage
  and ``own_values`` (what only this template reads, guessed from what it does with it).
* The run: ``machine`` (its state), ``statements``, ``assigning``, ``macros``, ``held``, ``seeds``; loops are not
  iterated, the whole template is run again where a namespace held more than an earlier read saw.
* Expressions: ``expressions`` (the table), ``operators``, ``members``, ``calls``, ``methods``, ``filters``,
  ``text_filters``, ``contents``.
* Conditions: ``guards`` (the two worlds behind a test), ``equality``, ``kind_tests``.
"""
