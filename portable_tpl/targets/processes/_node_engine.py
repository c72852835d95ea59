"""Engines that come as npm packages: one version at a time, from the user's cache, on Node.js."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from portable_tpl.support.table import newest_measured
from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Launch
from portable_tpl.targets.processes._base import Availability

_WORKERS = Path(__file__).parents[1] / "workers"
_GET_NODE = "pip install 'portable-tpl[js]'"
# What V8's heap may hold; one render beyond it ends the process, and the parent says so. It is less than a worker may
# use: V8 lets garbage lie until its heap is full. A limit on the address space is of no use: V8 reserves gigabytes.
_HEAP_MEGABYTES = 128


@dataclass(frozen=True)
class NodeEngine:
    """One engine: its package, and the program under ``workers`` that runs it, which is told the package's folder."""

    name: str
    package: installs.Package
    worker: str

    def default_version(self) -> str:
        """The version that is meant where none is asked for: npm has no environment, so the newest measured one."""
        return newest_measured(self.package.engine) or ""

    def launch(self, version: str | None) -> Launch:
        """How the worker is started for a version."""
        version = version or self.default_version()
        folder = installs.npm_package(installs.engine_folder(self.package, version), self.package.name)
        node = installs.node_command() or "node"
        heap = f"--max-old-space-size={_HEAP_MEGABYTES}"
        confined = (sys.executable, "-I", "-S", str(_WORKERS / "_confinement.py"))
        return Launch((*confined, node, heap, str(_WORKERS / self.worker), str(folder)), address_space=False)

    def available(self, version: str | None) -> Availability:
        """Whether a version can run here."""
        get_engine = installs.remedy(self.package.engine, version)
        version = version or self.default_version()
        if installs.node_command() is None:
            missing = "Node.js is neither on PATH nor installed as a Python package"
            if installs.is_installed(self.package, version):
                return Availability(False, reason=missing, remedy=_GET_NODE)
            return Availability(False, reason=missing, remedy=f"{_GET_NODE} && {get_engine}")
        if not installs.is_installed(self.package, version):
            reason = f"{self.package.name} {version} is not installed"
            return Availability(False, reason=reason, remedy=get_engine)
        return Availability(True, version=version)
