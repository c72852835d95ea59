"""What a template reads of its input.

In: a parsed template. Out: by path, what it does with each part of a request (:func:`.shape.shape_of`); by name, the
same in one quick look for the types (:mod:`.demands`); and its own variables (:func:`.variables.variables`). Where a
name gets its value is asked of :mod:`portable_tpl.template.names`.
"""
