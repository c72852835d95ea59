"""@huggingface/jinja on Node.js: transformers.js, LM Studio, node-llama-cpp, the hub's own widgets."""

from __future__ import annotations

from pathlib import Path

from portable_tpl.support.table import newest_measured
from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Adapter, Launch
from portable_tpl.targets.processes._base import Availability
from portable_tpl.targets.processes._contexts import json_context

PACKAGE = installs.Package("hf-jinja", "npm", "@huggingface/jinja")
_ID = PACKAGE.engine
_WORKER = Path(__file__).parents[1] / "workers" / "hf_jinja_worker.mjs"
# What V8's heap may hold; one render beyond it ends the process, and the parent says so. The limit on the address
# space is of no use here: V8 reserves gigabytes at start.
_HEAP_MEGABYTES = 1024


def default_version() -> str:
    """The version that is meant where none is asked for: npm has no environment, so the newest that was measured."""
    return newest_measured(_ID) or ""


def _launch(asked: str | None) -> Launch:
    folder = installs.npm_package(installs.engine_folder(PACKAGE, asked or default_version()), PACKAGE.name)
    node = installs.node_command() or "node"
    command = (node, f"--max-old-space-size={_HEAP_MEGABYTES}", str(_WORKER), str(folder))
    return Launch(command, address_space=False)


def _available(asked: str | None) -> Availability:
    version = asked or default_version()
    get_engine = installs.remedy(_ID, asked)
    if installs.node_command() is None:
        get_node = "pip install 'portable-tpl[js]'"
        missing = "Node.js is neither on PATH nor installed as a Python package"
        if installs.is_installed(PACKAGE, version):
            return Availability(False, reason=missing, remedy=get_node)
        return Availability(False, reason=missing, remedy=f"{get_node} && {get_engine}")
    if not installs.is_installed(PACKAGE, version):
        return Availability(False, reason=f"{PACKAGE.name} {version} is not installed", remedy=get_engine)
    return Availability(True, version=version)


ADAPTERS = (
    Adapter(
        id=_ID,
        engine="@huggingface/jinja",
        launch=_launch,
        available=_available,
        package=PACKAGE,
        aliases=("transformers.js", "lm-studio"),
        context=json_context,
        summary="@huggingface/jinja on Node.js, with values as JSON.parse gives them",
    ),
)
