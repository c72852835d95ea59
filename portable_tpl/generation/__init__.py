"""Conversations for a template: handwritten, drawn, mutated and edited towards a branch.

In: what a template reads (``template.usage``) and a tier. Out: conversations of that tier.
"""
