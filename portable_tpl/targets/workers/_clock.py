"""The clock of an engine's shared library, set from outside, for engines that only ask the system.

``time`` and ``std::chrono::system_clock::now``, as the library calls them, are redirected to a value that
:meth:`LibraryClock.stopped` sets. Only that library sees it: its steady clocks, and everybody else's, run on. This
works by replacing the addresses in the library's own relocation table (ELF, System V ABI, 64 bits), and needs Linux
on x86-64 or AArch64; :func:`library_clock` answers ``None`` elsewhere, and the engine then shows the system's time.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_PAGE = mmap.PAGESIZE
_CODE_BYTES = 64
# What the time can be seen by in a template: the engines' function, and variables that llama.cpp's server sets.
_CLOCK_WORDS = ("strftime_now", "date_string", "datetime")
_NOW = "_ZNSt6chrono3_V212system_clock3nowEv"

# Tags of the dynamic section, and the relocation types that hold the plain address of a function.
_PT_DYNAMIC = 2
_DT_PLTRELSZ, _DT_STRTAB, _DT_SYMTAB, _DT_RELA, _DT_RELASZ, _DT_JMPREL = 2, 5, 6, 7, 8, 23
_ADDRESS_TYPES = {"x86_64": (6, 7), "aarch64": (1025, 1026)}


# ldr x0, value; ldr x0, [x0]; cbz x0, +2; ret; ldr x16, original; br x16
_AARCH64: tuple[int, ...] = (0x580000C0, 0xF9400000, 0xB4000040, 0xD65F03C0, 0x58000090, 0xD61F0200)
# ldr x1, value; ldr x1, [x1]; cbz x1, +5; cbz x0, +2; str x1, [x0]; mov x0, x1; ret; ldr x16, original; br x16; nop
_AARCH64_STORING: tuple[int, ...] = (
    0x58000141, 0xF9400021, 0xB40000A1, 0xB4000040, 0xF9000001,
    0xAA0103E0, 0xD65F03C0, 0x580000B0, 0xD61F0200, 0xD503201F,
)  # fmt: skip


def _x86_64(value: int, original: int, stores: bool) -> bytes:
    """Return what is at ``value``, or go on to ``original`` where that is 0; ``stores``: also by pointer, as time."""
    load = b"\xf3\x0f\x1e\xfa\x48\xb8" + struct.pack("<Q", value) + b"\x48\x8b\x00\x48\x85\xc0"
    answer = b"\x74\x09\x48\x85\xff\x74\x03\x48\x89\x07\xc3" if stores else b"\x74\x01\xc3"
    return load + answer + b"\x49\xbb" + struct.pack("<Q", original) + b"\x41\xff\xe3"


def _aarch64(value: int, original: int, stores: bool) -> bytes:
    """The same; the two addresses lie behind the instructions."""
    words = _AARCH64_STORING if stores else _AARCH64
    return struct.pack(f"<{len(words)}I", *words) + struct.pack("<QQ", value, original)


class LibraryClock:
    """The clock of one loaded library; it runs except within :meth:`stopped`."""

    def __init__(self, base: int) -> None:
        # Two pages: the values, which change, and the code, which is made read-only once it is written.
        self._memory = mmap.mmap(-1, 2 * _PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._nanoseconds = ctypes.c_int64.from_address(start)
        self._seconds = ctypes.c_int64.from_address(start + 8)
        assemble = _x86_64 if platform.machine() == "x86_64" else _aarch64
        places = {_NOW: (start, start + _PAGE), "time": (start + 8, start + _PAGE + _CODE_BYTES)}
        slots = [(name, slot) for name, slot in _slots(base) if name in places]
        # The library is bound: the interpreter loads extension modules with RTLD_NOW.
        originals = {name: ctypes.c_uint64.from_address(slot).value for name, slot in slots}
        for name, original in originals.items():
            value, code = places[name]
            self._memory[code - start : code - start + _CODE_BYTES] = assemble(value, original, name != _NOW).ljust(
                _CODE_BYTES, b"\0"
            )
        _protect(start + _PAGE, mmap.PROT_READ | mmap.PROT_EXEC)
        for name, slot in slots:
            _protect(slot, mmap.PROT_READ | mmap.PROT_WRITE)
            ctypes.c_uint64.from_address(slot).value = places[name][1]

    @contextmanager
    def stopped(self, clock: str) -> Iterator[None]:
        """Stop the clock at a local time in ISO 8601, the process's being UTC.

        Not for longer than a render: a thread that waits until some time would wait in a busy loop.
        """
        moment = datetime.fromisoformat(clock).replace(tzinfo=timezone.utc) - _EPOCH
        seconds = (moment.days * 86400 + moment.seconds) or 1  # 0 lets it run
        self._nanoseconds.value = seconds * 1_000_000_000 + moment.microseconds * 1000
        self._seconds.value = seconds
        try:
            yield
        finally:
            self._nanoseconds.value = self._seconds.value = 0


def library_clock(name: str) -> LibraryClock | None:
    """Take over the clock of a loaded library with ``name`` in its file name; ``None`` where that cannot be done."""
    if sys.platform != "linux" or platform.machine() not in _ADDRESS_TYPES or struct.calcsize("P") != 8:
        return None
    base = _base_address(name)
    return None if base is None else LibraryClock(base)


def stopped(clock: LibraryClock | None, moment: str, source: str) -> AbstractContextManager[None]:
    """Stop a clock, if there is one, for a template that can see it: most cannot, and other threads wait by it."""
    if clock is None or not any(word in source for word in _CLOCK_WORDS):
        return nullcontext()
    return clock.stopped(moment)


def _base_address(name: str) -> int | None:
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and int(fields[2], 16) == 0 and name in fields[5].rpartition("/")[2]:
                return int(fields[0].partition("-")[0], 16)
    return None


def _slots(base: int) -> Iterator[tuple[str, int]]:
    """Name and place of every function address in the library's relocation tables."""
    dynamic = dict(_dynamic(base))
    types = _ADDRESS_TYPES[platform.machine()]

    def absolute(value: int) -> int:  # glibc relocates these in memory, other loaders leave them relative
        return value if value >= base else base + value

    symbols, strings = absolute(dynamic[_DT_SYMTAB]), absolute(dynamic[_DT_STRTAB])
    for table, size in ((_DT_JMPREL, _DT_PLTRELSZ), (_DT_RELA, _DT_RELASZ)):
        if table not in dynamic:
            continue
        for place in range(absolute(dynamic[table]), absolute(dynamic[table]) + dynamic[size], 24):
            offset, info, _ = struct.unpack("<QQq", ctypes.string_at(place, 24))
            if info & 0xFFFFFFFF in types:
                (name,) = struct.unpack("<I", ctypes.string_at(symbols + 24 * (info >> 32), 4))
                yield ctypes.string_at(strings + name).decode("ascii", "replace"), base + offset


def _dynamic(base: int) -> Iterator[tuple[int, int]]:
    header = ctypes.string_at(base, 64)
    (program_headers,) = struct.unpack_from("<Q", header, 0x20)
    entry_size, count = struct.unpack_from("<HH", header, 0x36)
    for index in range(count):
        entry = ctypes.string_at(base + program_headers + index * entry_size, 56)
        kind, _, _, address, _, _, size, _ = struct.unpack("<IIQQQQQQ", entry)
        if kind == _PT_DYNAMIC:
            for place in range(base + address, base + address + size, 16):
                yield struct.unpack("<QQ", ctypes.string_at(place, 16))


def _protect(address: int, protection: int) -> None:
    page = address & -_PAGE
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE), protection) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
