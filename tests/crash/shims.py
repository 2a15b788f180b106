"""Libraries that are preloaded into the bridge, and how they are told what to
do: by a file that both have mapped."""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

from harness.surroundings import BUILD
from harness.waiting import wait_for

_SOURCES = Path(__file__).resolve().parent / "shims"
_FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-shared", "-fPIC")
FOREVER = (1 << 63) - 1

# In disk.c: error, then calls, fail_from, fail_to, failed of each.
_FIRST = {"write": 1, "sync": 5}


class ShimFailed(Exception):
    pass


def compiled(name: str) -> Path:
    """The library, built if its source has changed."""
    source = _SOURCES / f"{name}.c"
    library = BUILD / "crash" / f"shim-{name}.so"
    if library.exists() and library.stat().st_mtime > source.stat().st_mtime:
        return library
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    library.parent.mkdir(parents=True, exist_ok=True)
    fresh = library.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [*compiler.split(), *_FLAGS, "-o", str(fresh), str(source), "-ldl"],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ShimFailed(f"cannot compile {source}:\n{done.stderr}")
    fresh.rename(library)
    return library


class Shim:
    """A library with its file, which is a row of 64-bit numbers."""

    def __init__(self, name: str, path: Path, numbers: int):
        self.library = compiled(name)
        self.path = path
        path.write_bytes(bytes(8 * numbers))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "CRASH_SHIM": str(self.path),
            # its own library would have to be the first
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }

    def _get(self, place: int) -> int:
        return struct.unpack_from("=q", self._map, 8 * place)[0]

    def _set(self, place: int, value: int) -> None:
        struct.pack_into("=q", self._map, 8 * place, value)

    def heal(self) -> None:
        """Nothing is wrong any more."""


class Clock(Shim):
    """Its wall clock goes wrong when told to. It stays so: a clock that is
    back where it was would be one more step."""

    def __init__(self, path: Path):
        super().__init__("clock", path, 1)

    def step(self, seconds: float) -> None:
        self._set(0, self._get(0) + int(seconds * 1e9))


class Disk(Shim):
    """Writes or syncs of the spool's files fail when told to."""

    def __init__(self, path: Path):
        super().__init__("disk", path, 9)

    def fail(self, what: str, number: int, error: int, lasts: bool) -> None:
        """The call of this number from now, 1 for the next, fails; and all
        behind it, if it lasts."""
        self.heal()
        first = _FIRST[what]
        begin = self._get(first) + number
        self._set(0, error)
        self._set(first + 3, 0)
        self._set(first + 2, FOREVER if lasts else begin)
        self._set(first + 1, begin)

    def failed(self) -> int:
        """How many calls have, since fail()."""
        return sum(self._get(first + 3) for first in _FIRST.values())

    def wait_failed(self) -> None:
        wait_for(lambda: self.failed() > 0, "the disk's fault is met")

    def heal(self) -> None:
        for first in _FIRST.values():
            self._set(first + 1, 0)
            self._set(first + 3, 0)
