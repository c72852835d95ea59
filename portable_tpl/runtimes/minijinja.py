"""minijinja with native values, with and without the Python methods of its pycompat."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from portable_tpl.runtimes._adapter import Adapter, python_worker
from portable_tpl.runtimes._base import Availability


def _available(_version: str | None) -> Availability:
    try:
        return Availability(True, version=version("minijinja"))
    except PackageNotFoundError:
        return Availability(False, reason="minijinja is not installed", remedy="pip install minijinja")


def _adapter(target: str, pycompat: bool, summary: str) -> Adapter:
    return Adapter(
        id=target,
        engine="minijinja",
        launch=lambda _version: python_worker("minijinja_worker"),
        available=_available,
        options={"pycompat": pycompat, "trim_blocks": True, "lstrip_blocks": True},
        summary=summary,
    )


ADAPTERS = (
    _adapter("minijinja", True, "minijinja (Rust) with pycompat and native values"),
    _adapter("minijinja-strict", False, "minijinja (Rust) without any Python methods"),
)
