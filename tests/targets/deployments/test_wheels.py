"""The engine that a server was built with, read out of its program."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.targets.deployments import all_deployments
from portable_tpl.targets.deployments._dynamo_frontend import installed
from portable_tpl.targets.deployments._wheels import engine_in
from portable_tpl.targets.workers.dynamo_worker import engine_version
from tests.sweeps.wheels import engine_of

_PATH = b"\0/registry/src/index/minijinja-contrib-9.9.9/src/lib.rs/registry/src/index/minijinja-2.14.0/src/value.rs\0"


def test_a_program_names_its_engine() -> None:
    assert engine_in(_PATH) == "2.14.0"
    assert engine_in(b"\0src\\minijinja-3.1.0\\src\\vm.rs") == "3.1.0"
    assert engine_in(b"minijinja-contrib-2.14.0/src minijinja is at 2.14.0") is None


def test_a_wheel_is_searched_by_its_libraries(tmp_path: Path) -> None:
    wheel = tmp_path / "server-1.0-cp38-abi3-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("server/notes.txt", b"/minijinja-1.0.0/")
        archive.writestr("server/_first.abi3.so", b"nothing")
        archive.writestr("server/_core.abi3.so", _PATH)
    assert engine_of(wheel) == "2.14.0"


def test_a_bundle_is_searched_by_its_scripts(tmp_path: Path) -> None:
    bundle = tmp_path / "acme-1.0.0.tgz"
    path = b"// ../../node_modules/.pnpm/@huggingface+jinja@0.5.10/node_modules/@huggingface/jinja/dist/index.js\n"
    with tarfile.open(bundle, "w:gz") as archive:
        for name, content in (("package/README.md", path.replace(b"10", b"1")), ("package/dist/acme.mjs", path)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert engine_of(bundle) == "0.5.10"


@pytest.mark.parametrize("deployment", all_deployments(), ids=lambda deployment: deployment.id)
def test_what_was_read_of_a_wheel_is_said(deployment: Any) -> None:
    if deployment.wheel is None:
        # No package carries them: TGI and LM Studio are none, vLLM runs transformers, and jinja2 is the user's own.
        assert deployment.id in ("tgi", "vllm", "lm-studio", "llama-cpp-python")
        return
    wheel = deployment.wheel
    source = f"the {wheel.package} {wheel.release} {'wheel' if wheel.manager == 'pip' else 'package'}"
    assert any(fact.source == source and deployment.pinned in fact.text for fact in deployment.facts)


@pytest.mark.skipif(installed() is None, reason="needs the extra dynamo")
def test_the_installed_frontend_is_not_ahead_of_its_model() -> None:
    assert engine_version() == next(each.pinned for each in all_deployments() if each.id == "dynamo")
