"""Made-up results for the tests."""

from measure.cells import Cell, Results
from measure.driver import Plan
from measure.load import Load, Outcome
from measure.outage import Outage
from measure.programs import BARE, CONTENDERS, NO_SPOOL, OURS, Contender
from measure.syncs import Syncs

KEPT = Load(64)
PACED = Load(16, rate=1000)
FRESH = Load(64, fresh=True)
AWAY = Load(64, away=True)


def outcome(answers: int = 1000, **more: float) -> Outcome:
    values = {
        "refused": 0,
        "socket_errors": 0,
        "timeouts": 0,
        "seconds": 1.0,
        "p50_ms": 1.0,
        "p99_ms": 4.0,
        "max_ms": 9.0,
        "late_p99_ms": 0.1,
        "client_cpu_s": 0.01,
    }
    return Outcome(answers=answers, **{**values, **more})


def outage(before: int = 2000, **more: object) -> Outage:
    """In which a commit takes 20 events, and an fsync 2 ms."""
    values = {
        "before": outcome(before),
        "settling": outcome(100),
        "appended": 1000,
        "commits": 50,
        "syncs": Syncs(50, 1.0, 2.0),
        "quiet_syncs": Syncs(512, 0.5, 0.75),
        "drained": 1100,
        "drain_s": 0.5,
    }
    return Outage(**{**values, **more})


def cell(
    contender: Contender = OURS,
    load: Load = KEPT,
    number: int = 1,
    answers: int = 1000,
    extra: int = 0,
    strays: int = 0,
    cpu_s: float = 0.02,
    rss_mib: float = 30,
    aside: Outage | None = None,
    **seen: float,
) -> Cell:
    result = outcome(answers, **seen)
    if load.away and aside is None:
        aside = outage()
    taken = result.taken
    if aside is not None:
        taken += sum(seen.taken for seen in aside.beside)
    return Cell(
        round=number,
        load=load,
        contender=contender,
        outcome=result,
        cpu_s=cpu_s,
        kafka_cpu_s=0.03,
        foreign_cpu=0.0,
        stolen_cpu=0.0,
        rss_mib=rss_mib,
        records=taken + extra if contender.keeps else 0,
        strays=strays,
        outage=aside,
    )


def results() -> Results:
    """All programs, all kinds of load with Kafka, three rounds; ours at 64
    answers 20,000, 25,000 and 30,000 events, FastAPI with Kafka 5,000 each
    time."""
    loads = (Load(16), KEPT, FRESH, PACED)
    cells = []
    for number, load, contender in Plan(CONTENDERS, loads, 3, 1, 0, 0).cells():
        answers = 5000
        if contender in (OURS, NO_SPOOL):
            answers = 15_000 + 5000 * number
        if contender is BARE:
            answers = 100_000
        cells.append(cell(contender, load, number, answers))
    return Results(cells)
