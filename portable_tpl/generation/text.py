"""Texts as people and models write them, and texts that only an attacker or a bug writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.requests.markers import SYNTAX
from portable_tpl.requests.tiers import CONTENTS, RARE_TEXT

# The first of each list is the simplest: hypothesis shrinks towards it.
_TEXTS: dict[str, tuple[str, ...]] = {
    name: tuple(texts)
    for name, texts in json.loads(Path(__file__).with_name("data").joinpath("texts.json").read_bytes()).items()
}
PLAIN, _ODD_BUT_ORDINARY, _SCRIPTS, _RARE = (_TEXTS[name] for name in ("plain", "odd", "scripts", "rare"))
SPECIAL_TOKENS, TEMPLATE_SYNTAX = _TEXTS["special_tokens"], _TEXTS["template_syntax"]
CONTROLS, LONE_SURROGATES = _TEXTS["controls"], _TEXTS["lone_surrogates"]
# Ranges of assigned, printing characters; whole alphabets, so that case mapping and widths are met.
_RANGES = (
    (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x17F), (0x391, 0x3A1), (0x3B1, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA),
    (0x621, 0x63A), (0x904, 0x939), (0xE01, 0xE30), (0x3041, 0x3096), (0x4E00, 0x4FFF), (0xAC00, 0xAD00),
    (0x1F600, 0x1F64F),
)  # fmt: skip
_LONG = 3000  # words, 15 kB: longer than any handwritten conversation


def spoken_text(choices: Choices, markers: Sequence[str] = ()) -> str:
    """Any text of the tier that people, models and tools send; ``markers`` are what the template looks for."""
    rare = CONTENTS[choices.tier].rare_text
    kind = choices.below(100)
    if kind < 30:
        return pick(choices, PLAIN)
    if rare and markers and kind >= 75:
        return marked_text(choices, markers)
    if kind < 56:
        return pick(choices, _ODD_BUT_ORDINARY)
    if kind < 68:
        return pick(choices, _SCRIPTS)
    if kind < 75:
        return pick(choices, _RARE if rare else _ODD_BUT_ORDINARY)
    if kind < 88:
        return characters(choices)
    joint = pick(choices, (" ", "\n", "\n\n"))
    words = (*PLAIN, *_ODD_BUT_ORDINARY, *_SCRIPTS, *(_RARE if rare else ()))
    return joint.join(pick(choices, words) for _ in range(1 + choices.below(3)))


def marked_text(choices: Choices, markers: Sequence[str]) -> str:
    """A text around one to three of the markers, in any order and place."""
    words = ("", "a", "thought", "\n", " ", "\n\nanswer\n", "it's")
    out = [pick(choices, words)]
    if len(markers) > 1 and happens(choices, 50):
        start = choices.below(len(markers) - 1)
        chosen = list(markers[start : start + 2])
    else:
        chosen = [pick(choices, markers) for _ in range(1 + choices.below(2))]
    for marker in chosen:
        out += [marker, pick(choices, words)]
    return "".join(out)


def characters(choices: Choices) -> str:
    """A short run of characters of one or two scripts."""
    out = []
    low, high = pick(choices, _RANGES)
    for _ in range(1 + choices.below(8)):
        if choices.below(6) == 5:
            low, high = pick(choices, _RANGES)
        out.append(chr(low + choices.below(high - low + 1)))
    text = SYNTAX.sub("", "".join(out))
    if not CONTENTS[choices.tier].rare_text and RARE_TEXT.search(text):
        text = RARE_TEXT.sub("", text).strip()
    return text or "a"


def hostile_text(choices: Choices) -> str:
    """What no well-meaning client sends."""
    kind = choices.below(12)
    if kind < 4:
        odd = pick(choices, SPECIAL_TOKENS)
    elif kind < 7:
        odd = pick(choices, TEMPLATE_SYNTAX)
    elif kind < 10:
        odd = pick(choices, CONTROLS)
    elif kind == 10:
        odd = pick(choices, LONE_SURROGATES)
    else:
        odd = "long " * _LONG
    return pick(choices, ("", "a ")) + odd + pick(choices, ("", " z"))
