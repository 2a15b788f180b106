"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from harness.surroundings import DEADLINE

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T],
    what: str = "",
    deadline: float = DEADLINE,
) -> T:
    """Asks until `condition` returns something true, and returns that."""
    end = time.monotonic() + deadline
    pause = 0.005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"not within {deadline:.0f} s: {name}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
