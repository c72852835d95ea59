"""Engines whose every part is in the base install: jinja2, set up as some program sets it up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import metadata

from portable_tpl.targets.processes._adapter import Launch, python_worker
from portable_tpl.targets.processes._base import Availability


@dataclass(frozen=True)
class BundledEngine:
    """jinja2 with the settings of a program ``name`` of a ``version``.

    ``worker`` is the module under ``workers`` that runs it; it is told the version.
    """

    name: str
    version: str
    worker: str
    package: None = None

    def launch(self, version: str | None) -> Launch:
        """How the worker is started; there is one version."""
        launch = python_worker(self.worker)
        return replace(launch, command=(*launch.command, self.version))

    def available(self, version: str | None) -> Availability:
        """Whether it can run here."""
        try:
            return Availability(True, version=self.version, reason=f"on jinja2 {metadata.version('jinja2')}")
        except metadata.PackageNotFoundError:
            return Availability(False, reason="jinja2 is not installed", remedy="pip install jinja2")
