"""`check` on one template runs on every keystroke: opening it imports nothing it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
before = set(sys.modules)
from portable_tpl.sources import discover
assert discover([sys.argv[1]])[0].templates[0].text == "x"
print(*sorted({"json", "gguf", "numpy"} & (set(sys.modules) - before)))
print(*sorted(name for name in set(sys.modules) - before if name.startswith("portable_tpl.sources.")))
"""


def test_a_lone_template_is_cheap(tmp_path: Path) -> None:
    path = tmp_path / "a.jinja"
    path.write_text("x")
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", CODE, str(path)], capture_output=True, text=True, check=True, cwd=root, timeout=60
    )
    costly, own = run.stdout.split("\n")[:2]
    assert costly == ""
    assert own.split() == [
        "portable_tpl.sources._container",
        "portable_tpl.sources._files",
        "portable_tpl.sources.jinja_file",
        "portable_tpl.sources.special_tokens",
    ]
