"""Engine versions in the user's cache: whole or not at all, and never anywhere else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.support.table import shipped_versions
from portable_tpl.targets import installs, pins
from portable_tpl.targets.deployments import all_deployments
from portable_tpl.targets.engines import hf_jinja, llamacpp, minijinja
from portable_tpl.targets.registry import installable, known_targets, missing_engines

HF_JINJA, LLAMA, MINIJINJA = hf_jinja.ENGINE.package, llamacpp.ENGINE.package, minijinja.ENGINE.package


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(installs, "cache_folder", lambda: tmp_path / "engines")
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
            releases = ["2026.5.9294", "2026.4.8672.1", "2026.4.8672", "0.2"]
            listed = ", ".join(releases if command[-1] == "xllamacpp" else ["77.0", "2.14.0"])
            return f"{command[-1]} (1)\nAvailable versions: {listed}\n  INSTALLED: 1\n"
        if "view" in command:
            return json.dumps(["0.5.10", hf_jinja.ENGINE.default_version(), "0.6.0-beta"])
        folder = Path(command[command.index("--prefix" if "--prefix" in command else "--target") + 1])
        if "ci" in command:
            lock = json.loads((folder / "package-lock.json").read_text())
            assert json.loads((folder / "package.json").read_text()) == lock["packages"][""]
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
    folder = installs.install(MINIJINJA, "2.14.0")
    assert folder == cache / "minijinja" / "2.14.0"
    assert installs.is_installed(MINIJINJA, "2.14.0")
    assert installs.installed_versions(MINIJINJA) == ["2.14.0"]
    (command,) = installer.commands
    assert "--require-hashes" in command
    assert Path(command[-1]).read_text().startswith("minijinja==2.14.0 ")
    assert [path.name for path in folder.parent.iterdir()] == ["2.14.0"]
    installs.install(MINIJINJA, "2.14.0")
    assert len(installer.commands) == 1


def test_the_npm_package_has_a_default_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", Installer("node_modules/@huggingface/jinja"))
    monkeypatch.setattr(installs, "npm", lambda: ["npm"])
    package, version = installable("hf-jinja")
    assert (package, version) == (HF_JINJA, hf_jinja.ENGINE.default_version())
    assert installs.install(package, hf_jinja.ENGINE.default_version()).name == version
    assert installs.newest(HF_JINJA) == version


@pytest.mark.parametrize("installer", [Installer(None), Installer(None, fails=True)])
def test_a_failure_leaves_nothing(installer: Installer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", installer)
    with pytest.raises(TargetUnavailable):
        installs.install(MINIJINJA, "2.14.0")
    assert not installs.is_installed(MINIJINJA, "2.14.0")
    assert list((cache / "minijinja").iterdir()) == []


def test_builds_of_llama_cpp_are_found_in_releases(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer = Installer("xllamacpp-1.dist-info")
    monkeypatch.setattr(installs, "_run", installer)
    for version, release in (("b9294", "2026.5.9294"), ("b8672", "2026.4.8672.1")):
        installs.install(LLAMA, version)
        assert Path(installer.commands[-1][-1]).read_text().startswith(f"xllamacpp=={release} ")
    with pytest.raises(UnknownTarget, match="b9294, b8672"):
        installs.install(LLAMA, "b1")


@pytest.mark.parametrize("version", ["../../etc", "", "1 2", "-r/etc/passwd", "a/b", ".."])
def test_what_is_no_version_is_never_a_path(version: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_run", Installer("minijinja-1.dist-info"))
    with pytest.raises((UnknownTarget, TargetUnavailable)):
        installs.install(MINIJINJA, version)
    assert not installs.is_installed(MINIJINJA, version)
    assert not cache.exists()


def test_a_version_that_no_registry_knows_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer = Installer("minijinja-2.dist-info")
    monkeypatch.setattr(installs, "_run", installer)
    assert installs.known_versions(MINIJINJA)[-1] != "77.0"
    with pytest.raises(UnknownTarget, match=r"minijinja@2\.14\.1: no release of minijinja is that"):
        installs.install(MINIJINJA, "2.14.1")
    assert len(installer.commands) == 1
    with pytest.raises(TargetUnavailable, match=r"minijinja@77\.0: no hash of it is known here; .*--unpinned"):
        installs.install(MINIJINJA, "77.0")
    assert not (cache / "minijinja").exists()
    assert installs.install(MINIJINJA, "77.0", unpinned=True).is_dir()
    assert "minijinja==77.0" in installer.commands[-1]
    assert installs.known_versions(MINIJINJA)[-1] == "77.0"
    assert (cache.parent / "releases" / "minijinja.json").is_file()


def _wheel(folder: Path, content: str) -> str:
    """A wheel of a package ``tiny``; gives its SHA-256."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": content,
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name), text)  # of no time: equal contents make equal wheels
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(find_spec("pip") is None, reason="runs pip itself")
def test_what_has_another_hash_is_not_installed(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "PINS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    pin = f"tiny==1.0 --hash=sha256:{_wheel(tmp_path, 'x = 1')}\n"
    pins.pin_path("tiny", "1.0", "pip").write_text(pin)
    tiny = installs.Package("tiny", "pip", "tiny")
    _wheel(tmp_path, "x = 2")
    with pytest.raises(TargetUnavailable, match=r"(?i)do not match the hashes"):
        installs.install(tiny, "1.0")
    assert list((cache / "tiny").iterdir()) == []
    _wheel(tmp_path, "x = 1")
    assert (installs.install(tiny, "1.0") / "tiny.py").read_text() == "x = 1"


def test_what_a_target_runs_is_pinned() -> None:
    for adapter in known_targets():
        if adapter.package is not None and adapter.plugin is None:
            versions = [adapter.pinned] if adapter.pinned else shipped_versions(adapter.id)
            package = adapter.package
            missing = [each for each in versions if not pins.pin_of(package.engine, each, package.manager)]
            assert not missing, f"{adapter.id}: nox -s pins"


def test_a_pin_is_whole_and_names_no_address() -> None:
    paths = sorted(pins.PINS.iterdir())
    assert len(paths) > 50
    for path in paths:
        text = path.read_text("utf-8")
        assert "://" not in text, path
        if path.suffix == ".json":
            packages = json.loads(text)["packages"]
            assert all(each["integrity"].startswith("sha512-") for place, each in packages.items() if place), path
            continue
        for requirement in text.replace("\\\n", " ").splitlines():
            assert re.fullmatch(r"[\w.-]+==\S+( ; [^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", requirement), path


def test_a_cache_that_cannot_be_written_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(installs, "cache_folder", lambda: tmp_path / "file" / "engines")
    with pytest.raises(TargetUnavailable, match=r"cannot write .*engines: Not a directory; .*XDG_CACHE_HOME"):
        installs.install(MINIJINJA, "2.14.0")
    program = [sys.executable, "-m", "portable_tpl.targets.workers.onnxruntime_worker"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "file")}
    result = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if find_spec("onnxruntime_extensions") is not None:
        assert re.fullmatch(r"cannot write .*tokenizers: Not a directory; .*XDG_CACHE_HOME\n", result.stderr)


