"""A run: the programs in turns, under one load after the other, beside a
Kafka that is there all the time.

    for each round, for each load, for each program: one cell

What is compared was measured within seconds, and each round begins with
another program. Each cell has a process of its own, which is warmed up.
Kafka is away in the last cell of a round only, as it is cold after that.
"""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.kafka_client import Kafka
from harness.kafka_cluster import Cluster
from harness.surroundings import SCHEMAS

from measure.cells import Cell, Results
from measure.load import Client, Load, Outcome
from measure.outage import Middle, Outage, measure_before
from measure.programs import BIN, SECRET, Contender, Running
from measure.schemas import write_whole_schemas
from measure.usage import Usage, machine_time, usage_of

# As one would run it, but small enough for this machine.
FULL_JVM = ("-XX:+UseG1GC", "-Xms1g", "-Xmx1g")
PARTITIONS = 6
VALID = ("aurix.clicks", "aurix.leads")
STRAY = ("aurix.other", "aurix.deadletter")

# A run writes gigabytes that nobody reads: kept small on the disk, in
# segments large enough not to be rolled all the time.
TOPIC_SETTINGS = {"segment.bytes": str(2**27), "retention.bytes": str(2**27)}
BROKER_SETTINGS = {"log.retention.check.interval.ms": "20000"}

STILL_S = 0.3  # nothing came for so long: nothing will
STILL_AT_MOST_S = 20.0


@dataclass(frozen=True)
class Plan:
    contenders: tuple[Contender, ...]
    loads: tuple[Load, ...]
    rounds: int
    seconds: int  # of a cell
    warmup_s: int  # before each cell; 0: none
    kafka_warmup_s: int  # once
    schemas: Path | None = None  # for SCHEMAS, in the place of our own
    spool_at: int = 64  # connections with which the spool's cost is measured
    quick: bool = False  # not for speed: everything is cold

    def has(self, load: Load, contender: Contender) -> bool:
        """Whether the two go together."""
        if load.away:
            return contender.spools
        return not contender.control or load == Load(self.spool_at)

    def cells(self) -> Iterator[tuple[int, Load, Contender]]:
        for number in range(1, self.rounds + 1):
            at = (number - 1) % len(self.contenders)
            turns = self.contenders[at:] + self.contenders[:at]
            for load in self.loads:
                for contender in turns:
                    if self.has(load, contender):
                        yield number, load, contender


class Broker:
    """The Kafka of a run, with the topics that all programs write to."""

    def __init__(self, folder: Path):
        self.cluster = Cluster(folder, 1, BROKER_SETTINGS, FULL_JVM)
        self.cluster.start()
        self.client = Kafka(self.cluster.bootstrap)
        try:
            self.client.create_topics(
                (*VALID, *STRAY), PARTITIONS, settings=TOPIC_SETTINGS
            )
        except BaseException:
            self.close()
            raise

    @property
    def bootstrap(self) -> str:
        return self.cluster.bootstrap

    def usage(self) -> Usage:
        """Nothing while it is away."""
        (node,) = self.cluster.nodes
        return usage_of(node.process.pid) if node.is_running() else Usage()

    def stop(self) -> None:
        self.client.close()
        self.cluster.stop()

    def start(self) -> None:
        """As it was, but cold."""
        self.cluster.restart()

    def counts(self) -> tuple[int, int]:
        """Records ever written to the topics of valid events, and to the
        others."""
        valid = sum(self.client.count(topic) for topic in VALID)
        return valid, sum(self.client.count(topic) for topic in STRAY)

    def settled_counts(self) -> tuple[int, int]:
        """The same, once nothing comes any more."""
        give_up = time.monotonic() + STILL_AT_MOST_S
        counts = self.counts()
        while time.monotonic() < give_up:
            time.sleep(STILL_S)
            last, counts = counts, self.counts()
            if last == counts:
                break
        return counts

    def close(self) -> None:
        self.client.close()
        self.cluster.destroy()


