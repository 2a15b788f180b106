"""Many senders at a time, and a record of what each was answered."""

import contextlib
import json
import threading

from harness.events import click, correlated
from harness.kafka_client import Kafka, Record, Topics
from harness.surroundings import DEADLINE
from harness.waiting import wait_for
from harness.web import Wire, signed

MARK = "bridge-possible-duplicate"


class Sender(threading.Thread):
    """Posts events of keys of its own, one after the other, on a kept
    connection: event n of a key is sent after event n - 1 was answered."""

    def __init__(self, port: int, prefix: str, keys: int, limit: int | None):
        super().__init__(daemon=True)
        self.port = port
        self.prefix = prefix
        self.keys = keys
        self.limit = limit  # events; None: until it is told to stop
        self.sent: list[bytes] = []
        self.taken: list[bytes] = []  # answered 200, in order
        self.answers: dict[int, int] = {}
        self.broken = 0  # connections that ended without an answer
        self.stopping = threading.Event()

    def _body(self, n: int) -> bytes:
        make = click if n % 2 else correlated
        return make(f"{self.prefix}-{n % self.keys}", serial=n)

    def run(self) -> None:
        n = 0
        wire = None
        while not self.stopping.is_set() and n != self.limit:
            body = self._body(n)
            n += 1
            self.sent.append(body)
            try:
                if wire is None:
                    wire = Wire(self.port, DEADLINE)
                wire.send(signed(body))
                answer = wire.answer()
            except (OSError, EOFError):
                self.broken += 1
                wire = None
                continue
            self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            if answer.status == 200:
                self.taken.append(body)
            if answer.closes:
                wire.close()
                wire = None
        if wire is not None:
            wire.close()


class Load:
    """A number of senders; as a context, stopped at its end."""

    def __init__(
        self, port: int, senders: int, keys: int = 3, limit: int | None = None
    ):
        self.senders = [
            Sender(port, f"s{i}", keys, limit) for i in range(senders)
        ]

    def __enter__(self) -> "Load":
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        for sender in self.senders:
            sender.stopping.set()
        self.join()

    def join(self) -> None:
        for sender in self.senders:
            with contextlib.suppress(RuntimeError):
                sender.join(2 * DEADLINE)
            assert not sender.is_alive(), "a sender hangs"

    def wait_for_more(self, events: int) -> None:
        """Until so many more have been answered 200."""
        count = len(self.taken) + events
        wait_for(lambda: len(self.taken) >= count, f"{count} events are taken")

    @property
    def taken(self) -> list[bytes]:
        return [body for sender in self.senders for body in sender.taken]

    @property
    def sent(self) -> set[bytes]:
        return {body for sender in self.senders for body in sender.sent}

    def answers(self) -> dict[int, int]:
        total: dict[int, int] = {}
        for sender in self.senders:
            for status, count in sender.answers.items():
                total[status] = total.get(status, 0) + count
        return total


def events_in(kafka: Kafka, topics: Topics) -> list[Record]:
    """What has come of a load."""
    return kafka.read_topic(topics.clicks) + kafka.read_topic(topics.leads)


def check_promises(load: Load, records: list[Record]) -> None:
    """Nothing answered 200 is missing, nothing is there that was not sent,
    and per topic and key what was answered later comes later."""
    values = [record.value for record in records]
    first: dict[bytes, tuple[int, int]] = {}
    for record in records:
        first.setdefault(record.value, (record.partition, record.offset))

    missing = [body for body in load.taken if body not in first]
    sent = load.sent
    unknown = [value for value in values if value not in sent]
    assert not missing, (
        f"{len(missing)} were answered 200 and are lost; of {len(records)} "
        f"records {len(set(values))} differ, {len(unknown)} were never sent; "
        f"the first that is lost: {missing[0]!r}"
    )
    assert not unknown, f"{len(unknown)} were never sent"
    for record in records:
        correlation = json.loads(record.value)["data"]["correlation_id"]
        assert record.key == correlation.encode()

    for sender in load.senders:
        last: dict[tuple, tuple[int, int]] = {}
        before: dict[tuple, bytes] = {}
        for body in sender.taken:
            event = json.loads(body)
            stream = (event["event_type"], event["data"]["correlation_id"])
            at = first[body]
            if stream in last:
                assert last[stream][0] == at[0], "a key changed its partition"
                assert last[stream][1] < at[1], (
                    f"out of order: {body!r} at {at} was sent after the 200 "
                    f"of {before[stream]!r} at {last[stream]}"
                )
            last[stream] = at
            before[stream] = body


def check_duplicates(records: list[Record]) -> None:
    """What is there twice is marked from the second time on."""
    seen = set()
    for record in records:
        assert record.value not in seen or MARK in dict(record.headers), record
        seen.add(record.value)
