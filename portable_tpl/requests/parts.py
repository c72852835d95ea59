"""Typed parts of a message's content: their types, and where each keeps what it brings."""

from __future__ import annotations

from typing import Any

# A part names its medium, or its medium's link (`{"type": "image_url", "image_url": {"url": …}}`).
BARE_MEDIA = ("image", "video", "audio", "input_image")
LINKED_MEDIA = ("image_url", "video_url", "audio_url")
MEDIA = ("image", "image_url", "video", "video_url", "audio", "audio_url", "input_audio", "input_image", "document")
PART_KEYS = frozenset(("type", "text", *MEDIA))
EXAMPLE_URL = "https://example.com/cat.png"


def media_part(kind: str) -> dict[str, Any]:
    """A part of a medium, or of its link."""
    return {"type": kind, kind: {"url": EXAMPLE_URL}} if kind.endswith("_url") else {"type": kind}
