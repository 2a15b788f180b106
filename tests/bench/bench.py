#!/usr/bin/env python3
"""Measures the bridge beside other programs, in one run; docs/performance.md
tells what and how. `make bench` brings what it needs and starts it.

Exit status: 0 whatever the speed; 1 if Kafka does not hold what was answered
200; 2 if it could not be measured.
"""

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness.command import Unusable, run_to_end
from harness.kafka_cluster import KafkaFailed
from harness.surroundings import BUILD, KAFKA_JARS, PROGRAM, TOP
from measure import machine, plot, report
from measure.cells import Cell, Results
from measure.driver import Driver, Plan
from measure.load import Load, LoadFailed
from measure.programs import (
    BIN,
    CONTENDERS,
    PYTHON,
    Contender,
    ProgramFailed,
    parse_more,
)

# Kafka takes ten times the CPU until its JVM has compiled what it runs.
KAFKA_WARMUP_S = 15


# ---- options ----------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """Each can come from the environment too, and so from make."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        return f"BENCH_{self.name.upper()}"


OPTIONS = (
    Option("seconds", "4", "of each measurement"),
    Option("warmup", "1", "seconds before each measurement; 0 for none"),
    Option("rounds", "3", "in which every program has its turn; odd is best"),
    Option("connections", "16,64,256", "of the closed loops; 0 for none"),
    Option("new", "64", "connections that are new each time; 0 for none"),
    Option("rate", "1000", "events a second, steadily; 0 for none"),
    Option("spool", "64", "connections while Kafka is away; 0 for none"),
    Option(
        "programs",
        "",
        f"of {', '.join(c.key for c in CONTENDERS)} and those of --also; "
        "all unless given",
    ),
    Option("also", "", "more programs: 'NAME=COMMAND ...'"),
    Option("schemas", "", "folder for SCHEMAS, in the place of our own"),
    Option("out", str(BUILD / "bench"), "folder for the results"),
    Option("docs", "", "1: puts them into docs/performance.md, too"),
)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0],
        epilog="Each option can be given as BENCH_OPTION in the environment.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round: shows that all works and counts are right",
    )
    for option in OPTIONS:
        parser.add_argument(
            f"--{option.name}",
            default=os.environ.get(option.variable) or option.default,
            help=f"{option.help} (default: {option.default or 'none'})",
        )
    return parser.parse_args()


def _number(text: str, what: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise Unusable(f"--{what}: expected {least} or more, got '{text}'")
    return value


def _chosen(options: argparse.Namespace) -> tuple[Contender, ...]:
    try:
        known = [*CONTENDERS, *parse_more(options.also)]
    except ValueError as wrong:
        raise Unusable(f"--also: {wrong}") from wrong
    wanted = options.programs.replace(",", " ").split()
    names = [contender.key for contender in known]
    for name in wanted:
        if name not in names:
            raise Unusable(f"--programs: no '{name}' in {', '.join(names)}")
    return tuple(c for c in known if not wanted or c.key in wanted)


def _loads(options: argparse.Namespace) -> tuple[Load, ...]:
    counts = [
        _number(count, "connections", 0)
        for count in options.connections.replace(",", " ").split()
    ]
    new = _number(options.new, "new", 0)
    rate = _number(options.rate, "rate", 0)
    spool = _number(options.spool, "spool", 0)
    loads = [Load(count) for count in counts if count]
    if new:
        loads.append(Load(new, fresh=True))
    if rate:
        loads.append(Load(16, rate=rate))
    if spool:  # the last: Kafka is cold behind it
        loads.append(Load(spool, away=True))
    return tuple(dict.fromkeys(loads))


def make_plan(options: argparse.Namespace) -> Plan:
    contenders = _chosen(options)
    schemas = Path(options.schemas).resolve() if options.schemas else None
    if options.quick:
        return Plan(
            contenders=contenders,
            schemas=schemas,
            loads=(
                Load(16),
                Load(16, fresh=True),
                Load(16, rate=500),
                Load(16, away=True),
            ),
            spool_at=16,
            rounds=1,
            seconds=1,
            warmup_s=0,
            kafka_warmup_s=0,
            quick=True,
        )
    plan = Plan(
        contenders=contenders,
        schemas=schemas,
        loads=_loads(options),
        rounds=_number(options.rounds, "rounds", 1),
        seconds=_number(options.seconds, "seconds", 1),
        warmup_s=_number(options.warmup, "warmup", 0),
        kafka_warmup_s=KAFKA_WARMUP_S,
        spool_at=_number(options.spool, "spool", 0),
    )
    if not any(plan.cells()):
        raise Unusable("nothing to measure")
    return plan


# ---- the run ----------------------------------------------------------------


def need_everything() -> None:
    missing = [
        str(path)
        for path in (
            PROGRAM,
            *(BIN / name for name in ("bare", "paced", "syncs.so")),
            PYTHON,
            KAFKA_JARS,
        )
        if not path.exists()
    ]
    missing += [name for name in ("wrk", "java") if shutil.which(name) is None]
    if missing:
        raise Unusable(f"missing: {', '.join(missing)}; `make bench` has them")


class Progress:
    def __init__(self, plan: Plan):
        self.total = sum(1 for _ in plan.cells())
        self.done = 0

    def __call__(self, cell: Cell) -> None:
        self.done += 1
        print(
            f"[{self.done:>3}/{self.total}] {cell.load!s:>12}  "
            f"{cell.contender.name:<28} {cell.rate:>9,.0f} events/s  "
            f"p99 {cell.p99_ms:8.2f} ms",
            file=sys.stderr,
        )
        if (complaint := cell.complaint()) is not None:
            print(complaint, file=sys.stderr)


def measure(plan: Plan, out: Path) -> Results:
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out, prefix="run-") as folder,
        Driver(plan, Path(folder)) as driver,
    ):
        return driver.run(Progress(plan))


def write(results: Results, plan: Plan, out: Path) -> str:
    """All forms of the results; the one for people is returned."""
    about = machine.description(), machine.versions()
    text = report.markdown(results, plan, *about)
    (out / "table.md").write_text(text)
    (out / "results.json").write_text(report.as_json(results, plan, *about))
    (out / "performance.svg").write_text(plot.figure(results))
    return text


def put_into_docs(text: str, out: Path) -> None:
    report.put_into(TOP / "docs" / "performance.md", text)
    shutil.copy(out / "performance.svg", TOP / "docs" / "performance.svg")


def run(options: argparse.Namespace) -> int:
    plan = make_plan(options)
    need_everything()
    out = Path(options.out).resolve()
    results = measure(plan, out)
    text = write(results, plan, out)
    print(f"\n{text}")
    complaints = results.complaints()
    for complaint in complaints:
        print(f"bench: {complaint}", file=sys.stderr)
    if complaints:
        print("bench: WRONG COUNTS: see above", file=sys.stderr)
        return 1
    if options.docs not in ("", "0"):
        put_into_docs(text, out)
    print(f"bench: results are in {out}", file=sys.stderr)
    return 0


# AssertionError: of the harness, where something did not come in time
FAILURES = (LoadFailed, ProgramFailed, KafkaFailed, AssertionError)

if __name__ == "__main__":
    sys.exit(run_to_end("bench", lambda: run(read_options()), *FAILURES))
