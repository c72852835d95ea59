"""Prompts for people who want a prompt: transformers' ``apply_chat_template`` without transformers.

In: a template and what a caller has. Out: a prompt, or the error that transformers gives.
"""
