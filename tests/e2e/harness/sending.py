"""`send` as the tests run it, and what its summary says."""

import re
import signal
import subprocess
from pathlib import Path

from harness.events import SECRET
from harness.kafka_client import Kafka, Record
from harness.listener import Listener
from harness.processes import spawn, tail
from harness.programs import (
    Serve,
    assert_no_findings,
    clean_environment,
    need_program,
    said,
)
from harness.surroundings import DEADLINE, PROGRAM

WITH_SECRET = {"AURIX_WEBHOOK_SECRET": SECRET}

ANSWERS = re.compile(
    r"^(\d{3}): (\d+) answers?, p50 ([\d.]+) ms, p90 ([\d.]+) ms, "
    r"p99 ([\d.]+) ms, p99\.9 ([\d.]+) ms, max ([\d.]+) ms$",
    re.M,
)
TOTAL = re.compile(r"^(\d+) events? in ([\d.]+) s, ([\d.]+) events/s$", re.M)


def target(server: Serve | Listener) -> list[str]:
    """Options that send there: to a Listener or to the bridge."""
    if isinstance(server, Listener):
        return ["--url", server.url]
    return ["--set", f"http.port={server.port}"]


def send(
    server: Serve | Listener, *arguments: str, secret: str = SECRET, **how
) -> tuple[int, str, str]:
    """(exit status, standard output, standard error)"""
    return said(
        "send",
        *target(server),
        *arguments,
        env={"AURIX_WEBHOOK_SECRET": secret},
        **how,
    )


def counted(out: str) -> dict[int, int]:
    """{status: answers} of a summary, which must add up."""
    found = {int(m[1]): int(m[2]) for m in ANSWERS.finditer(out)}
    no_answer = re.search(r"^no answer: (\d+) events? \(.*\)$", out, re.M)
    total = TOTAL.search(out)
    assert total, out
    assert int(total[1]) == sum(found.values()) + (
        int(no_answer[1]) if no_answer else 0
    )
    return found


def files(folder: Path, *bodies: bytes) -> list[str]:
    paths = [folder / f"{i}.json" for i in range(len(bodies))]
    for path, body in zip(paths, bodies, strict=True):
        path.write_bytes(body)
    return list(map(str, paths))


def added(kafka: Kafka, topic: str, before: dict[int, int]) -> list[Record]:
    """Records behind these offsets."""
    return [
        r for r in kafka.read_topic(topic) if r.offset >= before[r.partition]
    ]


class Running:
    """`send` in the background."""

    def __init__(self, folder: Path, server: Serve | Listener, *arguments: str):
        need_program()
        self.stdout = folder / "out"
        self.stderr = folder / "err"
        self.process = spawn(
            [str(PROGRAM), "send", *target(server), *arguments],
            stdout=self.stdout,
            stderr=self.stderr,
            env=clean_environment(**WITH_SECRET),
        )

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if self.stderr.exists():
            assert_no_findings(self.stderr.read_text())

    @property
    def said(self) -> str:
        return self.stdout.read_text() if self.stdout.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end: {tail(self.stderr)}") from None
