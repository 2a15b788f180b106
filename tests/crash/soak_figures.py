"""What a soak's samples and its journal say; soak.py is where they come from.

All times are nanoseconds of the monotonic clock, as the journal has them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checker import Verdict
from journal import Journal

RATIO = 5.0  # drained a second against incoming
RSS_MIB = 128.0


class Unclear(Exception):
    """The samples do not show what was looked for."""


@dataclass(frozen=True)
class Sample:
    """The bridge at a moment; what counts up does so since its start."""

    at: int
    records: int  # in the spool
    bytes: int
    appended: int
    drained: int
    commits: int
    rss_mib: float
    peak_mib: float  # the most RSS ever
    cpu_s: float  # of the bridge
    own_cpu_s: float  # of the recorder and all else in its process


@dataclass(frozen=True)
class Span:
    begin: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.begin) / 1e9

    def has(self, at: int) -> bool:
        return self.begin <= at < self.end

    def cut(self, samples: Iterable[Sample]) -> list[Sample]:
        return [sample for sample in samples if self.has(sample.at)]


@dataclass(frozen=True)
class Drain:
    """From the first record that left the spool to none in it."""

    span: Span
    gone: int  # records that left: what was there and what has come
    incoming: int  # events that were answered 200 meanwhile

    @property
    def rate(self) -> float:
        return self.gone / self.span.seconds

    @property
    def incoming_rate(self) -> float:
        return self.incoming / self.span.seconds

    @property
    def ratio(self) -> float:
        return self.gone / self.incoming if self.incoming else math.inf


def drain_of(
    samples: Sequence[Sample], journal: Journal, broker_back: int
) -> Drain:
    """The first record may have left right behind the last sample that had
    none gone, so the drain begins there: it is never told too fast."""
    before = [sample for sample in samples if sample.at <= broker_back]
    if not before:
        raise Unclear("no sample is from before the broker's return")
    at_rest = before[-1].drained
    begin = end = None
    for one, two in pairwise([before[-1], *samples[len(before) :]]):
        if begin is None and two.drained > at_rest:
            begin = one
        if begin is not None and two.records == 0:
            end = two
            break
    if begin is None or end is None:
        raise Unclear("the samples do not show a drain to its end")
    span = Span(begin.at, end.at)
    return Drain(span, end.drained - begin.drained, taken_in(journal, span))


def taken_in(journal: Journal, span: Span) -> int:
    """Events that had their 200 in it."""
    return sum(
        event.taken_ns is not None and span.has(event.taken_ns)
        for event in journal.events.values()
    )


# ---- how long answers took --------------------------------------------------


@dataclass(frozen=True)
class Latency:
    """Of the 200s to events that were sent in a span."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    def __str__(self) -> str:
        return f"{self.p50_ms:.1f} / {self.p99_ms:.1f} / {self.max_ms:.1f} ms"


def latency_in(journal: Journal, span: Span) -> Latency:
    took = sorted(
        attempt.answered_ns - attempt.sent_ns
        for event in journal.events.values()
        for attempt in event.attempts
        if attempt.status == 200
        and attempt.answered_ns is not None
        and span.has(attempt.sent_ns)
    )

    def quantile(share: float) -> float:
        if not took:
            return math.nan
        return took[max(0, math.ceil(share * len(took)) - 1)] / 1e6

    return Latency(len(took), quantile(0.5), quantile(0.99), quantile(1))


def commits_per_record(samples: Sequence[Sample]) -> float:
    """Of the spool, from the first sample to the last."""
    appended = samples[-1].appended - samples[0].appended
    if appended == 0:
        raise Unclear("nothing was appended to the spool")
    return (samples[-1].commits - samples[0].commits) / appended


# ---- what must not be, whatever the machine ---------------------------------


def complaints(verdict: Verdict) -> list[str]:
    wrong = [str(violation) for violation in verdict.violations]
    for status, count in sorted(verdict.answers.items()):
        if status != 200:
            wrong.append(
                f"{count} answered {status}"
                if status
                else f"{count} not answered"
            )
    return wrong


def totals(verdict: Verdict, is_good: bool) -> str:
    rules, answers = verdict.rules(), verdict.answers
    return (
        f"soak: {'passed' if is_good else 'FAILED'}; sent {verdict.sent}, "
        f"200s {answers.get(200, 0)}, 503s {answers.get(503, 0)}, "
        f"unanswered {answers.get(0, 0)}, records {verdict.records}, "
        f"lost {rules['lost']}, out of order {rules['order']}, "
        f"repeated {verdict.repeated}, of these unexplained "
        f"{rules['duplicate']}, marked {verdict.marked}"
    )


# ---- the table --------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    wanted: str = ""
    met: bool | None = None  # None: nothing is wanted

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "missed"}[self.met]


def table(rows: Sequence[Row]) -> str:
    """With even columns, as Markdown."""
    lines = [
        ("after the outage", "measured", "wanted", ""),
        *((r.what, r.measured, r.wanted, r.verdict) for r in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        what, *rest = cells
        first, *others = widths
        told = [what.ljust(first)]
        told += [c.rjust(w) for c, w in zip(rest, others, strict=True)]
        return f"| {' | '.join(told)} |"

    rule = [f"{'-' * widths[0]}", *(f"{'-' * (w - 1)}:" for w in widths[1:])]
    return "\n".join([line(lines[0]), line(rule), *map(line, lines[1:])])
