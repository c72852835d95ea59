"""Deployments: one file each. An engine, its version and flags, and one ordered list of named steps around it.

In: a template and conversations. Out: the prompts that the deployment makes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portable_tpl.model.plugs import plug_modules

if TYPE_CHECKING:
    from portable_tpl.targets.deployments._deployment import Deployment


def all_deployments() -> tuple[Deployment, ...]:
    """Every deployment, in the order of their files."""
    return tuple(module.DEPLOYMENT for module in plug_modules(__name__))
