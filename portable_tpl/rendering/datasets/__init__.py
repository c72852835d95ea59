"""Data sets of any size: rows go in, prompts come out in the same order, in constant memory.

In: files of rows (:mod:`.records`) and a :class:`.job.RenderJob`. Out: lines of prompts (:mod:`.output`), written
whole or not at all; :mod:`.run` puts them together, on one core, several, or a cluster. :mod:`.mapping` is the same
for data sets that are in memory.
"""
