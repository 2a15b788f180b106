"""What processes use: CPU time and memory, from the kernel."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    cpu_s: float = 0.0
    rss_mib: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_s + other.cpu_s, self.rss_mib + other.rss_mib)


def _own_cpu(pid: int) -> float:
    """Of all threads, those that have ended included. The clock of the
    process counts nanoseconds where /proc/PID/stat counts ticks."""
    return time.clock_gettime((~pid << 3) | 2)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may hold
    anything: field N of proc(5) is at N - 3."""
    text = (_PROC / f"{pid}/stat").read_text()
    return text.rpartition(")")[2].split()


def usage_of(pid: int) -> Usage:
    """Of the process, and the CPU time of children it has waited for."""
    fields = _stat(pid)
    children = (int(fields[13]) + int(fields[14])) / _TICKS
    rss = int(fields[21]) * _PAGE / 2**20
    return Usage(_own_cpu(pid) + children, rss)


def pids_of_session(leader: int) -> list[int]:
    """Of its processes, without those that have ended."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, session, *_ = _stat(int(entry.name))
            except OSError:
                continue  # it has ended since
            if int(session) == leader and state != "Z":
                found.append(int(entry.name))
    return found


def usage_of_session(leader: int) -> Usage:
    """The sum over its processes; what they share counts for each."""
    total = Usage()
    for pid in pids_of_session(leader):
        try:
            total += usage_of(pid)
        except OSError:
            continue
    return total


@dataclass(frozen=True)
class MachineTime:
    """CPU seconds of the whole machine since it was started."""

    busy: float  # in processes; interrupts are nobody's
    stolen: float  # by other guests of the same host


def machine_time() -> MachineTime:
    with (_PROC / "stat").open() as file:
        fields = [int(field) / _TICKS for field in file.readline().split()[1:]]
    user, nice, system, _, _, _, _, stolen = fields[:8]
    return MachineTime(user + nice + system, stolen)
