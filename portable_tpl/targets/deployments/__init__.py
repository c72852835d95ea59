"""Deployments: one file each, with what surrounds the engine there as data and small named transforms."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_tpl.targets.deployments._profile import Profile


def all_profiles() -> tuple[Profile, ...]:
    """Every deployment, in the order of their files."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return tuple(import_module(f"{__name__}.{name}").PROFILE for name in names)
