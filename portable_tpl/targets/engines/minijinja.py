"""minijinja with native values, with and without the Python methods of its pycompat."""

from __future__ import annotations

from dataclasses import replace

from portable_tpl.support.versions import version_key
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import Adapter, Flag
from portable_tpl.targets.processes._base import Availability
from portable_tpl.targets.processes._python_engine import PythonEngine

ENGINE = PythonEngine(Package("minijinja", "pip", "minijinja"), "minijinja_worker", "pip install minijinja")
_ID = ENGINE.package.engine
# Unlike the Rust crate, whose pycompat is a package of its own.
_NO_PYCOMPAT = "the Python package of this version has no pycompat: Python methods always fail"
_FIRST_WITH_PYCOMPAT = version_key("2.9")


def _available(version: str | None) -> Availability:
    state = ENGINE.available(version)
    lacks = state.version is not None and version_key(state.version) < _FIRST_WITH_PYCOMPAT
    return replace(state, reason=_NO_PYCOMPAT) if state.ok and lacks else state


def _adapter(target: str, pycompat: bool, summary: str, flag: Flag | None = None) -> Adapter:
    return Adapter(
        id=target,
        engine=_ID,
        launch=ENGINE.launch,
        available=_available,
        package=ENGINE.package,
        options={"pycompat": pycompat, "trim_blocks": True, "lstrip_blocks": True},
        flag=flag,
        summary=summary,
    )


ADAPTERS = (
    _adapter(_ID, True, "minijinja (Rust) with pycompat and native values"),
    _adapter("minijinja-strict", False, "minijinja (Rust) without any Python methods", Flag("pycompat", _ID)),
)
