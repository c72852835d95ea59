"""A baseline: findings and mismatches that are known, and no longer count."""

from __future__ import annotations
