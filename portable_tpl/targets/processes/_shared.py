"""One copy of a large prompt, however many engines print it."""

from __future__ import annotations

from weakref import WeakValueDictionary

from portable_tpl.model.rendering import Rendered

_LARGE = 1 << 14  # characters; what is smaller costs less than the search for it
_renderings: WeakValueDictionary[int, Rendered] = WeakValueDictionary()


def rendered(text: str) -> Rendered:
    """The text as a rendering: the one that somebody still holds, where its text is the same."""
    if len(text) < _LARGE:
        return Rendered(text)
    key = hash(text)
    known = _renderings.get(key)
    if known is not None and known.text == text:
        return known
    new = Rendered(text)
    _renderings[key] = new
    return new
