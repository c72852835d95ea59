"""All checks of this project: ``nox`` runs what continuous integration runs; the other sessions are longer sweeps."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.default_venv_backend = "venv"

PROJECT = nox.project.load_toml("pyproject.toml")
CORPUS = os.environ.get("PORTABLE_TPL_CORPUS", "")
# Tests that hold the model of the reference against the transformers package that is installed.
_LIKE_TRANSFORMERS = ("tests/targets/engines/test_reference.py", "tests/targets/steps", "tests/rendering")


def _group(session: nox.Session, name: str) -> None:
    session.install(*nox.project.dependency_groups(PROJECT, name))


def _engines(session: nox.Session) -> None:
    """Install every engine: Python packages as extras, the others through the program itself."""
    session.install("-e", ".[all]")
    session.run("portable-tpl", "targets", "install", "all", "measured")


def _with_corpus(session: nox.Session) -> str:
    if not CORPUS:
        session.error("set PORTABLE_TPL_CORPUS to a folder with templates/, manifest.jsonl and goldens.jsonl")
    return str(Path(CORPUS).resolve())


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite with every engine installed."""
    _group(session, "test")
    _engines(session)
    environment = {"PORTABLE_TPL_CORPUS": str(Path(CORPUS).resolve())} if CORPUS else {}
    arguments = session.posargs or ["-n", "2", "--dist", "loadgroup", "-q"]
    session.run("pytest", *arguments, env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and the layers."""
    session.install("-e", ".")
    _group(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", "portable_tpl", "tests", "noxfile.py")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install("-e", ".")
    _group(session, "types")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the reference page of the rules is fresh and that the examples in it hold."""
    session.install("-e", ".")
    _group(session, "test")
    session.run("python", "-m", "portable_tpl.checking.rule_reference", "--check")
    session.run(
        "pytest", "-q", "tests/rules", "tests/checking/test_pages.py", "tests/checking/test_rule_reference.py"
    )


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def pythons(session: nox.Session) -> None:
    """Run the test suite of the base install on every supported Python."""
    _group(session, "test")
    session.install("-e", ".")
    session.run("portable-tpl", "targets", "install", "measured")
    session.run("pytest", "-n", "2", "--dist", "loadgroup", "-q", *session.posargs)


@nox.session
def probes(session: nox.Session) -> None:
    """Measure every probe on every installed runtime and version, and write the support table."""
    _engines(session)
    session.run("python", "-m", "portable_tpl.probing", *(session.posargs or ["--install"]))


@nox.session
def pins(session: nox.Session) -> None:
    """Pin the hashes of engine versions that have no pin yet, as the registries tell them today."""
    session.install("-e", ".[js]", "uv")
    session.run("python", "-m", "portable_tpl.probing.pinning")


@nox.session
def upstream(session: nox.Session) -> None:
    """Install the newest of every engine and say which answers moved; compare with the newest transformers, too."""
    _group(session, "test")
    _engines(session)
    session.install("--upgrade", "transformers", "jinja2")
    session.run("python", "-m", "portable_tpl.probing", "--upstream", "--check", *session.posargs)
    session.run("pytest", "-q", *_LIKE_TRANSFORMERS)
    session.run("python", "-m", "tests.sweeps.wheels")


@nox.session
def deployments(session: nox.Session) -> None:
    """Compare every deployment over portable and real templates: no step is blamed on one; Dynamo and its model."""
    _engines(session)
    environment = {"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    session.run("python", "-m", "tests.sweeps.deployments", *session.posargs, env=environment)
    session.run("python", "-m", "tests.sweeps.deployments", "--frontend", env=environment)


@nox.session
def reference(session: nox.Session) -> None:
    """Compare the reference with the real transformers package over all real templates."""
    _group(session, "test")
    session.install("-e", ".")
    environment = {"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    session.run("pytest", "-q", "-m", "sweep", "tests/targets/engines", env=environment)


@nox.session
def prompts(session: nox.Session) -> None:
    """Compare prompts of every kind of call over all real templates with the installed transformers."""
    _group(session, "test")
    session.install("-e", ".")
    environment = {"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    session.run("python", "-m", "tests.sweeps.prompts", *session.posargs, env=environment)


@nox.session
def truth(session: nox.Session) -> None:
    """Compare what ``check`` says with what ``compare`` finds, over all real templates."""
    _engines(session)
    session.run(
        "python", "-m", "tests.sweeps.truth", *session.posargs, env={"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    )


@nox.session
def fixes(session: nox.Session) -> None:
    """Fix all real templates: what still differs, what it costs, and whether what is shown is done."""
    _group(session, "test")
    _engines(session)
    session.run(
        "python", "-m", "tests.sweeps.fixes", *session.posargs, env={"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    )


@nox.session
def severity(session: nox.Session) -> None:
    """Ask of all real templates whether an error of ``check`` is one, and whether a report contradicts itself."""
    _engines(session)
    session.run(
        "python", "-m", "tests.sweeps.severity", *session.posargs, env={"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    )


@nox.session
def agreement(session: nox.Session) -> None:
    """Ask of 5,000 random small templates whether engines agree where ``check`` says nothing."""
    _engines(session)
    _group(session, "test")
    session.run("python", "-m", "tests.sweeps.agreement", *session.posargs)


@nox.session
def sweep(session: nox.Session) -> None:
    """Find every known class of mismatch again over all real templates, in all tiers."""
    _engines(session)
    session.run(
        "python", "-m", "tests.sweeps.sweep", *session.posargs, env={"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    )


@nox.session
def release(session: nox.Session) -> None:
    """Say how often each release check fires over all real templates, by severity."""
    session.install("-e", ".")
    templates = str(Path(_with_corpus(session)) / "templates")
    session.run("python", "-m", "tests.sweeps.release", templates, "--seconds", *session.posargs)


@nox.session
def diff(session: nox.Session) -> None:
    """Change a branch of real templates, and fix others: ``diff`` must find the one and nothing of the other."""
    session.install("-e", ".")
    templates = str(Path(_with_corpus(session)) / "templates")
    session.run("python", "-m", "tests.sweeps.diff", templates, *session.posargs)


@nox.session
def reproduce(session: nox.Session) -> None:
    """Audit all real templates on the default targets, and try every ``reproduce`` command of the report."""
    _engines(session)
    report = str(Path(session.create_tmp()) / "report.json")
    templates = str(Path(_with_corpus(session)) / "templates")
    session.run("portable-tpl", "audit", templates, "--format", "json", "--output", report, success_codes=[0, 1])
    session.run("python", "-m", "tests.sweeps.reproduce", report, *session.posargs)


@nox.session(name="types-sweep")
def types_sweep(session: nox.Session) -> None:
    """Observe values on the reference over all real templates: each lies in the type that was inferred."""
    session.install("-e", ".")
    _group(session, "test")
    session.run(
        "python", "-m", "tests.sweeps.types", *session.posargs, env={"PORTABLE_TPL_CORPUS": _with_corpus(session)}
    )


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print ratios against peers measured in the same run."""
    _group(session, "test")
    _group(session, "benchmarks")
    _engines(session)
    for script in sorted(Path("tests/benchmarks").glob("bench_*.py")):
        session.run("python", str(script), env={"PORTABLE_TPL_CORPUS": CORPUS})


@nox.session
def fuzz(session: nox.Session) -> None:
    """Send thousands of mutated templates and containers through everything: no foreign exception, no hang."""
    _group(session, "test")
    _engines(session)
    environment = {"PORTABLE_TPL_CORPUS": str(Path(CORPUS).resolve())} if CORPUS else {}
    session.run("python", "-m", "tests.sweeps.fuzz", *session.posargs, env=environment)


@nox.session
def kills(session: nox.Session) -> None:
    """Kill every command that writes files a hundred times, at random moments: files whole, nothing left behind."""
    session.install("-e", ".")
    for kind in ("fix", "fix --output", "check --output", "check --write-baseline", "render --input"):
        session.run("python", "-m", "tests.security.killing", "kills", kind, *(session.posargs or ("100", "1")))


@nox.session
def same(session: nox.Session) -> None:
    """Audit real templates under other hash seeds, locales, time zones, folders and caches: the same report."""
    _engines(session)
    templates = str(Path(_with_corpus(session)) / "templates")
    session.run("python", "-m", "tests.sweeps.same", templates, *session.posargs)


@nox.session
def growth(session: nox.Session) -> None:
    """Time ``check`` at once, twice, four and eight times the size, for templates of many kinds."""
    _group(session, "test")
    session.install("-e", ".")
    session.run("python", "-m", "tests.sweeps.growth", *session.posargs)
