"""Conversations for a template: handwritten, drawn, mutated and edited towards a branch.

In: what a template reads (``template.usage``), a tier (``requests.tiers`` says what it holds), and a source of
decisions: hypothesis's (``api``, ``drawing``) or a seed. Out: conversations of that tier, or of a milder one.
``tiers`` judges what somebody else wrote; ``constraint_edits`` and ``mutations`` give a conversation for any.
"""
