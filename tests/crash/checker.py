"""Compares what was sent and answered with what lies in Kafka.

`check(journal, records)` looks at nothing else, so it can be tested, and run
again over what a crash run has left. What it holds true:

lost        an event that was answered 200 is in its topic
altered     with the bytes that were sent
unknown     nothing is there that was not sent
misplaced   an event is in the topic of its kind, under its key, and all of a
            key's are in one partition
order       if B was sent after A's 200 had come, both of one topic and key,
            the first occurrence of B is behind the first of A; B need not
            have been answered
duplicate   an event is there at most as often without the mark
            `bridge-possible-duplicate` as it was sent

That a mark must not be missing says nothing about which occurrence has it:
where a bridge died and another publishes what the first had on its way, the
marked one can get there before the other.
"""

import bisect
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.kafka_client import Record
from journal import Event, Journal, digest

MARK = "bridge-possible-duplicate"


@dataclass(frozen=True)
class Violation:
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


@dataclass
class Verdict:
    sent: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    records: int = 0
    repeated: int = 0  # occurrences of an event behind its first
    marked: int = 0
    disorder: int = 0  # violations of the order that are excused
    counted_disorder: int = 0  # by the bridge itself
    violations: list[Violation] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.violations

    def excuse_disorder(self, counted: int) -> None:
        """Where the spool cannot take an event and Kafka can, it passes those
        of its key that wait, and the bridge counts that. So there may be as
        many violations of the order as it has counted; with one more all of
        them stand."""
        self.counted_disorder = counted
        disorder = self.rules()["order"]
        if disorder <= counted:
            self.disorder = disorder
            self.violations = [v for v in self.violations if v.rule != "order"]

    def rules(self) -> Counter[str]:
        return Counter(violation.rule for violation in self.violations)


def check(
    journal: Journal,
    records: Iterable[Record],
    kinds: Mapping[str, str],
) -> Verdict:
    """`kinds`: the kind of events that belongs into each topic; a topic that
    is not there gets none. Each partition's records come in their order."""
    return _Check(journal, kinds).run(list(records))


