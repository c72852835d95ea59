"""What a comparison draws from hypothesis: always the same, in every process, and nothing else than the strategy's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from portable_tpl.generation.drawing import draw
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Tier
from tests.generation.test_generate import RICH, rich_shape

DIGEST = (
    "import hashlib\nfrom portable_tpl.generation.drawing import draw\nfrom portable_tpl.model.conversation import Tier\n"
    "from portable_tpl.model.source import Template\nfrom portable_tpl.template.syntax.parsing import parse\n"
    "from portable_tpl.template.usage.shape import shape_of\nimport sys\n"
    "shape = shape_of(parse(Template(sys.stdin.read())).tree)\n"
    "keys = [each.key for tier in Tier for each in draw(shape, tier, 20, 'k')]\n"
    "print(len(keys), hashlib.sha256('\\n'.join(keys).encode()).hexdigest())\n"
)


def test_no_other_module_has_a_say_and_no_file_is_left(tmp_path: Path) -> None:
    module = tmp_path / "somebodys.py"
    module.write_text(
        "".join(f"A{number} = {number + 70_000}\nB{number} = 'word {number}'\n" for number in range(300))
    )
    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    digests = {
        subprocess.run(
            [sys.executable, "-c", before + DIGEST],
            input=RICH,
            cwd=tmp_path / "empty",
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for before in ("", "import somebodys\n")
    }
    assert len(digests) == 1
    assert list((tmp_path / "empty").iterdir()) == []


def test_equal_keys_give_equal_bytes_in_every_process() -> None:
    digests = set()
    for seed, ci in (("0", ""), ("1", ""), ("2", "true")):
        # hypothesis takes other settings by itself where CI is set.
        environment = {**os.environ, "PYTHONHASHSEED": seed, "CI": ci}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST], input=RICH, capture_output=True, text=True, check=True, env=environment
        )
        digests.add(run.stdout)
    (digest,) = digests
    assert digest.startswith("80 ")


def test_keys_and_tiers_tell_draws_apart() -> None:
    shape = rich_shape()
    first = [each.key for each in draw(shape, Tier.EVERYDAY, 30, "a")]
    assert first == [each.key for each in draw(shape, Tier.EVERYDAY, 30, "a")]
    assert len(set(first)) > 25
    assert not set(first) & {each.key for each in draw(shape, Tier.EVERYDAY, 30, "b")} - {first[0]}
    for tier in Tier:
        assert all(TierJudge(shape).tier(each).rank <= tier.rank for each in draw(shape, tier, 60, "a"))
