"""What one measurement gave, and what several of them say together."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from measure.load import Load, Outcome
from measure.outage import Outage
from measure.programs import Contender


@dataclass(frozen=True)
class Cell:
    """One program under one load, once."""

    round: int
    load: Load
    contender: Contender
    outcome: Outcome
    cpu_s: float  # of the program
    kafka_cpu_s: float
    foreign_cpu: float  # share of the machine that none of ours had
    stolen_cpu: float  # share that the machine did not get
    rss_mib: float
    records: int  # that the topics of valid events gained
    strays: int  # that the other topics gained
    outage: Outage | None = None  # if Kafka was away

    # ---- what the table shows ------------------------------------------

    @property
    def rate(self) -> float:
        return self.outcome.answers / self.outcome.seconds

    @property
    def p50_ms(self) -> float:
        return self.outcome.p50_ms

    @property
    def p99_ms(self) -> float:
        return self.outcome.p99_ms

    @property
    def cpu_us(self) -> float:
        return self._an_event(self.cpu_s)

    @property
    def kafka_cpu_us(self) -> float:
        return self._an_event(self.kafka_cpu_s)

    @property
    def client_cpu_us(self) -> float:
        return self._an_event(self.outcome.client_cpu_s)

    def _an_event(self, seconds: float) -> float:
        return 1e6 * seconds / self.outcome.answers

    # ---- whether it is right -------------------------------------------

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All that was answered while records were counted."""
        return (self.outcome, *(self.outage.beside if self.outage else ()))

    @property
    def taken(self) -> int:
        return sum(seen.taken for seen in self.outcomes)

    @property
    def unsure(self) -> int:
        """Events that may be in Kafka, or not."""
        return sum(
            seen.refused
            + seen.socket_errors
            + self.load.left_behind
            + (seen.timeouts if self.load.rate else 0)
            for seen in self.outcomes
        )

    @property
    def extra(self) -> int:
        """Records in Kafka beyond the answers 200."""
        return self.records - self.taken

    def complaint(self) -> str | None:
        """None if Kafka holds what it should."""
        if not self.contender.keeps:
            return None
        if self.extra < 0:
            wrong = f"LOSS: {-self.extra} of {self.taken} events that were "
            wrong += "answered 200 are not in Kafka"
        elif self.extra > self.unsure:
            wrong = f"TOO MANY: {self.extra} records beyond {self.taken} "
            wrong += f"answers 200, and {self.unsure} could be explained"
        elif self.strays:
            wrong = f"ASTRAY: {self.strays} valid events are in the topics for "
            wrong += "others or for dead letters"
        else:
            return None
        where = f"{self.contender.name}, {self.load}, round {self.round}"
        return f"{where}: {wrong}"

    def as_json(self) -> dict[str, Any]:
        told = {
            k: v
            for k, v in asdict(self).items()
            if k not in ("load", "contender", "outcome")
        }
        return {
            "program": self.contender.key,
            "load": self.load.key,
            **told,
            **asdict(self.outcome),
            "extra": self.extra if self.contender.keeps else None,
            "events_per_second": self.rate,
            "cpu_us": self.cpu_us,
            "kafka_cpu_us": self.kafka_cpu_us,
            "client_cpu_us": self.client_cpu_us,
        }


class Results:
    """All cells of a run."""

    def __init__(self, cells: Iterable[Cell] = ()):
        self.cells = list(cells)

    @property
    def loads(self) -> list[Load]:
        return list(dict.fromkeys(cell.load for cell in self.cells))

    @property
    def contenders(self) -> list[Contender]:
        names = {cell.contender.key: cell.contender for cell in self.cells}
        return list(names.values())

    def of(self, load: Load, key: str) -> list[Cell]:
        """In the order of the rounds."""
        return [
            cell
            for cell in self.cells
            if cell.load == load and cell.contender.key == key
        ]

    def median(
        self, load: Load, key: str, value: Callable[[Cell], float]
    ) -> float | None:
        cells = self.of(load, key)
        return median(value(cell) for cell in cells) if cells else None

    def ratio(
        self, load: Load, key: str, other: str, value: Callable[[Cell], float]
    ) -> float | None:
        """The median of the rounds' ratios: what was measured one after the
        other is compared, so that the machine's moods cancel out."""
        pairs = zip(self.of(load, key), self.of(load, other), strict=False)
        ratios = [value(one) / value(two) for one, two in pairs]
        return median(ratios) if ratios else None

    def complaints(self) -> list[str]:
        return [text for cell in self.cells if (text := cell.complaint())]
