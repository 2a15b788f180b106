"""What is preloaded does what it is told, and nothing else."""

import errno
import subprocess
import sys

import pytest
from shims import Clock, Disk, Shim


def run(shim: Shim, code: str) -> str:
    """What a program with the library prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=shim.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TIMES = """
import time
coarse = 5  # CLOCK_REALTIME_COARSE, which Python has no name for
print(time.time(), time.clock_gettime(coarse), time.monotonic())
"""


def test_the_clock_steps_back(tmp_path):
    shim = Clock(tmp_path / "clock")
    before = [float(t) for t in run(shim, TIMES).split()]
    shim.step(-86400)
    after = [float(t) for t in run(shim, TIMES).split()]
    assert after[0] < before[0] - 80000
    assert after[1] < before[1] - 80000
    assert after[2] >= before[2]
    shim.step(86400)
    again = [float(t) for t in run(shim, TIMES).split()]
    assert again[0] >= before[0]


# Ten calls; prints the error of each, - for none.
CALLS = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
def attempt(call):
    try:
        call()
    except OSError as failure:
        return str(failure.errno)
    return "-"
writes = (
    lambda: os.write(fd, b"1"),
    lambda: os.pwrite(fd, b"1", 1),
    lambda: os.ftruncate(fd, 5),
)
syncs = lambda: os.fsync(fd), lambda: os.fdatasync(fd)
print(" ".join(attempt(call) for call in writes + syncs + writes + syncs))
"""


def calls(shim: Disk, path) -> list[str]:
    return run(
        shim, f"import sys; sys.argv = ['', {str(path)!r}]{CALLS}"
    ).split()


OK = ["-"] * 10


def failing(*places: int, error: int = errno.EIO) -> list[str]:
    return [str(error) if i in places else "-" for i in range(10)]


@pytest.fixture
def disk(tmp_path) -> Disk:
    return Disk(tmp_path / "control")


def test_nothing_fails_unless_told(disk, tmp_path):
    assert calls(disk, tmp_path / "spool-1") == OK
    assert disk.failed() == 0


@pytest.mark.parametrize(
    ("what", "number", "lasts", "places"),
    [
        ("write", 1, False, [0]),
        ("write", 2, False, [1]),
        ("write", 3, False, [2]),
        ("write", 4, False, [5]),
        ("write", 6, True, [7]),
        ("write", 3, True, [2, 5, 6, 7]),
        ("sync", 1, False, [3]),
        ("sync", 2, False, [4]),
        ("sync", 2, True, [4, 8, 9]),
        ("sync", 5, True, []),
    ],
)
def test_the_nth_call_fails(disk, tmp_path, what, number, lasts, places):
    calls(disk, tmp_path / "spool-1")  # it counts from when it is told
    disk.fail(what, number, errno.EIO, lasts)
    assert calls(disk, tmp_path / "spool-1-wal") == failing(*places)
    assert disk.failed() == len(places)
    disk.heal()
    assert calls(disk, tmp_path / "spool-1") == OK
    assert disk.failed() == 0


def test_the_error(disk, tmp_path):
    disk.fail("write", 1, errno.ENOSPC, False)
    found = calls(disk, tmp_path / "spool-1")
    assert found == failing(0, error=errno.ENOSPC)


@pytest.mark.parametrize("name", ["journal", "spool-x/file", "pool-1"])
def test_other_files_are_left_alone(disk, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    disk.fail("write", 1, errno.EIO, True)
    assert calls(disk, path) == OK
    assert disk.failed() == 0


def test_only_of_what_was_told_last(disk, tmp_path):
    disk.fail("write", 1, errno.EIO, True)
    disk.fail("sync", 1, errno.EIO, False)
    assert calls(disk, tmp_path / "spool-1") == failing(3)