def test_targets_without_versions_say_so() -> None:
    for target in ("transformers", "vllm", "llama-cpp-python", "tgi@2.8.0"):
        with pytest.raises(UnknownTarget, match="hf-jinja"):
            installable(target)
    assert installable("llama.cpp") == (LLAMA, None)
    assert installable("llama.cpp-engine@b1") == (LLAMA, "b1")


def test_a_deployment_stands_for_its_engine() -> None:
    pins = {each.id: each.pinned for each in all_deployments() if each.pinned}
    assert pins
    packages = {each.id: each.build.engine.package for each in all_deployments()}
    assert {target: installable(target) for target in pins} == {
        target: (packages[target], pin) for target, pin in pins.items()
    }


def test_what_is_missing_is_listed_until_it_is_there(cache: Path) -> None:
    missing = missing_engines()
    default = (HF_JINJA, hf_jinja.ENGINE.default_version())
    assert default in missing
    assert {each.pinned for each in all_deployments() if each.pinned} <= {version for _, version in missing}
    installs.engine_folder(*default).mkdir(parents=True)
    assert set(missing_engines()) == set(missing) - {default}


def test_an_installer_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailable, match="cannot start"):
        installs._run("x", [str(tmp_path / "no-such-program")])
    with pytest.raises(TargetUnavailable, match=r"failed: .*wrong"):
        installs._run("x", ["sh", "-c", "echo something went wrong >&2; exit 3"])
