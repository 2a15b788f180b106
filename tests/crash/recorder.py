"""A sender that never forgets: events at a rate, each told to the journal.

Threads take the events of a plan one after the other, so that those of a key
are sent both while earlier ones are unanswered and after their 200. Each has
a connection that it keeps; where it breaks, or where the bridge is not there,
it connects again as soon as there is somebody to connect to.
"""

import itertools
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.events import click, complete, correlated, unknown
from harness.surroundings import DEADLINE
from harness.waiting import wait_for
from harness.web import Wire, signed
from journal import Writer, digest

# Clicks are the most, as in life; a lead is correlated, then complete.
_MAKERS = (
    ("clicks", click),
    ("clicks", click),
    ("leads", correlated),
    ("leads", complete),
    ("other", unknown),
)


@dataclass(frozen=True)
class Manner:
    """How it is sent."""

    senders: int = 8
    keys: int = 24  # of which each has several events on their way at times
    rate: float = 300  # events a second; 0: as fast as answers come
    again: float = 0  # how many of those without a 200 are sent once more
    padding: int = 0  # bytes that a body has besides
    seed: int = 1


@dataclass(frozen=True)
class Planned:
    id: str
    kind: str
    key: str
    n: int
    body: bytes
    again: bool  # if there is no 200


class Plan:
    """The events, in the order in which threads take them."""

    def __init__(self, manner: Manner):
        self._manner = manner
        self._chance = random.Random(manner.seed)
        self._run = os.urandom(4).hex()  # so that no two runs share an id
        self._counts: Counter[tuple[str, str]] = Counter()
        self._serial = itertools.count()
        self._due = 0.0
        self._lock = threading.Lock()

    def next(self) -> tuple[Planned, float]:
        """An event, and when it is due by time.monotonic()."""
        with self._lock:
            kind, make = self._chance.choice(_MAKERS)
            key = f"O-{self._chance.randrange(self._manner.keys)}-{self._run}"
            again = self._chance.random() < self._manner.again
            n = self._counts[kind, key]
            self._counts[kind, key] += 1
            event_id = f"{self._run}-{next(self._serial)}"
            due = self._slot()
        body = make(
            key, crash_id=event_id, n=n, padding="x" * self._manner.padding
        )
        return Planned(event_id, kind, key, n, body, again), due

    def _slot(self) -> float:
        now = time.monotonic()
        if not self._manner.rate:
            return now
        # what was missed while nobody could send is not made up for
        self._due = max(self._due + 1 / self._manner.rate, now)
        return self._due


class Recorder:
    """As a context, it has ended behind it. `aim()` says where to."""

    def __init__(self, journal: Path, manner: Manner | None = None):
        self.manner = manner or Manner()
        self.writer = Writer(journal)
        self.plan = Plan(self.manner)
        self._port: int | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._paused = False
        self._counts: Counter[int] = Counter()  # of answers; 0: none
        self._failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guarded, daemon=True)
            for _ in range(self.manner.senders)
        ]

    # ---- by whom it is used --------------------------------------------

    def __enter__(self) -> "Recorder":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def aim(self, port: int | None) -> None:
        """Where the bridge is now; None: nowhere."""
        with self._changed:
            self._port = port
            self._changed.notify_all()

    def pause(self, paused: bool = True) -> None:
        """No new events; those on their way get their answers."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
            assert not thread.is_alive(), "a sender hangs"
        if self._failures:
            raise self._failures[0]

    def counts(self) -> Counter[int]:
        """Answers by their status so far; 0: no answer."""
        with self._changed:
            return Counter(self._counts)

    def wait_for_answers(self, more: int, *statuses: int) -> None:
        """Until there were so many more, of these statuses or of all but
        'no answer'."""

        def count() -> int:
            if self._failures:
                raise self._failures[0]
            counts = self.counts()
            wanted = statuses or tuple(counts.keys() - {0})
            return sum(counts[status] for status in wanted)

        goal = count() + more
        which = " or ".join(map(str, statuses)) or "any status"
        wait_for(
            lambda: count() >= goal,
            f"{more} more answers of {which}; so far: {dict(self.counts())}",
        )

    # ---- the threads ---------------------------------------------------

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as failure:
            self._failures.append(failure)

    def _run(self) -> None:
        wire: Wire | None = None
        while self._may_go_on():
            event, due = self.plan.next()
            self._wait_until(due)
            for _ in range(2 if event.again else 1):
                wire = wire or self._connect()
                if wire is None:
                    return  # it was told to stop
                status, wire = self._post(wire, event)
                if status == 200:
                    break
        if wire is not None:
            wire.close()

    def _may_go_on(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)
            return not self._stopping

    def _wait_until(self, due: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping, due - time.monotonic()
            )

    def _connect(self) -> Wire | None:
        """None: it shall stop."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._stopping or self._port is not None
                )
                if self._stopping:
                    return None
                port = self._port
            try:
                return Wire(port, DEADLINE)
            except OSError:
                # gone, and whoever has seen to it will say where it is next
                with self._changed:
                    self._changed.wait_for(
                        lambda port=port: self._stopping or self._port != port,
                        0.05,
                    )

    def _post(self, wire: Wire, event: Planned) -> tuple[int, Wire | None]:
        """The status, 0 for none, and the connection if it can be kept."""
        request = signed(event.body)
        self.writer.send(
            event.id, event.kind, event.key, event.n, digest(event.body)
        )
        kept: Wire | None = wire
        try:
            wire.send(request)
            answer = wire.answer()
            status = answer.status
            self.writer.answer(event.id, status)
            if answer.closes:
                kept = None
        except (OSError, EOFError) as broken:
            status, kept = 0, None
            why = str(broken) or type(broken).__name__
            self.writer.answer(event.id, why[:80])
        if kept is None:
            wire.close()
        with self._changed:
            self._counts[status] += 1
        return status, kept
