"""Looking into Kafka with a client that is not librdkafka."""

import contextlib
import functools
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from harness.surroundings import DEADLINE
from harness.waiting import wait_for

F = TypeVar("F", bound=Callable)


def patient(ask: F) -> F:
    """For methods of Kafka that only look: where brokers come and go, asks
    again, with new connections, until there is an answer."""

    @functools.wraps(ask)
    def again(self: "Kafka", *args, **kwargs):
        give_up = time.monotonic() + DEADLINE
        while True:
            try:
                return ask(self, *args, **kwargs)
            except KafkaError:
                if time.monotonic() > give_up:
                    raise
                self.close()
                time.sleep(0.1)

    return again  # type: ignore[return-value]


@dataclass(frozen=True)
class Record:
    """A record as it lies in Kafka; headers in their order, as bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int = 0

    def header(self, name: str) -> str | None:
        """The only header of this name, None if there is none."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{len(found)} headers {name!r}"
        return found[0].decode() if found and found[0] is not None else None

    def header_dict(self) -> dict[str, str]:
        names = [name for name, _ in self.headers]
        assert len(set(names)) == len(names), f"repeated headers: {names}"
        return {name: (value or b"").decode() for name, value in self.headers}


@dataclass(frozen=True)
class Topics:
    """The topics of one test, with names that no other test has."""

    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")

    @property
    def clicks(self) -> str:
        return f"{self.prefix}.clicks"

    @property
    def leads(self) -> str:
        return f"{self.prefix}.leads"

    @property
    def other(self) -> str:
        return f"{self.prefix}.other"

    @property
    def dead(self) -> str:
        return f"{self.prefix}.deadletter"

    @property
    def all(self) -> tuple[str, ...]:
        return (self.clicks, self.leads, self.other, self.dead)


def murmur2(data: bytes) -> int:
    """The hash of Kafka's Java clients, unsigned."""
    mask = 0xFFFFFFFF
    mix = 0x5BD1E995
    length = len(data)
    h = (0x9747B28C ^ length) & mask
    whole = length - length % 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little")
        k = k * mix & mask
        k ^= k >> 24
        k = k * mix & mask
        h = (h * mix & mask) ^ k
    if whole < length:
        h ^= int.from_bytes(data[whole:], "little")
        h = h * mix & mask
    h ^= h >> 13
    h = h * mix & mask
    return h ^ (h >> 15)


