"""Putting a program under load, and what the client saw of it.

wrk does the closed loops: as many requests at a time as there are
connections, each sent when the one before it was answered. Its latencies are
true for that, once its own correction is taken back (see below). For a steady
rate it is no use: with `delay()` it stamps a request when it is sent, not
when it was due, and its timer knows whole milliseconds only. paced.c does
that part.
"""

import json
import math
import resource
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from measure.events import write_requests

HERE = Path(__file__).resolve().parents[1]
PATIENCE_S = 10  # for one answer


class LoadFailed(Exception):
    pass


@dataclass(frozen=True)
class Load:
    connections: int
    rate: int = 0  # events a second; 0: as fast as answers come
    fresh: bool = False  # a new connection for each request
    away: bool = False  # Kafka is

    @property
    def key(self) -> str:
        if self.rate:
            return f"rate-{self.rate}"
        kind = "new-" if self.fresh else "away-" if self.away else ""
        return f"{kind}{self.connections}"

    @property
    def closed(self) -> bool:
        """Kept connections, as fast as answers come, with Kafka there."""
        return not self.rate and not self.fresh and not self.away

    def __str__(self) -> str:
        if self.rate:
            return f"{self.rate:,}/s"
        more = ", new each" if self.fresh else ", no Kafka" * self.away
        return f"{self.connections}{more}"

    @property
    def left_behind(self) -> int:
        """Requests that may be on their way when the client stops."""
        return 0 if self.rate else self.connections


@dataclass(frozen=True)
class Outcome:
    answers: int
    refused: int  # answers with another status than 2xx
    socket_errors: int
    timeouts: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float  # how late the client itself was, at a steady rate
    client_cpu_s: float

    @property
    def taken(self) -> int:
        return self.answers - self.refused


class Client:
    """The programs that send, and the files of what they send."""

    def __init__(self, folder: Path, paced: Path, secret: str):
        self.paced = paced
        self.kept = folder / "requests"
        self.fresh = folder / "requests-close"
        write_requests(self.kept, secret)
        write_requests(self.fresh, secret, "Connection: close")

    def _command(self, load: Load, port: int, seconds: int) -> list[str]:
        file = self.fresh if load.fresh else self.kept
        if load.rate:
            numbers = (port, load.rate, load.connections, seconds)
            return [str(self.paced), *map(str, numbers), str(file)]
        return [
            "wrk",
            "--threads=1",
            f"--connections={load.connections}",
            f"--duration={seconds}s",
            f"--timeout={PATIENCE_S}s",
            f"--script={HERE / 'requests.lua'}",
            f"http://127.0.0.1:{port}",
            "--",
            str(file),
        ]

    def apply(self, load: Load, port: int, seconds: int) -> Outcome:
        command = self._command(load, port, seconds)
        before = _children_cpu()
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds + 6 * PATIENCE_S,
            )
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise LoadFailed(f"{command[0]}: {failure}") from failure
        cpu = _children_cpu() - before
        told = done.stdout if load.rate else done.stderr
        if done.returncode != 0 or not told.startswith("{"):
            raise LoadFailed(f"{command[0]}: {done.stdout}{done.stderr}")
        return parse(told, 0 if load.rate else load.connections, cpu)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ---- what they tell ---------------------------------------------------------


def parse(told: str, connections: int, client_cpu_s: float) -> Outcome:
    """`told` is the line of JSON of either client; `connections` those of a
    closed loop of wrk, else 0."""
    try:
        counts = json.loads(told)
        answers, micros = counts["answers"], counts["duration_us"]
        latency = histogram(counts["latency"])
        lateness = histogram(counts.get("lateness", []))
        # wrk leaves answers that took longer than its timeout out
        timed = answers - (counts["timeouts"] if connections else 0)
    except (ValueError, KeyError, TypeError) as strange:
        raise LoadFailed(f"cannot read {told[:200]!r}") from strange
    if answers == 0:
        raise LoadFailed("not one request was answered")
    if latency.total() != timed and answers >= connections > 0:
        latency = uncorrected(latency, micros // (answers // connections))
    if latency.total() != timed:
        raise LoadFailed(f"{latency.total()} latencies of {timed} answers")
    return Outcome(
        answers=answers,
        refused=counts["refused"],
        socket_errors=counts["socket_errors"],
        timeouts=counts["timeouts"],
        seconds=micros / 1e6,
        p50_ms=quantile(latency, 0.50) / 1000,
        p99_ms=quantile(latency, 0.99) / 1000,
        max_ms=quantile(latency, 1.0) / 1000,
        late_p99_ms=quantile(lateness, 0.99) / 1000,
        client_cpu_s=client_cpu_s,
    )


def histogram(pairs: Iterable[tuple[int, int]]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for value, count in pairs:
        counts[value] += count
    return counts


def uncorrected(latency: Mapping[int, int], expected: int) -> Counter[int]:
    """Takes wrk's correction for "coordinated omission" back.

    For every latency n of twice the mean interval of a connection, or more,
    wrk adds latencies that it has not seen: n - expected, n - 2 * expected
    and so on, while they are greater than `expected`. In a closed loop
    nothing was omitted. What it adds is smaller than what it adds it for, so
    from the greatest down each count is what was measured once those above
    it are dealt with.
    """
    counts = Counter(latency)
    for value in sorted(latency, reverse=True):
        if value < 2 * expected:
            break
        for added in range(value - expected, expected, -expected):
            counts[added] -= counts[value]
    if any(count < 0 for count in counts.values()):
        raise LoadFailed("wrk's latencies are not corrected as expected")
    return +counts


def quantile(latency: Mapping[int, int], share: float) -> int:
    """The least value that `share` of all do not exceed; 0 of none."""
    rank = math.ceil(share * sum(latency.values()))
    seen = 0
    for value in sorted(latency):
        seen += latency[value]
        if seen >= rank:
            return value
    return 0
