"""What is wanted of the bridge, and whether a run has shown it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from measure.cells import Cell, Results
from measure.load import Load
from measure.programs import BARE, FASTAPI, OURS, TUTORIAL

# Programs that are given by BENCH_ALSO count here if they have these names.
FASTER_THAN = (
    (FASTAPI.key, "FastAPI + Kafka", 4.0),
    (TUTORIAL.key, "the tutorial's listener", 10.0),
    ("go", "go", 1.5),
    ("rust", "rust", 1.0),
)
AT_CONNECTIONS = (64, 256)
CPU_OF_BARE_MAX = 2.5
PACED_RATE = 1000
PACED_P50_MS = 1.5
PACED_P99_MS = 5.0
RSS_MIB = 48.0


@dataclass(frozen=True)
class Goal:
    what: str
    wanted: str
    measured: str
    met: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _at_least(what: str, wanted: float, measured: float) -> Goal:
    met = measured >= wanted
    return Goal(what, f"≥ {wanted:g} ×", f"{measured:.2f} ×", met)


def _below(what: str, wanted: float, measured: float, unit: str) -> Goal:
    met = measured < wanted
    return Goal(what, f"< {wanted:g} {unit}", f"{measured:.2f} {unit}", met)


def _throughput(results: Results, loads: list[Load]) -> Iterator[Goal]:
    for key, name, wanted in FASTER_THAN:
        for load in loads:
            ratio = results.ratio(load, OURS.key, key, lambda c: c.rate)
            if ratio is not None:
                what = f"events/s against {name}, {load} connections"
                yield _at_least(what, wanted, ratio)


def _cpu(results: Results, loads: list[Load]) -> Iterator[Goal]:
    for load in loads:
        ratio = results.ratio(load, OURS.key, BARE.key, lambda c: c.cpu_us)
        if ratio is not None:
            yield Goal(
                f"CPU an event against bare CivetWeb, {load} connections",
                f"≤ {CPU_OF_BARE_MAX:g} ×",
                f"{ratio:.2f} ×",
                ratio <= CPU_OF_BARE_MAX,
            )


def _paced(results: Results) -> Iterator[Goal]:
    def p50(cell: Cell) -> float:
        return cell.p50_ms

    def p99(cell: Cell) -> float:
        return cell.p99_ms

    for load in (load for load in results.loads if load.rate == PACED_RATE):
        for name, value, wanted in (
            ("p50", p50, PACED_P50_MS),
            ("p99", p99, PACED_P99_MS),
        ):
            measured = results.median(load, OURS.key, value)
            if measured is not None:
                yield _below(f"{name} at {load}", wanted, measured, "ms")


def _memory(results: Results) -> Iterator[Goal]:
    medians = [
        results.median(load, OURS.key, lambda c: c.rss_mib)
        for load in results.loads
    ]
    measured = [value for value in medians if value is not None]
    if measured:
        yield _below("RSS, whatever the load", RSS_MIB, max(measured), "MiB")


def goals(results: Results) -> list[Goal]:
    """Those that the run has something to say of."""
    loads = [
        load
        for load in results.loads
        if load.closed and load.connections in AT_CONNECTIONS
    ]
    return [
        *_throughput(results, loads),
        *_cpu(results, loads),
        *_paced(results),
        *_memory(results),
    ]
