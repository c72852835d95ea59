"""What a file under ``engines/`` or ``deployments/`` declares about a target: data, and how its worker is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._contexts import json_context
from portable_tpl.targets.steps.reference import reference_context

if TYPE_CHECKING:
    from portable_tpl.targets.installs import Package
    from portable_tpl.targets.processes._worker import WorkerRuntime

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_OPTIONS: Mapping[str, Json] = MappingProxyType({})
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[3])
# What an interpreter or a shared library needs to be found; everything else of the user's environment stays out, so
# that two users get the same bytes.
_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT", "XDG_CACHE_HOME")


@dataclass(frozen=True)
class Launch:
    """How a worker process is started.

    ``command`` is the argument vector. ``environment`` is added to a scrubbed one (:func:`scrubbed_environment`).
    ``start_seconds`` is what the engine may take until its hello line. ``address_space`` says whether the memory
    limit may be set as a limit on the address space, which stops the very allocation that is too big; an engine that
    reserves much more than it uses (V8) sets it to false and is watched by its resident memory instead.
    ``idle_megabytes`` are what a warm engine will map on top and hardly use; then it is limited and watched.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)
    start_seconds: float = 60.0
    address_space: bool = True
    idle_megabytes: int = 0


# Builds what the worker is told about one conversation: the context (a JSON object), or the rendering itself where
# the engine has not to be asked. The second argument is the special tokens of the template's container.
ContextBuilder: TypeAlias = Callable[[Conversation, Mapping[str, str]], "dict[str, Json] | Rendering"]


class Engine(Protocol):
    """An engine: its name, where its versions come from, and how one is run."""

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    @property
    def package(self) -> Package | None:
        """Where versions come from; ``None``: there is one, in the base install."""
        ...

    def launch(self, version: str | None) -> Launch:
        """How the worker of a version is started."""
        ...

    def available(self, version: str | None) -> Availability:
        """Whether a version can run here."""
        ...


class Flag(NamedTuple):
    """A flag of an engine, and the target that is the same with it set."""

    name: str
    target: str


@dataclass(frozen=True)
class Adapter:
    """One target, described: an id, the engine behind it, and how to run it.

    ``launch`` and ``available`` take the engine version asked for (``None``: the one of this environment); ``launch``
    is called only where ``available`` said yes. ``package`` is where versions of the engine come from, and ``pinned``
    the one that this target always runs. What fails here and not with ``flag`` set is missing nothing but that flag.
    ``options`` goes with every template to the worker, as it is. ``summary`` is one line for ``targets list``;
    ``notes`` say what is the real engine and what is modelled, where there is more than an engine. ``opens`` starts a
    runtime of the target's own kind. ``steps`` names what the target does around its engine, in order
    (:mod:`portable_tpl.targets.steps`), and ``bare`` is that engine with nothing around it;
    ``steps_vary`` where the server itself decides which of its steps it takes for a template. ``plugin`` names the
    distribution that brought the target, where that is another one than this.
    """

    id: str
    engine: str
    launch: Callable[[str | None], Launch]
    available: Callable[[str | None], Availability]
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Json] = field(default_factory=lambda: _NO_OPTIONS, hash=False)
    context: ContextBuilder = reference_context
    package: Package | None = None
    pinned: str | None = None
    flag: Flag | None = None
    summary: str = ""
    notes: tuple[str, ...] = ()
    opens: Callable[[str | None, Limits | None], WorkerRuntime] | None = None
    steps: tuple[str, ...] = ()
    steps_vary: bool = False
    bare: Adapter | None = None
    plugin: str | None = None

    @property
    def versioned(self) -> bool:
        """Whether ``ID@VERSION`` can be asked for at all."""
        return self.package is not None and self.pinned is None


def stack_and_engine(
    engine: Engine,
    target: str,
    summary: str,
    engine_summary: str,
    *,
    context: ContextBuilder,
    steps: tuple[str, ...],
    steps_vary: bool = False,
    aliases: tuple[str, ...] = (),
) -> tuple[Adapter, Adapter]:
    """Two targets of one worker: an engine with all that a server does around it, and ``TARGET-engine``, it alone.

    The worker is told by the option ``engine`` that it is to render the reference's own context and nothing else.
    """
    alone = Adapter(
        f"{target}-engine",
        engine.name,
        engine.launch,
        engine.available,
        options={"engine": True},
        context=json_context,
        package=engine.package,
        summary=engine_summary,
    )
    stack = replace(
        alone,
        id=target,
        aliases=aliases,
        options=_NO_OPTIONS,
        context=context,
        summary=summary,
        steps=steps,
        steps_vary=steps_vary,
        bare=alone,
    )
    return stack, alone


def python_worker(module: str, folder: str | None = None) -> Launch:
    """A worker that is a module of this package, run by this interpreter.

    ``folder`` goes first on its path: an engine version that was installed on its own.
    """
    path = _PACKAGE_ROOT if folder is None else folder + os.pathsep + _PACKAGE_ROOT
    command = (sys.executable, "-s", "-m", f"portable_tpl.targets.workers.{module}")
    return Launch(command, {"PYTHONPATH": path})


def scrubbed_environment(added: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker: the same hash seed, time zone and locale for everybody."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "PYTHONUTF8": "1",
    }
    return {**kept, **fixed, **added}
