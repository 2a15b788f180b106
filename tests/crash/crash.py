#!/usr/bin/env python3
"""Kills and compares: is everything in Kafka that was answered 200?

Runs the scenarios of scenarios.py, each with a bridge, topics and a spool of
its own, and checks what each has left (checker.py). `make crash` brings what
it needs and starts it.

CRASH=short         a few faults each, as CI has it
CRASH_ONLY=A,B      only these scenarios
CRASH_COUNT=N       so many faults each
CRASH_KILL_BRIDGE=N so many in the scenario kill-bridge; likewise all others
CRASH_RATE=N        events a second in the place of each scenario's own; 0: as
                    fast as answers come
CRASH_SEED=N        other moments

Prints a line for each scenario and one of totals. What a scenario that has
failed leaves is in build/crash: the journal, the bridge's log, its spool.

repeated    records of events that are there already
marked      records with the mark bridge-possible-duplicate
unanswered  events whose connection broke
passed      events that passed others of their key, where the design allows it
            and the bridge has counted it

Exit status: 0; 1 if a scenario has failed; 2 if it could not be run.
"""

import dataclasses
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from checker import Verdict
from clusters import REPLICATION, Clusters
from harness.command import Unusable, run_to_end
from harness.kafka_cluster import KafkaFailed
from harness.processes import tail
from harness.surroundings import BUILD, KAFKA_JARS, PROGRAM
from scenarios import SCENARIOS, Scenario
from stage import Stage

SHOWN = 3  # violations of a rule; all are in a file


@dataclass(frozen=True)
class Task:
    scenario: Scenario
    count: int
    seed: int


@dataclass
class Outcome:
    task: Task
    verdict: Verdict
    faults: int
    seconds: float
    complaint: str = ""  # what went wrong before it could be checked

    @property
    def is_good(self) -> bool:
        return self.verdict.is_good and not self.complaint

    def __str__(self) -> str:
        rules = ", ".join(
            f"{rule} {count}" for rule, count in self.verdict.rules().items()
        )
        if "order" in rules:
            rules += f", {self.verdict.counted_disorder} counted by the bridge"
        end = "good" if self.is_good else f"FAILED ({rules or 'see above'})"
        return (
            f"{self.task.scenario.name:<14} {counted(self.verdict)}  "
            f"faults {self.faults:>3}  {self.seconds:>4.0f} s  {end}"
        )


def counted(verdict: Verdict) -> str:
    answers = dict(verdict.answers)
    taken, refused, none = (answers.pop(s, 0) for s in (200, 503, 0))
    text = (
        f"sent {verdict.sent:>6}  200s {taken:>6}  503s {refused:>5}  "
        f"unanswered {none:>4}  records {verdict.records:>6}  "
        f"repeated {verdict.repeated:>4}  marked {verdict.marked:>4}"
    )
    if verdict.disorder:
        text += f"  passed {verdict.disorder}"
    for status, count in sorted(answers.items()):
        text += f"  {status}s {count}"
    return text


# ---- what to run ------------------------------------------------------------


def number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not text.isdecimal():
        raise Unusable(f"{variable}: expected a number, got '{text}'")
    return int(text)


def tasks() -> Iterator[Task]:
    mode = os.environ.get("CRASH", "")
    if mode not in ("", "short"):
        raise Unusable(f"CRASH: expected 'short' or nothing, got '{mode}'")
    wanted = os.environ.get("CRASH_ONLY", "").replace(",", " ").split()
    names = [scenario.name for scenario in SCENARIOS]
    for name in wanted:
        if name not in names:
            raise Unusable(f"CRASH_ONLY: no '{name}' in {', '.join(names)}")
    seed = number("CRASH_SEED", int(time.time()))
    for scenario in SCENARIOS:
        if wanted and scenario.name not in wanted:
            continue
        count = scenario.short if mode == "short" else scenario.count
        count = number("CRASH_COUNT", count)
        count = number(scenario.variable, count)
        manner = dataclasses.replace(
            scenario.manner,
            rate=number("CRASH_RATE", int(scenario.manner.rate)),
            seed=seed,
        )
        if count > 0:
            yield Task(
                dataclasses.replace(scenario, manner=manner), count, seed
            )


