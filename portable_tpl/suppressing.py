"""Comments in a template that keep findings from counting."""

from __future__ import annotations
