"""The same report, byte for byte, whatever the machine, the hour and the number of processes; ``nox -s same`` does more."""

from __future__ import annotations

from pathlib import Path

import pytest

from portable_tpl.targets.registry import availability

from .same_report import OTHERS, differences

TEMPLATES = {
    "a": "{% for m in messages %}{{ m.role.title() }}: {{ m['content'].strip().split('x')[-1] }}\n{% endfor %}"
    "{% if tools %}{{ tools | tojson(indent=2) }}{% endif %}",
    "b": "{{ bos_token }}{% for m in messages %}{% if m.tool_calls %}{% for c in m.tool_calls %}{{ c.function.arguments }}"
    "{% endfor %}{% endif %}{{ m.content | upper }}{% endfor %}{{ strftime_now('%d %B %Y %H') }}",
    "c": "{% set ns = namespace(x={'I': 1, 'ı': 2}) %}{% for k, v in ns.x.items() %}{{ k.lower() }}{{ v }}{% endfor %}"
    "{{ messages | map(attribute='role') | unique | list | join(',') }}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    for name, text in TEMPLATES.items():
        (folder / f"{name}.jinja").write_text(text, "utf-8")
    return folder


def test_the_report_depends_on_nothing_else(folder: Path, tmp_path: Path) -> None:
    targets = [
        part for name in ("minijinja-strict", "hf-jinja") if availability(name).ok for part in ("--target", name)
    ]
    others = [each for each in OTHERS if each.name in ("hash seed, two processes", "cold cache", "far east", "CI")]
    assert len(others) == 4
    assert differences(folder, tmp_path, ["--examples", "12", *targets], others) == []
