#!/usr/bin/env python3
"""A long outage: does the spool hold, and is it emptied fast enough?

Events come at a steady rate all the time. The broker is killed, stays away,
and comes back with what it had; the bridge is left alone. It ends some
seconds after the spool is empty, and then the checker compares what was sent
with what is in Kafka (checker.py). `make soak` brings what it needs and
starts it.

SOAK_OUTAGE=N   seconds without Kafka; 600
SOAK_RATE=N     events a second; 500
SOAK_STRICT=1   exit status 1, too, if the bridge drains at less than 5 times
                what comes in, or takes 128 MiB or more
SOAK_SEED=N     other events

Prints a table and a line of totals; both, and the samples that were taken,
are in build/soak. What a run that has failed leaves is there, too.

Exit status: 0, whatever the figures; 1 if an event was lost, altered, out of
order, there twice without a mark, or not answered 200; 2 if it could not be
run.
"""

import contextlib
import dataclasses
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import soak_figures as figures
from checker import Verdict
from clusters import Clusters
from crash import SHOWN, need_everything, number
from harness.command import Unusable, run_to_end
from harness.kafka_cluster import KafkaFailed
from harness.processes import tail
from harness.surroundings import BUILD
from journal import Journal, load
from recorder import Manner
from soak_figures import Row, Sample, Span
from stage import Stage

OUT = BUILD / "soak"
SENDERS = 32
KEYS = 200  # of each kind: some five minutes of visitors, at a click each
BEFORE_S = AFTER_S = 5  # so many seconds' worth of answers
LOOKS_S = 0.5  # from sample to sample
LOOKS_DRAINING_S = 0.05
DEADLINE_NS = 1_000_000_000  # whoever was sent so late met the outage
BACK_S = 60.0  # for Kafka to confirm something


class LongStage(Stage):
    reading_s = 600.0


@dataclass(frozen=True)
class Given:
    outage_s: int
    rate: int
    strict: bool
    seed: int


def given() -> Given:
    rate = number("SOAK_RATE", 500)
    outage_s = number("SOAK_OUTAGE", 600)
    if not rate or not outage_s:
        raise Unusable("SOAK_RATE and SOAK_OUTAGE are 1 or more")
    strict = os.environ.get("SOAK_STRICT", "") not in ("", "0")
    return Given(outage_s, rate, strict, number("SOAK_SEED", int(time.time())))


# ---- looking ----------------------------------------------------------------


class Watch:
    """Samples, as long as somebody waits for something."""

    def __init__(self, stage: Stage):
        self.stage = stage
        self.samples: list[Sample] = []

    def look(self) -> Sample:
        bridge = self.stage.bridge
        told = bridge.metrics()
        rss, peak = memory_mib(bridge.process.pid)

        def spool(name: str) -> int:
            return int(told[f"aurix_bridge_spool_{name}"])

        sample = Sample(
            at=time.monotonic_ns(),
            records=spool("records"),
            bytes=spool("bytes"),
            appended=spool("appended_total"),
            drained=spool("drained_total"),
            commits=spool("commits_total"),
            rss_mib=rss,
            peak_mib=peak,
            cpu_s=time.clock_gettime((~bridge.process.pid << 3) | 2),
            own_cpu_s=time.process_time(),
        )
        self.samples.append(sample)
        return sample

    def until(
        self,
        over: Callable[[Sample], bool],
        what: str,
        deadline_s: float,
        pause_s: float = LOOKS_S,
    ) -> Sample:
        """Never without a load: each sample has an answer before it."""
        give_up = time.monotonic() + deadline_s
        while True:
            self.stage.answers(1)
            sample = self.look()
            if over(sample):
                return sample
            if time.monotonic() > give_up:
                raise AssertionError(
                    f"not within {deadline_s:.0f} s: {what}; last {sample}"
                )
            time.sleep(pause_s)

    def answers(self, count: int) -> Sample:
        counts = self.stage.recorder.counts
        goal = counts().total() + count
        return self.until(
            lambda _: counts().total() >= goal, f"{count} answers", 60
        )


