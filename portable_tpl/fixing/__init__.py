"""Rewrite what is not portable, each change proved on the reference."""

from __future__ import annotations
