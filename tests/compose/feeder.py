"""Numbered events, one after the other, and how each was answered."""

import http.client
import threading
from collections import Counter
from collections.abc import Callable

from engine import PATIENCE
from harness.events import click, correlated
from harness.web import Answer
from stack import Stack

KEYS = 60  # correlation ids; enough for events of every partition
PACE_S = 0.01  # a load, but not a benchmark
LEADS = 10  # one event in so many is a lead


class Feeder(threading.Thread):
    """As a context: posts until its end. An event's number is in its data,
    as `serial`; one in ten is a lead, the others are clicks."""

    def __init__(
        self,
        stack: Stack,
        prefix: str,
        post: Callable[[bytes], Answer] | None = None,
    ):
        super().__init__(daemon=True)
        self.stack = stack
        self.prefix = prefix  # of the correlation ids
        self.post = post or stack.post
        self.answers: list[int] = []  # by number; 0 where there was none
        self.stopping = threading.Event()

    def __enter__(self) -> "Feeder":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.join(2 * PATIENCE)
        assert not self.is_alive(), "a request hangs"

    def run(self) -> None:
        while not self.stopping.wait(PACE_S):
            number = len(self.answers)
            make = click if number % LEADS else correlated
            body = make(f"{self.prefix}-{number % KEYS}", serial=number)
            self.answers.append(self._post(body))

    def _post(self, body: bytes) -> int:
        try:
            return self.post(body).status
        except (OSError, http.client.HTTPException):
            return 0

    @property
    def count(self) -> int:
        """Events with a smaller number have been answered, and those with a
        greater one have not been sent."""
        return len(self.answers)

    def taken(self, first: int = 0, end: int | None = None) -> set[int]:
        """Numbers from `first` up to `end` that were answered 200."""
        answers = self.answers[:end]
        return {
            number
            for number in range(first, len(answers))
            if answers[number] == 200
        }

    def printed(self) -> dict[int, Counter[str]]:
        """Number to containers, and how often each has printed it."""
        found: dict[int, Counter[str]] = {}
        for container, line in self.stack.printed():
            if (line["key"] or "").startswith(f"{self.prefix}-"):
                number = line["event"]["data"]["serial"]
                found.setdefault(number, Counter())[container] += 1
        return found

    def missing(self, first: int = 0, end: int | None = None) -> set[int]:
        """What was answered 200 and not printed."""
        taken = self.taken(first, end)  # before looking at what is printed
        return taken - self.printed().keys()