def memory_mib(pid: int) -> tuple[float, float]:
    """What it has now, and the most that it ever had."""
    fields = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )

    def mib(name: str) -> float:
        return int(fields[name].split()[0]) / 1024

    return mib("VmRSS"), mib("VmHWM")


# ---- the play ---------------------------------------------------------------


@dataclass(frozen=True)
class Moments:
    begin: int
    killed: int  # the broker
    started: int  # again, from then on
    back: int  # its port is open
    end: int  # the spool has been empty for a while


def play(stage: Stage, watch: Watch, soak: Given) -> Moments:
    # a Kafka that has just started confirms nothing at first
    watch.until(lambda s: s.records == 0, "Kafka confirms", BACK_S)
    begin = time.monotonic_ns()
    watch.answers(BEFORE_S * soak.rate)

    killed = time.monotonic_ns()
    stage.kill_broker()
    over = killed + soak.outage_s * 1_000_000_000
    watch.until(lambda s: s.at >= over, "the outage", soak.outage_s + 60)

    started = time.monotonic_ns()
    at_rest = watch.look()
    say(
        f"Kafka was away for {soak.outage_s} s; the spool has "
        f"{at_rest.records:,} records"
    )
    stage.start_broker()
    back = time.monotonic_ns()
    watch.until(
        lambda s: s.drained > at_rest.drained,
        "a record leaves the spool",
        BACK_S,
        LOOKS_DRAINING_S,
    )
    empty = watch.until(
        lambda s: s.records == 0,
        "the spool is empty",
        # as fast as events come in would be too slow for a verdict
        60 + at_rest.records / soak.rate,
        LOOKS_DRAINING_S,
    )
    say(f"the spool is empty after {(empty.at - back) / 1e9:.1f} s")
    watch.answers(AFTER_S * soak.rate)
    return Moments(begin, killed, started, back, time.monotonic_ns())


# ---- what came of it --------------------------------------------------------


@dataclass
class Found:
    moments: Moments
    samples: list[Sample]
    journal: Journal
    verdict: Verdict
    check_s: float
    rows: list[Row] = dataclasses.field(default_factory=list)
    falls_short: bool = False  # of the ratio, or of the memory


def describe(found: Found, soak: Given) -> None:
    at, samples, journal = found.moments, found.samples, found.journal
    whole = Span(at.begin, at.end)
    away = Span(at.killed, at.started)
    drain = figures.drain_of(samples, journal, at.started)
    full = away.cut(samples)[-1]
    peak = samples[-1].peak_mib
    incoming = figures.taken_in(journal, away) / away.seconds
    own, theirs = (
        (after - before) / whole.seconds
        for before, after in (
            (samples[0].own_cpu_s, samples[-1].own_cpu_s),
            (samples[0].cpu_s, samples[-1].cpu_s),
        )
    )
    ratio_met = drain.ratio >= figures.RATIO
    rss_met = peak < figures.RSS_MIB
    found.falls_short = not (ratio_met and rss_met)

    def latency(begin: int, end: int) -> str:
        return str(figures.latency_in(journal, Span(begin, end)))

    found.rows = [
        Row("seconds without Kafka", f"{away.seconds:.1f}"),
        Row("incoming then", f"{incoming:.0f}/s", f"{soak.rate}/s"),
        Row("spool when Kafka came back, records", f"{full.records:,}"),
        Row("spool when Kafka came back, MiB", f"{full.bytes / 2**20:.1f}"),
        Row(
            "commits for each appended record, away",
            f"{figures.commits_per_record(away.cut(samples)):.2f}",
        ),
        Row(
            "seconds from Kafka's port to the first record gone",
            f"{max(0, drain.span.begin - at.back) / 1e9:.2f}",
        ),
        Row("seconds from then until empty", f"{drain.span.seconds:.2f}"),
        Row(
            "drained against incoming meanwhile",
            f"{drain.rate:,.0f}/s : {drain.incoming_rate:,.0f}/s",
        ),
        Row(
            "that is",
            f"{drain.ratio:.1f} ×",
            f"≥ {figures.RATIO:g} ×",
            ratio_met,
        ),
        Row(
            "RSS, most of all",
            f"{peak:.1f} MiB",
            f"< {figures.RSS_MIB:g} MiB",
            rss_met,
        ),
        Row(
            "RSS before, at the end of the outage, after",
            " / ".join(
                f"{sample.rss_mib:.1f}"
                for sample in (
                    Span(at.begin, at.killed).cut(samples)[-1],
                    full,
                    samples[-1],
                )
            ),
        ),
        Row(
            "p50 / p99 / max of 200s, before",
            latency(at.begin, at.killed - DEADLINE_NS),
        ),
        Row("p50 / p99 / max of 200s, away", latency(at.killed, at.started)),
        Row(
            "p50 / p99 / max of 200s, until empty",
            latency(at.started, drain.span.end),
        ),
        Row("p50 / p99 / max of 200s, after", latency(drain.span.end, at.end)),
        Row("CPU of the bridge, of a core", f"{theirs:.0%}"),
        Row("CPU of the recorder, of a core", f"{own:.0%}"),
        Row("seconds of the check", f"{found.check_s:.0f}"),
        Row(
            "memory of the check",
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f}"
            " MiB",
        ),
    ]


