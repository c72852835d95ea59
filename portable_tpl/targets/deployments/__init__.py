"""Deployments: one file each. An engine, its version and flags, and one ordered list of named steps around it.

In: a template and conversations. Out: the prompts that the deployment makes of them.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_tpl.targets.deployments._deployment import Deployment


def all_deployments() -> tuple[Deployment, ...]:
    """Every deployment, in the order of their files."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return tuple(import_module(f"{__name__}.{name}").DEPLOYMENT for name in names)
