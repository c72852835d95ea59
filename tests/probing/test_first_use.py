"""A new engine is two files, found through the plug: it is measured on first use, and templates are checked on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portable_tpl.support.features import probes_digest

ADAPTER = '''
"""An engine that is jinja2 without trim."""
import sys
from pathlib import Path
from portable_tpl.targets.processes._adapter import Adapter, Launch
from portable_tpl.targets.processes._base import Availability

VERSION = Path(__file__).with_name("version").read_text()
LAUNCH = Launch((sys.executable, str(Path(__file__).with_name("worker.py")), VERSION))
ADAPTERS = [
    Adapter("untrimmed", "untrimmed", lambda version: LAUNCH, lambda version: Availability(True, version=VERSION))
]
'''
WORKER = """
import sys
from portable_tpl.targets.workers._serve import serve
from portable_tpl.targets.workers.transformers_worker import Jinja2Engine

engine = Jinja2Engine()
engine.name, engine.version = "untrimmed", sys.argv[1]
del engine.environment.filters["trim"]
if engine.version == "1.1":
    del engine.environment.filters["upper"]
serve(engine)
"""
TEMPLATE = "{% for m in messages %}{{ m.content | trim | upper }}{% endfor %}"


@pytest.fixture
def plugged(tmp_path: Path) -> Path:
    """A folder with an installed distribution that brings an engine."""
    engine = tmp_path / "untrimmed"
    engine.mkdir()
    (engine / "__init__.py").write_text(ADAPTER)
    (engine / "worker.py").write_text(WORKER)
    (engine / "version").write_text("1.0")
    information = tmp_path / "untrimmed-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: untrimmed\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[portable_tpl.runtimes]\nuntrimmed = untrimmed:ADAPTERS\n")
    (tmp_path / "t.jinja").write_text(TEMPLATE)
    return tmp_path


def portable_tpl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "portable_tpl", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300, check=False
    )


def test_an_engine_of_two_files_is_measured_once_and_checked_against(plugged: Path) -> None:
    check = ("check", "t.jinja", "-t", "untrimmed", "--format", "json")
    done = portable_tpl(plugged, *check)
    assert "measuring untrimmed 1.0" in done.stderr
    report = json.loads(done.stdout)
    assert (report["targets"][0]["engine"], report["targets"][0]["version"]) == ("untrimmed", "1.0")
    assert report["templates"][0]["verdicts"] == {"untrimmed": "fails"}
    assert {finding["feature"] for finding in report["templates"][0]["findings"]} == {"filter.trim"}

    # Kept under the digest of the probes, whole and nothing beside it; and asked for again from there.
    tables = plugged / "cache" / "portable-tpl" / "tables"
    assert [path.relative_to(tables) for path in tables.rglob("*.*")] == [Path(probes_digest(), "untrimmed@1.0.json")]
    again = portable_tpl(plugged, *check)
    assert (again.stderr, again.stdout) == ("", done.stdout)

    # Other probes measure anew; so does another version, whose table takes the place of the other.
    (tables / probes_digest()).rename(tables / "of other probes")
    (plugged / "untrimmed" / "version").write_text("1.1")
    newer = portable_tpl(plugged, *check)
    assert "measuring untrimmed 1.1" in newer.stderr
    features = {finding["feature"] for finding in json.loads(newer.stdout)["templates"][0]["findings"]}
    assert features == {"filter.trim", "filter.upper"}

    fixed = portable_tpl(plugged, "targets", "list", "--format", "json")
    [row] = [row for row in json.loads(fixed.stdout) if row["id"] == "untrimmed"]
    assert row["measured_versions"] == ["1.1"]


def test_what_cannot_be_kept_is_said(plugged: Path) -> None:
    (plugged / "cache").write_text("no folder")
    done = portable_tpl(plugged, "check", "t.jinja", "-t", "untrimmed")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("portable-tpl: error: untrimmed: no measurements to check against")
    assert "Traceback" not in done.stderr
