"""What an fsync costs: those of a program, and on a disk that is left alone.

A library that is preloaded (../syncs.c) counts the fsyncs of a program by how
long they take, in a file that both have mapped.
"""

import mmap
import os
import struct
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from measure.load import histogram, quantile

SLOTS, UNIT_US = 1 << 16, 10  # as in syncs.c

# 64 connections bring groups of up to 64 events. The spool appends a group to
# its log, syncs that, and writes over it again from 16 MiB on.
GROUP = 64 * 1024
LOG = 16 * 2**20
PROBES = 2 * LOG // GROUP  # as often into new blocks as into old ones


@dataclass(frozen=True)
class Syncs:
    count: int
    p50_ms: float
    p99_ms: float


def _summed_up(took_us: Counter[int]) -> Syncs:
    return Syncs(
        took_us.total(),
        quantile(took_us, 0.5) / 1000,
        quantile(took_us, 0.99) / 1000,
    )


class SyncTimer:
    """The fsyncs of a program that is started with its environment."""

    def __init__(self, library: Path, path: Path):
        self.library, self.path = library, path
        path.write_bytes(bytes(8 * SLOTS))
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "SYNCS": str(self.path)}

    def seen(self) -> Counter[int]:
        """How many took so many microseconds or somewhat less, so far."""
        counts = struct.unpack(f"={SLOTS}Q", self._map[:])
        return Counter(
            {(slot + 1) * UNIT_US: n for slot, n in enumerate(counts) if n}
        )

    def since(self, before: Counter[int]) -> Syncs:
        return _summed_up(self.seen() - before)


def probe(folder: Path, count: int = PROBES) -> Syncs:
    """Syncs as the spool's, one after the other."""
    path = folder / "probe"
    group = os.urandom(GROUP)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    took_us = []
    try:
        for turn in range(count):
            os.pwrite(fd, group, turn * GROUP % LOG)
            begin = time.monotonic_ns()
            os.fdatasync(fd)
            took_us.append((time.monotonic_ns() - begin) // 1000)
    finally:
        os.close(fd)
        path.unlink()
    return _summed_up(histogram((us, 1) for us in took_us))
