"""What the formats share: blocks of one cause, differences, places, words, and printable text.

In: parts of a report. Out: rows, cells and texts that are safe to print.
"""