def java_partition(key: bytes, partitions: int) -> int:
    """Where a Java producer puts a record with this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


class Kafka:
    """A cluster as tests see it: its address, and what lies in it."""

    def __init__(self, bootstrap: str, **options: str):
        self.bootstrap = bootstrap
        self._options = {"bootstrap_servers": bootstrap, **options}
        self._admin: KafkaAdminClient | None = None
        self._consumer: KafkaConsumer | None = None
        self._producer: KafkaProducer | None = None

    @property
    def admin(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(**self._options)
        return self._admin

    @property
    def _reader(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = KafkaConsumer(
                **self._options,
                group_id=None,
                enable_auto_commit=False,
                isolation_level="read_uncommitted",
            )
        return self._consumer

    def close(self) -> None:
        for client in (self._admin, self._consumer, self._producer):
            if client is not None:
                with contextlib.suppress(KafkaError):
                    client.close()
        self._admin = self._consumer = self._producer = None

    # ---- topics --------------------------------------------------------

    def create_topics(
        self,
        names: Iterable[str],
        partitions: int = 3,
        replication: int = 1,
        settings: dict[str, str] | None = None,
    ) -> None:
        """Creates them, and waits until every partition has a leader."""
        names = list(names)
        self.admin.create_topics(
            [
                NewTopic(n, partitions, replication, topic_configs=settings)
                for n in names
            ]
        )

        def led() -> bool:
            known = {t["name"]: t for t in self.admin.describe_topics(names)}
            return all(
                not known[n]["error_code"]
                and len(known[n]["partitions"]) == partitions
                and all(p["leader_id"] >= 0 for p in known[n]["partitions"])
                for n in names
            )

        wait_for(led, f"topics {names} have leaders")

    def new_topics(self, partitions: int = 3, replication: int = 1) -> Topics:
        """A fresh set of the bridge's topics."""
        topics = Topics()
        self.create_topics(topics.all, partitions, replication)
        return topics

    @patient
    def topic_names(self) -> set[str]:
        return set(self.admin.list_topics())

    @patient
    def partition_count(self, topic: str) -> int:
        return len(self.admin.describe_topics([topic])[0]["partitions"])

    # ---- records -------------------------------------------------------

    @patient
    def end_offsets(self, topic: str) -> dict[int, int]:
        count = self.partition_count(topic)
        parts = [TopicPartition(topic, p) for p in range(count)]
        ends = self._reader.end_offsets(parts)
        return {tp.partition: end for tp, end in ends.items()}

    def count(self, topic: str) -> int:
        """Records that were ever written to it."""
        return sum(self.end_offsets(topic).values())

    @patient
    def read_topic(
        self, topic: str, deadline: float = DEADLINE
    ) -> list[Record]:
        """Everything from the first record to the end as it is now, in
        order within each partition."""
        ends = self.end_offsets(topic)
        reader = self._reader
        parts = [TopicPartition(topic, p) for p in ends]
        reader.assign(parts)
        reader.seek_to_beginning(*parts)
        records: list[Record] = []
        give_up = time.monotonic() + deadline
        while any(reader.position(tp) < ends[tp.partition] for tp in parts):
            if time.monotonic() > give_up:
                raise AssertionError(f"cannot read {topic} to its end")
            for batch in reader.poll(timeout_ms=500).values():
                records += [
                    Record(
                        r.topic,
                        r.partition,
                        r.offset,
                        r.key,
                        r.value,
                        tuple(r.headers),
                        r.timestamp,
                    )
                    for r in batch
                    if r.offset < ends[r.partition]
                ]
        records.sort(key=lambda r: (r.partition, r.offset))
        read = [(r.partition, r.offset) for r in records]
        there = [(p, o) for p in sorted(ends) for o in range(ends[p])]
        # no test deletes records, so there can be no gap: not a lost event,
        # but a reader that is not to be trusted
        assert read == there, (
            f"{topic} was not read whole: {set(there) - set(read)} missing, "
            f"{set(read) - set(there)} too many"
        )
        return records

    def values(self, *topics: str) -> list[bytes | None]:
        """Of all records, topic by topic."""
        return [r.value for topic in topics for r in self.read_topic(topic)]

    def records_with_value(self, topic: str, value: bytes) -> list[Record]:
        return [r for r in self.read_topic(topic) if r.value == value]

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> None:
        """Puts a record there, as some other program might."""
        if self._producer is None:
            self._producer = KafkaProducer(**self._options)
        self._producer.send(
            topic,
            value=value,
            key=key,
            headers=headers or [],
            partition=partition,
        ).get(DEADLINE)

    # ---- groups --------------------------------------------------------

    @patient
    def groups(self) -> set[str]:
        return {g["group_id"] for g in self.admin.list_groups()}

    @patient
    def group_members(self, group: str) -> dict[str, set[tuple[str, int]]]:
        """For each member the (topic, partition) pairs that it owns."""
        if group not in self.groups():
            return {}
        described = self.admin.describe_groups([group])[group]
        return {
            m["member_id"]: {
                (a["topic"], p)
                for a in m["member_assignment"]["assigned_partitions"]
                for p in a["partitions"]
            }
            if m["member_assignment"]
            else set()
            for m in described["members"]
        }

    @patient
    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's committed offset of each partition that has one."""
        if group not in self.groups():
            return {}
        offsets = self.admin.list_group_offsets(group)[group]
        return {
            tp.partition: meta.offset
            for tp, meta in offsets.items()
            if tp.topic == topic and meta.offset >= 0
        }

    def lag(self, group: str, topic: str) -> int:
        done = self.committed(group, topic)
        return sum(
            end - done.get(p, 0) for p, end in self.end_offsets(topic).items()
        )
