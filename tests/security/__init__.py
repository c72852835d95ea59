"""Attacks: what strangers may send, and what must hold all the same."""
