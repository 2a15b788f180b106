"""Validators side by side, on the same documents.

Each runs as a process of its own for one set of schemas, tests/bench/schema/
validate.*, and stays while the rounds go on, so that what a just-in-time
compiler has learnt is not lost. It gets schemas and documents as arguments and
is asked on its standard input, a line a question; the answer is a line:

    version                  of the library and what it stands on
    verdicts                 0 or 1 for each document
    check FIRST COUNT MS     ns per document of so many, already parsed,
                             measured for so many milliseconds
    parse FIRST COUNT MS     the same with parsing them each time

and, ours only:

    allocations FIRST COUNT  in checking each document once
    load DIR                 milliseconds to load a folder of event schemas
"""

import contextlib
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from measure.usage import machine_time

VALID, INVALID, PARSED = "valid", "invalid", "parsed"
KINDS = (VALID, INVALID, PARSED)


@dataclass(frozen=True)
class Subject:
    """Schemas, all of which a document has to satisfy, and documents."""

    name: str
    schemas: tuple[Path, ...]
    valid: tuple[Path, ...]
    invalid: tuple[Path, ...]

    @property
    def expected(self) -> str:
        return "1" * len(self.valid) + "0" * len(self.invalid)


@dataclass(frozen=True)
class Entrant:
    """`missing` says why there is no command, if there is none."""

    key: str
    name: str
    command: tuple[str, ...] = ()
    folder: Path | None = None
    missing: str = ""


class Trouble(Exception):
    pass


class Runner:
    def __init__(self, entrant: Entrant, subject: Subject):
        documents = (*subject.valid, *subject.invalid)
        paths = [*map(str, subject.schemas), "--", *map(str, documents)]
        self.process = subprocess.Popen(
            [*entrant.command, *paths],
            cwd=entrant.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *words: object) -> str:
        assert self.process.stdin and self.process.stdout
        try:
            print(*words, file=self.process.stdin, flush=True)
        except BrokenPipeError as broken:
            raise self._trouble() from broken
        if not (line := self.process.stdout.readline()):
            raise self._trouble()
        return line.rstrip("\n")

    def _trouble(self) -> Trouble:
        assert self.process.stderr
        said = self.process.stderr.read().strip().splitlines()
        return Trouble(said[-1] if said else "it ended without a word")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Results:
    """`ns` has a list for each row, entrant and kind: a value a round."""

    subjects: Sequence[Subject]
    entrants: Sequence[Entrant]
    ns: dict[tuple[str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    click_ns: list[float] = field(default_factory=list)
    click_allocations: int = -1
    load_ms: float = 0.0
    foreign: float = 0.0  # of the machine, that others used meanwhile

    def median(self, subject: str, key: str, kind: str) -> float | None:
        values = self.ns.get((subject, key, kind))
        return median(values) if values else None

    def ratio(
        self, subject: str, key: str, ours: str, kind: str
    ) -> float | None:
        """How many times our time it takes: the median of the rounds', so
        that it compares what was measured within seconds."""
        theirs = self.ns.get((subject, key, kind))
        own = self.ns.get((subject, ours, kind))
        if not theirs or not own:
            return None
        return median(a / b for a, b in zip(theirs, own, strict=True))


@dataclass(frozen=True)
class Timing:
    rounds: int
    milliseconds: int  # of a measurement
    warmup: int  # milliseconds before the first, of each kind


def differences(subject: Subject, verdicts: str) -> list[str]:
    """Documents on which a contender is wrong."""
    documents = [*subject.valid, *subject.invalid]
    if len(verdicts) != len(documents):
        return [f"an answer: '{verdicts}'"]
    return [
        f"{path.parent.name}/{path.name}"
        for path, said, right in zip(
            documents, verdicts, subject.expected, strict=True
        )
        if said != right
    ]


def _foreign_cpu() -> float:
    """Seconds that processes other than ours and its children have used. A
    child counts once it has been waited for."""
    return machine_time().busy - sum(os.times()[:4])


class Contest:
    def __init__(
        self,
        subjects: Sequence[Subject],
        entrants: Sequence[Entrant],
        timing: Timing,
        tell: Callable[[str], None],
    ):
        self.results = Results(subjects, entrants)
        self.timing, self.tell = timing, tell

    def run(self) -> Results:
        before, began = _foreign_cpu(), time.monotonic()
        self._run_all()
        used, took = _foreign_cpu() - before, time.monotonic() - began
        cores = len(os.sched_getaffinity(0))
        self.results.foreign = max(used, 0) / took / cores
        return self.results

    def _run_all(self) -> None:
        for subject in self.results.subjects:
            runners: dict[str, Runner] = {}
            with contextlib.ExitStack() as stack:
                for entrant in self.results.entrants:
                    self._admit(stack, subject, entrant, runners)
                self._measure(subject, runners)

    def _admit(
        self,
        stack: contextlib.ExitStack,
        subject: Subject,
        entrant: Entrant,
        runners: dict[str, Runner],
    ) -> None:
        """Only those that judge every document rightly are measured."""
        if entrant.missing:
            return
        runner = Runner(entrant, subject)
        stack.callback(runner.end)
        try:
            self.results.versions[entrant.key] = runner.ask("version")
            wrong = differences(subject, runner.ask("verdicts"))
        except Trouble as trouble:
            wrong = [str(trouble)]
        if wrong:
            text = f"wrong about {', '.join(wrong)}"
            self.results.wrong[subject.name, entrant.key] = text
            self.tell(f"{subject.name}, {entrant.name}: {text}")
        else:
            runners[entrant.key] = runner

    @staticmethod
    def _questions(subject: Subject) -> Iterator[tuple[str, str, int, int]]:
        valid, invalid = len(subject.valid), len(subject.invalid)
        yield VALID, "check", 0, valid
        yield INVALID, "check", valid, invalid
        yield PARSED, "parse", 0, valid

    def _measure(self, subject: Subject, runners: dict[str, Runner]) -> None:
        questions = list(self._questions(subject))
        if self.timing.warmup:
            for runner in runners.values():
                for _, question, first, count in questions:
                    runner.ask(question, first, count, self.timing.warmup)
        keys = list(runners)
        for number in range(self.timing.rounds):
            turn = number % len(keys)
            for kind, question, first, count in questions:
                for key in keys[turn:] + keys[:turn]:
                    said = runners[key].ask(
                        question, first, count, self.timing.milliseconds
                    )
                    self.results.ns[subject.name, key, kind].append(float(said))
            self._particulars(subject, runners)
        self.tell(f"{subject.name}: done")

    def _particulars(
        self, subject: Subject, runners: dict[str, Runner]
    ) -> None:
        """Of the project's own events, for which there are figures."""
        if subject.name != "click" or "ours" not in runners:
            return
        runner, results = runners["ours"], self.results
        at = [path.name for path in subject.valid].index("click.json")
        said = runner.ask("check", at, 1, self.timing.milliseconds)
        results.click_ns.append(float(said))
        results.click_allocations = int(runner.ask("allocations", at, 1))
        results.load_ms = float(runner.ask("load", subject.schemas[0].parent))
