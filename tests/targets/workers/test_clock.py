"""The clock of an engine's library: stopped for a render, and running at all other times."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import textwrap

import pytest

from portable_tpl.targets.workers._clock import library_clock

# In a process of its own: it calls what the library would call, through the library's own table.
_PROGRAM = textwrap.dedent(
    """
    import time
    from xllamacpp import xllamacpp
    from portable_tpl.targets.workers import _clock
    base = _clock._base_address("xllamacpp")
    slots = {name: slot for name, slot in _clock._slots(base) if name in (_clock._NOW, "time")}
    clock = _clock.library_clock("xllamacpp")
    import ctypes
    def call(name, kind, *arguments):
        address = ctypes.c_uint64.from_address(slots[name]).value
        return ctypes.CFUNCTYPE(kind, *(ctypes.c_void_p for _ in arguments))(address)(*arguments)
    def times():
        stored = ctypes.c_int64(0)
        returned = call("time", ctypes.c_int64, ctypes.addressof(stored))
        assert returned == stored.value
        assert call("time", ctypes.c_int64, None) == returned
        return returned, call(_clock._NOW, ctypes.c_int64)
    with clock.stopped("2000-01-02T03:04:05.000006"):
        assert times() == (946782245, 946782245000006000), times()
        assert abs(time.time() - 946782245) > 1e6  # nobody else's clock
    seconds, nanoseconds = times()
    assert abs(seconds - time.time()) < 5
    assert abs(nanoseconds / 1e9 - time.time()) < 5
    with clock.stopped("1970-01-01T00:00:00"):
        assert times()[0] == 1
    print("ok")
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="works on the relocation tables of Linux")
def test_a_library_sees_the_clock_it_is_given_and_then_the_real_one() -> None:
    pytest.importorskip("xllamacpp")
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ok", done.stderr[-500:]


def test_a_library_that_is_not_loaded_has_no_clock() -> None:
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    assert library_clock("no-such-library-anywhere") is None
