"""A cell without Kafka: the same process before, during and after an outage.

What is measured is the middle, once the bridge knows that Kafka is away. Of
the rest only the counts matter: all of it was answered, so all of it has to
be in Kafka in the end.
"""

import dataclasses
import time
from dataclasses import dataclass

from measure.load import Client, Load, Outcome
from measure.programs import Running
from measure.syncs import Syncs, probe

DRAIN_S = 30.0  # at least; more where more waits
DRAIN_RATE = 1000  # records a second


@dataclass(frozen=True)
class Outage:
    before: Outcome  # with Kafka there
    settling: Outcome  # just after it has gone
    appended: int  # to the spool, in the cell's own outcome
    commits: int
    syncs: Syncs  # of the bridge, meanwhile
    quiet_syncs: Syncs  # on the same disk, while nobody else used it
    drained: int
    drain_s: float  # from Kafka's port to an empty spool

    @property
    def beside(self) -> tuple[Outcome, ...]:
        """What else was answered in the cell."""
        return self.before, self.settling

    @property
    def fsyncs_an_event(self) -> float:
        return self.syncs.count / self.appended if self.appended else 0.0


def measure_before(
    client: Client, program: Running, load: Load, seconds: int
) -> Outcome:
    there = dataclasses.replace(load, away=False)
    return client.apply(there, program.port, seconds)


class Middle:
    """From its making on Kafka is away, until ended()."""

    def __init__(self, client: Client, program: Running, load: Load, s: int):
        self.program = program
        self.settling = client.apply(load, program.port, s)
        self.begin = program.spooled()
        self.syncs_before = program.syncs.seen()

    def measured(self) -> None:
        """The cell's own load has had its time."""
        self.end = self.program.spooled()
        self.syncs = self.program.syncs.since(self.syncs_before)
        self.quiet_syncs = probe(self.program.spool)

    def ended(self, before: Outcome) -> Outage:
        """Kafka is there again."""
        since = time.monotonic()
        most = DRAIN_S + self.end.records / DRAIN_RATE
        self.program.wait_drained(most)
        return Outage(
            before,
            self.settling,
            self.end.appended - self.begin.appended,
            self.end.commits - self.begin.commits,
            self.syncs,
            self.quiet_syncs,
            self.program.spooled().drained - self.end.drained,
            time.monotonic() - since,
        )
