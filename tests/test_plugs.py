"""A rule, a release check and a report format are one file each: added from another folder, the program has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = '''"""Templates that print nothing.

What it asks
------------
Whether a user's text is printed at all.

Why it matters
--------------
A prompt without it is no prompt.

Example
-------
``{# nothing #}``

What to do
----------
Print it.
"""

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendered
from portable_tpl.release._base import Exchange, Observation

CODE = "REL990"
VALID = INVALID = ()


def examine(subject, inquiry):
    conversation = Conversation([{"role": "user", "content": "hello"}])
    if inquiry.render(conversation) == Rendered(""):
        yield Observation(Severity.ERROR, "Nothing is printed", (Exchange("a greeting", conversation),))
'''

FORMAT = '''"""One word a template."""


def render(report):
    return "".join(f"{template.template.name}!\\n" for template in report.templates)
'''

# The command line, with a further folder in which packages look for their modules.
PROGRAM = """
import sys
from importlib import import_module
package, folder, *arguments = sys.argv[1:]
import_module(package).__path__.append(folder)
from portable_tpl.cli import main
main(arguments)
"""


def run(package: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, f"portable_tpl.{package}", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "silent.jinja").write_text("{# nothing #}{% for m in messages %}{% endfor %}")
    return tmp_path


def test_a_rule_is_one_file(folder: Path) -> None:
    source = (Path(__file__).parents[1] / "portable_tpl" / "rules" / "print_none.py").read_text("utf-8")
    (folder / "print_nothing.py").write_text(
        source.replace("PTL601", "PTL990").replace("None printed", "Nothing printed")
    )
    (folder / "none.jinja").write_text("{{ none }}")
    result = run("rules", folder, "check", "none.jinja", "-t", "hf-jinja", "--format", "json")
    found = {finding["code"]: finding for finding in json.loads(result.stdout)["templates"][0]["findings"]}
    assert found["PTL990"]["rule"] == "print-nothing"
    assert "Nothing printed as text" in run("rules", folder, "explain", "PTL990").stdout


def test_a_release_check_is_one_file(folder: Path) -> None:
    (folder / "silence.py").write_text(CHECK)
    arguments = ("silent.jinja", "-t", "minijinja", "--select", "REL990", "--format", "json", "--examples", "3")
    result = run("release", folder, "audit", *arguments)
    [finding] = json.loads(result.stdout)["templates"][0]["findings"]
    assert (finding["code"], finding["rule"], finding["message"]) == ("REL990", "silence", "Nothing is printed")
    assert finding["witness"] is not None
    assert result.returncode == 1
    assert "A prompt without it is no prompt." in run("release", folder, "explain", "REL990").stdout


def test_a_report_format_is_one_file(folder: Path) -> None:
    (folder / "shouted.py").write_text(FORMAT)
    assert run("reports", folder, "check", "silent.jinja", "--format", "shouted").stdout == "default!\n"
