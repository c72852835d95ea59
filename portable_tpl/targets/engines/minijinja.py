"""minijinja with native values, with and without the Python methods of its pycompat."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Adapter, Launch, python_worker
from portable_tpl.targets.processes._base import Availability

_ENGINE = "minijinja"
# Unlike the Rust crate, whose pycompat is a package of its own.
_NO_PYCOMPAT = "the Python package of this version has no pycompat: Python methods always fail"


def _here() -> str | None:
    try:
        return version("minijinja")
    except PackageNotFoundError:
        return None


def _launch(asked: str | None) -> Launch:
    if asked in (None, _here()):
        return python_worker("minijinja_worker")
    return python_worker("minijinja_worker", str(installs.engine_folder(_ENGINE, str(asked))))


def _available(asked: str | None) -> Availability:
    here = _here()
    if asked is None and here is None:
        return Availability(False, reason="minijinja is not installed", remedy="pip install minijinja")
    if asked in (None, here):
        return Availability(True, version=here)
    if not installs.is_installed(_ENGINE, str(asked)):
        remedy = installs.remedy(_ENGINE, asked)
        return Availability(False, reason=f"minijinja {asked} is not installed", remedy=remedy)
    return Availability(True, version=asked, reason=_NO_PYCOMPAT if _lacks_pycompat(str(asked)) else None)


def _lacks_pycompat(asked: str) -> bool:
    numbers = [int(part) for part in asked.split(".")[:2] if part.isdigit()]
    return numbers < [2, 9]


def _adapter(target: str, pycompat: bool, summary: str) -> Adapter:
    return Adapter(
        id=target,
        engine=_ENGINE,
        launch=_launch,
        available=_available,
        options={"pycompat": pycompat, "trim_blocks": True, "lstrip_blocks": True},
        versioned=True,
        summary=summary,
    )


ADAPTERS = (
    _adapter("minijinja", True, "minijinja (Rust) with pycompat and native values"),
    _adapter("minijinja-strict", False, "minijinja (Rust) without any Python methods"),
)
