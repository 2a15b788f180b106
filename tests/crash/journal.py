"""What was sent and what was answered, on disk.

One line a fact, written before anybody acts on it, and never changed: what is
there can be relied on whoever died meanwhile, this program included. (The
machine stays up in all of these runs, so nothing is synced.) A last line
without its end was being written, and does not count.

    ["send", ID, KIND, KEY, N, SHA256, TIME]   an event is about to be sent
    ["answer", ID, STATUS or why there is none, TIME]
    ["mark", TEXT, TIME]                       something was done to somebody

An event that is sent again has several pairs of the first two, one after the
other. Times are nanoseconds of the monotonic clock.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("clicks", "leads", "other")


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Attempt:
    sent_ns: int
    answered_ns: int | None = None  # None: nothing was heard of it
    status: int | None = None
    why: str = ""  # there is no status


@dataclass
class Event:
    id: str
    kind: str  # of KINDS: which topic it belongs to
    key: str
    n: int  # its place among those of its key
    sha256: str
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def sent_ns(self) -> int:
        """When the bridge can have seen it first."""
        return self.attempts[0].sent_ns

    @property
    def taken_ns(self) -> int | None:
        """When the sender had its first 200."""
        return min(
            (
                a.answered_ns
                for a in self.attempts
                if a.status == 200 and a.answered_ns is not None
            ),
            default=None,
        )


@dataclass
class Journal:
    events: dict[str, Event] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def add(self, fact: list[Any]) -> None:
        what, *rest = fact
        if what == "send":
            event_id, kind, key, n, sha256, at = rest
            event = self.events.setdefault(
                event_id, Event(event_id, kind, key, n, sha256)
            )
            if event.sha256 != sha256:
                raise ValueError(f"two events have the id {event_id}")
            event.attempts.append(Attempt(at))
        elif what == "answer":
            event_id, status, at = rest
            attempt = self.events[event_id].attempts[-1]
            attempt.answered_ns = at
            if isinstance(status, int):
                attempt.status = status
            else:
                attempt.why = status
        elif what == "mark":
            text, at = rest
            self.marks.append((at, text))
        else:
            raise ValueError(f"a journal has no '{what}'")

    def answers(self) -> dict[int, int]:
        """How many there were of each status; 0: of none."""
        counts: dict[int, int] = {}
        for event in self.events.values():
            for attempt in event.attempts:
                status = attempt.status or 0
                counts[status] = counts.get(status, 0) + 1
        return counts


def load(path: Path) -> Journal:
    journal = Journal()
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    for line in whole.splitlines():
        journal.add(json.loads(line))
    return journal


class Writer:
    """Any thread may write: a line is one write to a file that grows."""

    def __init__(self, path: Path):
        self._fd = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
        )

    def close(self) -> None:
        os.close(self._fd)

    def _put(self, *fact: Any) -> None:
        line = json.dumps(fact, separators=(",", ":")).encode() + b"\n"
        if os.write(self._fd, line) != len(line):
            raise OSError("the journal's disk is full")

    # A time of sending is never later than it was, that of an answer never
    # earlier: what the checker takes for an order in time has been one.

    def send(
        self, event_id: str, kind: str, key: str, n: int, sha256: str
    ) -> None:
        self._put("send", event_id, kind, key, n, sha256, time.monotonic_ns())

    def answer(self, event_id: str, status: int | str) -> None:
        self._put("answer", event_id, status, time.monotonic_ns())

    def mark(self, text: str) -> None:
        self._put("mark", text, time.monotonic_ns())
