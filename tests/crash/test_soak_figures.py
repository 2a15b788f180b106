"""What is made of a soak's samples and journal."""

import math

import pytest
from checker import Verdict, Violation
from journal import Journal
from soak_figures import (
    Drain,
    Row,
    Sample,
    Span,
    Unclear,
    commits_per_record,
    complaints,
    drain_of,
    latency_in,
    table,
    taken_in,
    totals,
)

MS = 1_000_000


def sample(at_ms, records=0, appended=0, drained=0, commits=0):
    return Sample(
        at_ms * MS, records, 0, appended, drained, commits, 30, 40, 0, 0
    )


def journal(*answers):
    """Of (sent, answered, status), in milliseconds."""
    told = Journal()
    for number, (sent, answered, status) in enumerate(answers):
        event_id = f"e{number}"
        told.add(["send", event_id, "clicks", "k", number, "x", sent * MS])
        if status is not None:
            told.add(["answer", event_id, status, answered * MS])
    return told


OUTAGE = [
    sample(0),
    sample(100, 40, appended=40),
    sample(200, 90, appended=90),
    # Kafka is back at 250
    sample(300, 100, appended=100),
    sample(400, 70, appended=110, drained=40),
    sample(500, 0, appended=120, drained=120),
    sample(600, 3, appended=123, drained=120),
    sample(700, 0, appended=123, drained=123),
]


def test_a_drain():
    # one every 5 ms
    told = journal(*((at, at + 1, 200) for at in range(0, 700, 5)))
    drain = drain_of(OUTAGE, told, 250 * MS)
    assert (drain.span.begin, drain.span.end) == (300 * MS, 500 * MS)
    assert (drain.gone, drain.incoming) == (120, 40)
    assert drain.rate == pytest.approx(600)
    assert drain.incoming_rate == pytest.approx(200)
    assert drain.ratio == pytest.approx(3)


def test_a_drain_that_no_sample_has_seen_on_its_way():
    drain = drain_of([*OUTAGE[:3], OUTAGE[5]], journal(), 250 * MS)
    assert (drain.span.begin, drain.span.end) == (200 * MS, 500 * MS)
    assert drain.gone == 120


def test_a_drain_while_nothing_comes():
    drain = Drain(Span(0, 1000), 5, 0)
    assert drain.ratio == math.inf


@pytest.mark.parametrize(
    ("samples", "complaint"),
    [
        (OUTAGE[3:], "before the broker's return"),
        (OUTAGE[:4], "do not show a drain"),
        (OUTAGE[:5], "do not show a drain"),
        # gone, but not into Kafka
        ([*OUTAGE[:3], sample(300)], "do not show a drain"),
    ],
)
def test_no_drain(samples, complaint):
    with pytest.raises(Unclear, match=complaint):
        drain_of(samples, journal(), 250 * MS)


def test_latency():
    told = journal(
        *((10, 10 + took, 200) for took in range(1, 101)),
        (9, 900, 200),  # sent before
        (20, 900, 200),  # and behind
        (10, 900, 503),
        (10, 900, "reset"),
        (10, None, None),
    )
    seen = latency_in(told, Span(10 * MS, 20 * MS))
    assert seen.count == 100
    assert (seen.p50_ms, seen.p99_ms, seen.max_ms) == (50, 99, 100)
    assert str(seen) == "50.0 / 99.0 / 100.0 ms"


def test_latency_of_nothing():
    seen = latency_in(journal(), Span(0, 1))
    assert seen.count == 0
    assert math.isnan(seen.p99_ms)


def test_taken():
    told = journal((1, 5, 200), (1, 9, 200), (1, 10, 200), (1, 6, 503))
    assert taken_in(told, Span(5 * MS, 10 * MS)) == 2


def test_commits():
    samples = [
        sample(0, appended=100, commits=100),
        sample(1, appended=500, commits=120),
    ]
    assert commits_per_record(samples) == pytest.approx(0.05)
    with pytest.raises(Unclear, match="nothing was appended"):
        commits_per_record(samples[:1])


def test_nothing_to_complain_of():
    verdict = Verdict(sent=3, answers={200: 3}, records=3)
    assert complaints(verdict) == []
    assert totals(verdict, True) == (
        "soak: passed; sent 3, 200s 3, 503s 0, unanswered 0, records 3, "
        "lost 0, out of order 0, repeated 0, of these unexplained 0, marked 0"
    )


def test_every_other_answer_is_complained_of():
    verdict = Verdict(
        sent=5,
        answers={0: 1, 200: 2, 503: 2},
        violations=[Violation("lost", "A")],
    )
    assert complaints(verdict) == [
        "lost: A",
        "1 not answered",
        "2 answered 503",
    ]
    text = totals(verdict, False)
    assert text.startswith("soak: FAILED; sent 5, 200s 2, 503s 2, unanswered 1")
    assert "lost 1," in text


def test_table():
    lines = table(
        [
            Row("a", "1"),
            Row("much longer", "2 ×", "≥ 1 ×", True),
            Row("c", "3", "< 3", False),
        ]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines]
    assert cells[2:] == [
        ["a", "1", "", ""],
        ["much longer", "2 ×", "≥ 1 ×", "met"],
        ["c", "3", "< 3", "missed"],
    ]
