"""What is wanted of the bridge, and whether a run has shown it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from measure.cells import Cell, Results
from measure.load import Load
from measure.outage import Outage
from measure.programs import BARE, FASTAPI, NO_SPOOL, OURS, TUTORIAL

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
AWAY_RATE = 0.5  # of that with Kafka there
AWAY_FSYNCS = 0.1  # an event
AWAY_FSYNC_FACTOR, AWAY_MORE_MS = 2, 5.0  # p99, by that of an fsync
AWAY_RSS_MIB = 128.0
NOISE_MAX = 0.1  # of a run that can tell what the spool costs


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


def _at_most(what: str, wanted: float, measured: float, unit: str = "") -> Goal:
    met = measured <= wanted
    values = f"≤ {wanted:.3g} {unit}", f"{measured:.3g} {unit}"
    return Goal(what, *(value.rstrip() for value in values), met)


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
        if not load.away
    ]
    measured = [value for value in medians if value is not None]
    if measured:
        yield _below("RSS, whatever the load", RSS_MIB, max(measured), "MiB")


# ---- the spool --------------------------------------------------------------


def _spread(cells: list[Cell]) -> float:
    """How far the rounds are apart, of one program under one load."""
    rates = [cell.rate for cell in cells]
    return (max(rates) - min(rates)) / median(rates)


def _spool_there(results: Results) -> Iterator[Goal]:
    """With Kafka there, a spool must not cost more than the run's noise."""
    for load in (load for load in results.loads if load.closed):
        ratio = results.ratio(load, OURS.key, NO_SPOOL.key, lambda c: c.rate)
        if ratio is not None:
            spreads = [
                _spread(results.of(load, key))
                for key in (OURS.key, NO_SPOOL.key)
            ]
            noise = min(max(spreads), NOISE_MAX)
            what = f"events/s with a spool against without, {load} connections"
            yield _at_least(what, round(1 - noise, 2), ratio)


def _outage(cell: Cell) -> Outage:
    assert cell.outage is not None
    return cell.outage


def _kept(cell: Cell) -> float:
    """How much of the throughput is left without Kafka."""
    before = _outage(cell).before
    return cell.rate * before.seconds / before.answers


def _spool_away(results: Results) -> Iterator[Goal]:
    for load in (load for load in results.loads if load.away):

        def middle(value: Callable[[Cell], float], load: Load = load) -> float:
            found = results.median(load, OURS.key, value)
            assert found is not None  # nobody else is under such a load
            return found

        where = f"{load.connections} connections, no Kafka"
        what = f"events/s against those with Kafka, {where}"
        yield _at_least(what, AWAY_RATE, middle(_kept))
        yield _at_most(
            f"fsyncs an event, {where}",
            AWAY_FSYNCS,
            middle(lambda c: _outage(c).fsyncs_an_event),
        )
        fsync_ms = middle(lambda c: _outage(c).syncs.p99_ms)
        yield _at_most(
            f"p99, {where}: 2 × that of an fsync ({fsync_ms:.2f} ms) + 5 ms",
            AWAY_FSYNC_FACTOR * fsync_ms + AWAY_MORE_MS,
            middle(lambda c: c.p99_ms),
            "ms",
        )
        rss = middle(lambda c: c.rss_mib)
        yield _below(f"RSS, {where}", AWAY_RSS_MIB, rss, "MiB")


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
        *_spool_there(results),
        *_spool_away(results),
    ]
