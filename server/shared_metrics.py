"""Metrics of all workers in anonymous shared memory, so that any worker can answer /metrics for all.

prometheus_client's own way keeps files: a cleaner of temporary folders loses them, a reload of the
master removes those of its successor, and a full disk kills the workers that write to them (SIGBUS).
Here the master maps memory before it forks, a slot for each worker. The memory has no name, and ends
with the last process that has it.

A slot begins with how many bytes of it are used. Then comes, for each value: the length of its key, the
key (JSON, padded to 8 bytes), the value. One process writes to a slot, and only appends: readers need no
lock.
"""

import mmap
import struct
from collections.abc import Iterator
from typing import Any

import orjson

SLOT_SIZE = 4 * 1024 * 1024  # bytes, for some 20,000 values; only what is written takes memory
_LENGTH, _VALUE = struct.Struct("<Q"), struct.Struct("<d")
TOTALS = 0  # the slot of what workers that have ended counted


class Slot:
    """The values of one process, by key."""

    def __init__(self, memory: mmap.mmap, number: int) -> None:
        self._memory, self._start = memory, number * SLOT_SIZE
        self._places: dict[str, int] = {key: place for key, place, _ in self._entries()}

    def _entries(self) -> Iterator[tuple[str, int, float]]:
        memory, start = self._memory, self._start
        (used,) = _LENGTH.unpack_from(memory, start)
        place = start + _LENGTH.size
        while place < start + used:
            (length,) = _LENGTH.unpack_from(memory, place)
            place += _LENGTH.size
            key = memory[place : place + length].rstrip().decode()
            place += length
            yield key, place, _VALUE.unpack_from(memory, place)[0]
            place += _VALUE.size

    def items(self) -> Iterator[tuple[str, float]]:
        """Keys and values, as of now."""
        return ((key, value) for key, _, value in self._entries())

    def place(self, key: str) -> int | None:
        """Where the value of a key is, from now on; None where the slot is full."""
        if key in self._places:
            return self._places[key]
        padded = key.encode()
        padded += b" " * (-len(padded) % 8)
        (used,) = _LENGTH.unpack_from(self._memory, self._start)
        begin = self._start + max(used, _LENGTH.size)
        end = begin + _LENGTH.size + len(padded) + _VALUE.size
        if end > self._start + SLOT_SIZE:
            return None
        _LENGTH.pack_into(self._memory, begin, len(padded))
        place: int = begin + _LENGTH.size + len(padded)
        self._memory[begin + _LENGTH.size : place] = padded
        _VALUE.pack_into(self._memory, place, 0.0)
        # Last, so that readers see a whole entry.
        _LENGTH.pack_into(self._memory, self._start, end - self._start)
        self._places[key] = place
        return place

    def get(self, place: int) -> float:
        """A value."""
        return float(_VALUE.unpack_from(self._memory, place)[0])

    def set(self, place: int, value: float) -> None:
        """Write a value."""
        _VALUE.pack_into(self._memory, place, value)

    def clear(self) -> None:
        """Begin again."""
        _LENGTH.pack_into(self._memory, self._start, 0)
        self._places = {}


class SharedMetrics:
    """The slots of a master and its workers."""

    def __init__(self, workers: int) -> None:
        self._memory = mmap.mmap(-1, (workers + 1) * SLOT_SIZE)
        self._count = workers + 1
        self._free = list(range(workers, 0, -1))

    def take(self) -> int | None:
        """In the master, before a fork: a slot for the worker; None where all are taken."""
        return self._free.pop() if self._free else None

    def slot(self, number: int) -> Slot:
        """A slot, for the process that writes to it."""
        return Slot(self._memory, number)

    def fold(self, number: int) -> None:
        """In the master, after a worker has ended: keep what it counted, and free its slot."""
        ended, totals = self.slot(number), self.slot(TOTALS)
        for key, value in ended.items():
            how = merge_of(key)
            place = totals.place(key) if how != "live" else None
            if place is not None:
                known = totals.get(place)
                totals.set(place, max(known, value) if how == "max" else known + value)
        ended.clear()
        self._free.append(number)

    def merged(self) -> dict[str, float]:
        """All values of all slots, those of one key as one."""
        found: dict[str, float] = {}
        for number in range(self._count):
            for key, value in self.slot(number).items():
                if key not in found:
                    found[key] = value
                elif merge_of(key) == "max":
                    found[key] = max(found[key], value)
                else:
                    found[key] += value
        return found


def merge_of(key: str) -> Any:
    """How values of one key become one: "sum", "max", or "live", a sum over workers that have not ended."""
    return orjson.loads(key)[0]


shared: SharedMetrics | None = None  # set by gunicorn.conf.py, before it forks