def need_everything() -> None:
    missing = [str(p) for p in (PROGRAM, KAFKA_JARS) if not p.exists()]
    if shutil.which("java") is None:
        missing.append("java")
    if missing:
        raise Unusable(f"missing: {', '.join(missing)}; `make crash` has them")


# ---- the run ----------------------------------------------------------------


def play(task: Task, folder: Path, clusters: Clusters) -> Outcome:
    scenario = task.scenario
    begin = time.monotonic()
    verdict = Verdict()
    stage = None
    complaint = ""
    try:
        cluster, kafka = clusters.get(scenario.cluster)
        stage = Stage(
            folder,
            cluster,
            kafka,
            scenario.manner,
            scenario.settings,
            task.seed,
            REPLICATION[scenario.cluster],
            scenario.shim,
        )
        with stage:
            scenario.act(stage, task.count)
            verdict = stage.finish()
    except Exception as failure:
        complaint = told(failure, stage)
        clusters.drop(scenario.cluster)  # it may not be what it was
    return Outcome(
        task,
        verdict,
        stage.faults if stage else 0,
        time.monotonic() - begin,
        complaint,
    )


def told(failure: Exception, stage: Stage | None) -> str:
    where = traceback.extract_tb(failure.__traceback__)
    line = next(
        (f for f in where if Path(f.filename).name == "scenarios.py"), where[-1]
    )
    text = f"{Path(line.filename).name}:{line.lineno}: {failure}"
    if stage is not None and stage.bridge is not None:
        text += f"\nlog of the bridge:\n{tail(stage.bridge.stderr_path, 20)}"
    return text


def report(outcome: Outcome, folder: Path) -> None:
    name = outcome.task.scenario.name
    if outcome.complaint:
        print(f"{name}: {outcome.complaint}", file=sys.stderr)
    shown: dict[str, int] = {}
    for violation in outcome.verdict.violations:
        shown[violation.rule] = shown.get(violation.rule, 0) + 1
        if shown[violation.rule] <= SHOWN:
            print(f"{name}: {violation}", file=sys.stderr)
    if not outcome.is_good:
        (folder / "violations").write_text(
            "".join(f"{each}\n" for each in outcome.verdict.violations)
        )
        print(
            f"{name}: left in {folder}, with CRASH_SEED={outcome.task.seed}",
            file=sys.stderr,
        )
    print(outcome, flush=True)


def run() -> int:
    todo = list(tasks())
    need_everything()
    parent = BUILD / "crash"
    parent.mkdir(parents=True, exist_ok=True)
    outcomes = []
    kafka = Path(tempfile.mkdtemp(dir=parent, prefix="kafka-"))
    try:
        with Clusters(kafka) as clusters:
            for task in todo:
                prefix = f"{task.scenario.name}-"
                folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
                outcome = play(task, folder, clusters)
                outcomes.append(outcome)
                report(outcome, folder)
                if outcome.is_good and not os.environ.get("BRIDGE_KEEP"):
                    shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(kafka, ignore_errors=True)
    return summed_up(outcomes)


def summed_up(outcomes: list[Outcome]) -> int:
    failed = sum(not outcome.is_good for outcome in outcomes)
    taken = sum(outcome.verdict.answers.get(200, 0) for outcome in outcomes)
    lost = sum(outcome.verdict.rules()["lost"] for outcome in outcomes)
    print(
        f"crash: {len(outcomes) - failed} passed, {failed} failed; "
        f"{sum(outcome.faults for outcome in outcomes)} faults, "
        f"{taken} answered 200, {lost} lost"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_to_end("crash", run, KafkaFailed))
