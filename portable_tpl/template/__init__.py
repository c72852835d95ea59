"""A chat template as data: its tokens, its tree, and where each part of the tree stands in the text."""