def event_id_of(value: bytes | None) -> str | None:
    """The id that the recorder has put into a body, as far as it is one."""
    try:
        found = json.loads(value or b"")["data"]["crash_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _is_marked(record: Record) -> bool:
    return (MARK, b"true") in record.headers


def _place(record: Record) -> str:
    mark = ", marked" if _is_marked(record) else ""
    return f"{record.topic}[{record.partition}]@{record.offset}{mark}"


class _Check:
    def __init__(self, journal: Journal, kinds: Mapping[str, str]):
        self.journal = journal
        self.kinds = kinds
        self.by_digest = {e.sha256: e for e in journal.events.values()}
        self.found: dict[str, list[Record]] = {}  # by id, as they come
        self.verdict = Verdict(
            sent=len(journal.events), answers=journal.answers()
        )
        self.marks = sorted(journal.marks)
        self.begin = min(
            [at for at, _ in self.marks]
            + [event.sent_ns for event in journal.events.values()],
            default=0,
        )

    def run(self, records: list[Record]) -> Verdict:
        self.verdict.records = len(records)
        for record in records:
            self._sort_in(record)
        for event in self.journal.events.values():
            self._check_event(event)
        self._check_streams()
        return self.verdict

    def _complain(self, rule: str, text: str) -> None:
        self.verdict.violations.append(Violation(rule, text))

    # ---- saying it so that it can be found -----------------------------

    def _when(self, at: int) -> str:
        text = f"{(at - self.begin) / 1e9:.6f} s"
        behind = bisect.bisect_right(self.marks, at, key=lambda m: m[0])
        if behind:
            then, what = self.marks[behind - 1]
            text += f" ({(at - then) / 1e6:.3f} ms after '{what}')"
        return text

    def _story(self, event: Event) -> str:
        parts = [f"{event.id}, number {event.n} of {event.kind} {event.key}"]
        for attempt in event.attempts:
            part = f"sent at {self._when(attempt.sent_ns)}"
            if attempt.answered_ns is None:
                part += ", no answer yet"
            else:
                status = attempt.status or f"no answer ({attempt.why})"
                part += f", {status} at {self._when(attempt.answered_ns)}"
            parts.append(part)
        places = [_place(r) for r in self.found.get(event.id, [])]
        parts.append(f"in Kafka: {', '.join(places) or 'nowhere'}")
        return "; ".join(parts)

    def _neighbours(self, event: Event) -> str:
        """What became of those before and after it."""
        stream = sorted(
            (
                e
                for e in self.journal.events.values()
                if (e.kind, e.key) == (event.kind, event.key)
            ),
            key=lambda e: e.n,
        )
        i = stream.index(event)
        texts = []
        if i > 0:
            texts.append(f"before it: {self._story(stream[i - 1])}")
        if i + 1 < len(stream):
            texts.append(f"after it: {self._story(stream[i + 1])}")
        return " | ".join(texts)

    # ---- the rules -----------------------------------------------------

    def _sort_in(self, record: Record) -> None:
        self.verdict.marked += _is_marked(record)
        value = record.value or b""
        event = self.by_digest.get(digest(value))
        if event is None:
            about = self.journal.events.get(event_id_of(value) or "")
            if about is None:
                self._complain(
                    "unknown",
                    f"{_place(record)} was never sent: {value[:200]!r}",
                )
            else:
                self._complain(
                    "altered",
                    f"{_place(record)} has other bytes than were sent: "
                    f"{self._story(about)}",
                )
            return
        kind = self.kinds.get(record.topic)
        key = (record.key or b"").decode(errors="replace")
        if kind != event.kind:
            self._complain(
                "misplaced",
                f"{_place(record)} is not the topic of {event.kind}: "
                f"{self._story(event)}",
            )
        elif key != event.key:
            self._complain(
                "misplaced",
                f"{_place(record)} has the key '{key}': {self._story(event)}",
            )
        self.found.setdefault(event.id, []).append(record)

    def _check_event(self, event: Event) -> None:
        found = self.found.get(event.id, [])
        self.verdict.repeated += max(0, len(found) - 1)
        if not found and event.taken_ns is not None:
            self._complain(
                "lost", f"{self._story(event)} | {self._neighbours(event)}"
            )
        unmarked = sum(not _is_marked(record) for record in found)
        if unmarked > len(event.attempts):
            self._complain(
                "duplicate",
                f"{unmarked} without a mark, sent {len(event.attempts)} "
                f"times: {self._story(event)}",
            )

    def _check_streams(self) -> None:
        def stream(event: Event) -> tuple[str, str]:
            return event.kind, event.key

        there = [
            event
            for event in self.journal.events.values()
            if event.id in self.found
        ]
        there.sort(key=stream)
        for (kind, key), events in itertools.groupby(there, stream):
            self._check_stream(kind, key, list(events))

    def _check_stream(self, kind: str, key: str, events: list[Event]) -> None:
        """All events of a topic and key that are in Kafka."""
        places = {
            (record.topic, record.partition)
            for event in events
            for record in self.found[event.id]
        }
        if len(places) > 1:
            if len({partition for _, partition in places}) > 1:
                self._complain(
                    "misplaced",
                    f"{kind} {key} lies in several partitions: "
                    f"{sorted(places)}",
                )
            return  # there is no order to check

        def first(event: Event) -> int:
            return self.found[event.id][0].offset

        taken = sorted(
            (at, event.id)
            for event in events
            if (at := event.taken_ns) is not None
        )
        last: Event | None = None  # of those taken so far, in the partition
        i = 0
        for event in sorted(events, key=lambda e: e.sent_ns):
            while i < len(taken) and taken[i][0] < event.sent_ns:
                before = self.journal.events[taken[i][1]]
                if last is None or first(before) > first(last):
                    last = before
                i += 1
            if last is not None and first(event) < first(last):
                self._complain(
                    "order",
                    f"{self._story(event)} | came before what had its 200 "
                    f"when it was sent: {self._story(last)}",
                )