class Meter:
    """What was used between its making and read()."""

    def __init__(self, program: Running, broker: Broker):
        self.program, self.broker = program, broker
        self.begin = self._look()
        self.machine = machine_time()
        self.when = time.monotonic()

    def _look(self) -> tuple[float, float, float]:
        own = time.process_time()  # ours, of this script
        return self.program.usage().cpu_s, self.broker.usage().cpu_s, own

    def read(self, client_cpu_s: float) -> dict[str, float]:
        elapsed = (time.monotonic() - self.when) * (os.cpu_count() or 1)
        machine = machine_time()
        end = self._look()
        program, kafka, own = (
            after - before
            for before, after in zip(self.begin, end, strict=True)
        )
        known = program + kafka + own + client_cpu_s
        foreign = machine.busy - self.machine.busy - known
        return {
            "cpu_s": program,
            "kafka_cpu_s": kafka,
            "foreign_cpu": max(0.0, foreign / elapsed),
            "stolen_cpu": (machine.stolen - self.machine.stolen) / elapsed,
            "rss_mib": self.program.usage().rss_mib,
        }


class Driver:
    """Everything that stays for the whole run; a context."""

    def __init__(self, plan: Plan, folder: Path):
        self.plan = plan
        self.folder = folder
        self.schemas = plan.schemas or folder / "schemas"
        if plan.schemas is None:
            write_whole_schemas(SCHEMAS, self.schemas)
        self.client = Client(folder, BIN / "paced", SECRET)
        self.broker = Broker(folder / "kafka")
        self.kafka_is_cold = True

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()

    def _running(self, contender: Contender, timed: bool = False) -> Running:
        return Running(
            contender, self.folder, self.broker.bootstrap, self.schemas, timed
        )

    def warm_up_kafka(self) -> None:
        """Lets the JVM compile what it will run, at the cost of nobody."""
        self.kafka_is_cold = False
        keep = [c for c in self.plan.contenders if c.keeps]
        if keep and self.plan.kafka_warmup_s:
            with self._running(keep[0]) as program:
                self.client.apply(
                    Load(64), program.port, self.plan.kafka_warmup_s
                )

    def _warm_up(self, program: Running, load: Load) -> tuple[int, int]:
        """What is in Kafka behind it."""
        if self.plan.warmup_s:
            self.client.apply(load, program.port, self.plan.warmup_s)
        return self._counts(program)

    def _counts(self, program: Running) -> tuple[int, int]:
        """All that was answered 200 is in Kafka, or will never be there."""
        program.wait_drained()
        return self.broker.settled_counts()

    def _apply(
        self, program: Running, load: Load
    ) -> tuple[Outcome, dict[str, float]]:
        """What the client saw, and what was used meanwhile."""
        meter = Meter(program, self.broker)
        outcome = self.client.apply(load, program.port, self.plan.seconds)
        used = meter.read(outcome.client_cpu_s)
        program.check()
        return outcome, used

    def measure(self, number: int, load: Load, contender: Contender) -> Cell:
        with self._running(contender, timed=load.away) as program:
            there = dataclasses.replace(load, away=False)
            begin = self._warm_up(program, there)
            if load.away:
                outcome, used, outage = self._without_kafka(program, load)
            else:
                outcome, used = self._apply(program, load)
                outage = None
            end = self._counts(program)
        return Cell(
            round=number,
            load=load,
            contender=contender,
            outcome=outcome,
            records=end[0] - begin[0],
            strays=end[1] - begin[1],
            outage=outage,
            **used,
        )

    def _without_kafka(
        self, program: Running, load: Load
    ) -> tuple[Outcome, dict[str, float], Outage]:
        plan, client = self.plan, self.client
        before = measure_before(client, program, load, plan.seconds)
        self.broker.stop()
        self.kafka_is_cold = True
        try:
            middle = Middle(client, program, load, max(1, plan.warmup_s))
            outcome, used = self._apply(program, load)
            middle.measured()
        finally:
            self.broker.start()
        return outcome, used, middle.ended(before)

    def run(self, tell: Callable[[Cell], None]) -> Results:
        results = Results()
        for number, load, contender in self.plan.cells():
            if self.kafka_is_cold:
                self.warm_up_kafka()
            cell = self.measure(number, load, contender)
            results.cells.append(cell)
            tell(cell)
        return results
