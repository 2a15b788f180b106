"""Made-up results for the tests."""

from measure.cells import Cell, Results
from measure.load import Load, Outcome
from measure.programs import BARE, CONTENDERS, OURS, Contender

KEPT = Load(64)
PACED = Load(16, rate=1000)
FRESH = Load(64, fresh=True)


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


def cell(
    contender: Contender = OURS,
    load: Load = KEPT,
    number: int = 1,
    answers: int = 1000,
    extra: int = 0,
    strays: int = 0,
    cpu_s: float = 0.02,
    rss_mib: float = 30,
    **seen: float,
) -> Cell:
    result = outcome(answers, **seen)
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
        records=result.taken + extra if contender.keeps else 0,
        strays=strays,
    )


def results() -> Results:
    """All programs, all kinds of load, three rounds; ours at 64 answers
    20,000, 25,000 and 30,000 events, FastAPI with Kafka 5,000 each time."""
    cells = []
    for number in (1, 2, 3):
        for load in (Load(16), KEPT, FRESH, PACED):
            for contender in CONTENDERS:
                answers = 5000
                if contender is OURS:
                    answers = 15_000 + 5000 * number
                if contender is BARE:
                    answers = 100_000
                cells.append(cell(contender, load, number, answers))
    return Results(cells)