def write(found: Found, said: str) -> None:
    (OUT / "table.md").write_text(said)
    told = {
        "rows": [dataclasses.asdict(row) for row in found.rows],
        "moments": dataclasses.asdict(found.moments),
        "samples": [dataclasses.asdict(s) for s in found.samples],
    }
    (OUT / "results.json").write_text(
        json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    )


# ---- the run ----------------------------------------------------------------


def say(text: str) -> None:
    print(f"soak: {text}", file=sys.stderr, flush=True)


def soaked(soak: Given, folder: Path, clusters: Clusters) -> Found:
    cluster, kafka = clusters.get("one")
    manner = Manner(SENDERS, KEYS, soak.rate, seed=soak.seed)
    stage = LongStage(folder, cluster, kafka, manner, {}, soak.seed)
    try:
        with stage:
            watch = Watch(stage)
            moments = play(stage, watch, soak)
            begin = time.monotonic()
            verdict = stage.finish()
            check_s = time.monotonic() - begin
    except AssertionError as failure:
        log = tail(stage.bridge.stderr_path, 20) if stage.bridge else ""
        raise AssertionError(f"{failure}\nlog of the bridge:\n{log}") from None
    journal = load(folder / "journal")
    return Found(moments, watch.samples, journal, verdict, check_s)


def judged(soak: Given, folder: Path, clusters: Clusters) -> bool:
    found = soaked(soak, folder, clusters)
    wrong = figures.complaints(found.verdict)
    for text in wrong[:SHOWN]:
        say(text)
    if wrong:
        (folder / "violations").write_text("".join(f"{w}\n" for w in wrong))
    try:
        describe(found, soak)
    except figures.Unclear as unclear:
        say(str(unclear))
        wrong.append(str(unclear))
    is_good = not wrong and not (soak.strict and found.falls_short)
    totals = figures.totals(found.verdict, is_good)
    said = f"{figures.table(found.rows)}\n\n{totals}\n"
    write(found, said)
    print(said, end="", flush=True)
    return is_good


def run() -> int:
    soak = given()
    need_everything()
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=OUT, prefix="run-"))
    broker = Path(tempfile.mkdtemp(dir=OUT, prefix="kafka-"))
    is_good = False
    try:
        with Clusters(broker) as clusters:
            is_good = judged(soak, folder, clusters)
    except AssertionError as failure:
        print(f"soak: FAILED: {failure}", file=sys.stderr)
    finally:
        shutil.rmtree(broker, ignore_errors=True)
        if is_good and not os.environ.get("BRIDGE_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                say(f"left in {folder}, with SOAK_SEED={soak.seed}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(run_to_end("soak", run, KafkaFailed))
