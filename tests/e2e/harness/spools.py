"""A spool whose bridge is gone, as others meet it: the program's command
`spool`, and a person with the tools of SQLite."""

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from harness.kafka_client import Topics
from harness.programs import said
from harness.surroundings import FILL_SPOOL, cannot_run

FIRST = 1 << 40 | 1  # the number of the first record of the first file


def fill(spool: Path, topic: str, keys: int, count: int) -> None:
    """As a long outage leaves it: record n has the value n, and the key
    "k<n modulo keys>"."""
    if not FILL_SPOOL.exists():
        cannot_run(f"{FILL_SPOOL} is not built")
    subprocess.run(
        [str(FILL_SPOOL), str(spool), topic, str(keys), str(count)],
        check=True,
    )


def file_of(spool: Path) -> Path:
    (file,) = spool.glob("spool-*.db")
    return file


def change(spool: Path, *statements: str) -> None:
    """By another program than ours. It folds in the WAL."""
    with sqlite3.connect(file_of(spool)) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def export(path: Path, *options: str, status: int = 0) -> list[dict[str, Any]]:
    got, out, err = said("spool", "export", str(path), *options)
    assert got == status, err
    return [json.loads(line) for line in out.splitlines()]


def drain_arguments(
    spool: Path, kafka: str, topics: Topics, *options: str
) -> list[str]:
    return [
        *("spool", "drain", str(spool)),
        *("--set", f"kafka.bootstrap.servers={kafka}"),
        *("--set", f"topics.dead_letter={topics.dead}"),
        *options,
    ]


def drain(
    spool: Path, kafka: str, topics: Topics, *options: str
) -> tuple[int, str, str]:
    """(exit status, standard output, standard error)"""
    return said(*drain_arguments(spool, kafka, topics, *options))
