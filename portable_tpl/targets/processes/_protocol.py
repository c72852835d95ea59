"""What a worker and its parent say to one another: the protocol, version 1.

One JSON object a line, UTF-8, ``\\n`` at the end; characters may be escaped, lone surrogates must be. A worker may be
written in any language. It is started with closed standard input and discarded standard output (engines
print), and with

* ``PORTABLE_TPL_READ_FD``, ``PORTABLE_TPL_WRITE_FD``: the file descriptors of requests and replies;
* ``PORTABLE_TPL_PROGRESS_FD``: a file of 8 bytes, see below. The last 4 KB of standard error are kept for the message
  about a worker that dies.

First the worker writes ``{"protocol": 1, "engine": "minijinja", "version": "3.0.5"}``, with ``"progress": true`` if
it uses the progress file; one that cannot work writes ``{"protocol": 1, "error": "why"}`` and ends. At the end of its
input it ends too. Numbers are to be read as the engine's users would read them from JSON, keys keep their order.

``{"op": "contexts", "set": {"k1": {"context": {...}, "clock": "2026-01-01T12:00:00"}}, "drop": ["k0"]}``
    Cases to keep by key, and keys to forget. There is no reply. The parent bounds what is kept.

``{"op": "render", "id": 7, "template": "...", "options": {...}, "cases": ["k1", {"context": {...}, "clock": ""}]}``
    Render every case with one template; a worker keeps what it compiled for the next request with the same text and
    options. ``clock`` is local time, the only clock that a template may see. Replies, in the order of the cases:

    * ``{"id": 7, "loaded": true}`` once the template was accepted, if the engine has such a moment (or not
      at all);
    * ``{"id": 7, "case": 0, "text": "..."}``;
    * or ``{"id": 7, "case": 0, "sizes": [12, 7]}`` for the texts of that case and the ones after it, which come raw
      before this line, in UTF-8 (lone surrogates passed through), announced by a line ``#19`` with their bytes;
    * ``{"id": 7, "case": 0, "refused": "the message"}`` where the template called ``raise_exception``;
    * ``{"id": 7, "case": 0, "failed": {"kind": "error", "message": "...", "line": 3}}``, with ``kind`` one of
      ``syntax``, ``error``, ``timeout``, ``memory`` and ``unsupported``, and ``line`` from 1, or null or
      left out where the engine gives none;
    * ``{"id": 7, "case": "all", "failed": {...}}`` instead of all of these where the template is not accepted.

A crash or a hang is blamed on the first case without a reply, so a worker flushes each reply as it is done. A fast
one may gather replies for some milliseconds, if it says ``"progress": true`` and stores into the progress file, as an
unsigned 64-bit little-endian number at offset 0, ``n`` before it starts on the n-th case (from 1) of a request. The
parent stores ``0`` before each request: it stands for loading the template, and what happens then happens to all
cases. Replies that were gathered and lost are rendered again.

A text of more than ``PORTABLE_TPL_TEXT_BYTES`` (an environment variable) is not sent: a failure of kind ``memory``
is. The parent looks, too, and stops a worker that sends much more than that without a line end. It keeps no more of
one batch than ``Limits`` (:mod:`._base`) says; what comes after is ``untried``.

The parent stops a worker that takes longer than ``Limits`` for one case (or for loading), or more memory; starts
another one, and goes on with the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator

PROTOCOL = 1


def texts_of(raw: bytes, sizes: list[int]) -> Iterator[str]:
    """The texts that came raw, by their sizes in bytes; raises ``ValueError`` where these do not fit."""
    position = 0
    for size in sizes:
        yield raw[position : position + size].decode("utf-8", "surrogatepass")
        position += size
    if position != len(raw):
        raise ValueError(f"{len(raw)} bytes of texts came, {position} were announced")


def expect_case(case: object, expected: int) -> None:
    """Raise ``ValueError`` for a reply to another case than the next."""
    if case != expected:
        raise ValueError(f"case {case!r} out of order, expected {expected}")
