"""Engine versions in the user's cache: whole or not at all, and never anywhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.targets import installs
from portable_tpl.targets.deployments import all_deployments


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(installs, "engines_folder", lambda: tmp_path / "engines")
    return tmp_path / "engines"


class Installer:
    """Stands in for pip and npm: notes its commands and puts down what ``leaves`` says."""

    def __init__(self, leaves: str | None, fails: bool = False) -> None:
        self.commands: list[list[str]] = []
        self.leaves = leaves
        self.fails = fails

    def __call__(self, engine: str, command: list[str]) -> str:
        self.commands.append(command)
        if "index" in command:
            return json.dumps({"versions": ["2026.5.9294", "2026.4.8672.1", "2026.4.8672", "0.2.14"]})
        folder = Path(command[command.index("--prefix" if "--prefix" in command else "--target") + 1])
        (folder / "partly").write_text("")
        if self.fails:
            raise TargetUnavailable(f"{engine}: pip failed: no network")
        if self.leaves:
            (folder / self.leaves).mkdir(parents=True)
            (folder / self.leaves / "package.json").write_text("{}")
        return ""


def test_a_version_is_put_into_its_own_folder(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer = Installer("minijinja-2.14.0.dist-info")
    monkeypatch.setattr(installs, "_run", installer)
    folder = installs.install("minijinja", "2.14.0")
    assert folder == cache / "minijinja" / "2.14.0"
    assert installs.is_installed("minijinja", "2.14.0")
    assert installs.installed_versions("minijinja") == ["2.14.0"]
    assert "minijinja==2.14.0" in installer.commands[0]
    assert [path.name for path in folder.parent.iterdir()] == ["2.14.0"]
    installs.install("minijinja", "2.14.0")
    assert len(installer.commands) == 1


def test_the_npm_package_has_a_default_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", Installer("node_modules/@huggingface/jinja"))
    monkeypatch.setattr(installs, "_npm", lambda: ["npm"])
    assert installs.install("hf-jinja").name == installs.PACKAGES["hf-jinja"].default


@pytest.mark.parametrize("installer", [Installer(None), Installer(None, fails=True)])
def test_a_failure_leaves_nothing(installer: Installer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", installer)
    with pytest.raises(TargetUnavailable):
        installs.install("minijinja", "2.14.0")
    assert not installs.is_installed("minijinja", "2.14.0")
    assert list((cache / "minijinja").iterdir()) == []


def test_builds_of_llama_cpp_are_found_in_releases(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer = Installer("xllamacpp-1.dist-info")
    monkeypatch.setattr(installs, "_run", installer)
    installs.install("llama.cpp", "b9294")
    assert "xllamacpp==2026.5.9294" in installer.commands[-1]
    installs.install("llama.cpp", "b8672")
    assert "xllamacpp==2026.4.8672.1" in installer.commands[-1]
    with pytest.raises(TargetUnavailable, match="b9294, b8672"):
        installs.install("llama.cpp", "b1")


@pytest.mark.parametrize("version", ["../../etc", "", "1 2", "-r/etc/passwd", "a/b", ".."])
def test_what_is_no_version_is_never_a_path(version: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", Installer("minijinja-1.dist-info"))
    with pytest.raises((UnknownTarget, TargetUnavailable)):
        installs.install("minijinja", version)
    assert not installs.is_installed("minijinja", version)
    assert not cache.exists()


def test_engines_without_versions_say_so() -> None:
    with pytest.raises(UnknownTarget, match="hf-jinja"):
        installs.install("no-such-engine", "1")
    with pytest.raises(TargetUnavailable, match="which version"):
        installs.install("llama.cpp")


def test_a_deployment_stands_for_its_engine(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", Installer("minijinja-2.dist-info"))
    pins = {deployment.id: deployment.pinned for deployment in all_deployments()}
    assert installs.install("mistral.rs").name == pins["mistral.rs"]


def test_what_is_missing_is_listed_until_it_is_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = installs.missing_engines()
    assert missing[0] == "hf-jinja@0.5.11"
    assert {f"minijinja@{deployment.pinned}" for deployment in all_deployments() if deployment.pinned} <= set(missing)
    installs.engine_folder("hf-jinja", "0.5.11").mkdir(parents=True)
    assert installs.missing_engines() == missing[1:]


def test_an_installer_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailable, match="cannot start"):
        installs._run("x", [str(tmp_path / "no-such-program")])
    with pytest.raises(TargetUnavailable, match=r"failed: .*wrong"):
        installs._run("x", ["sh", "-c", "echo something went wrong >&2; exit 3"])
