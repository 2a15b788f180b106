"""What the clients tell, and what is made of it."""

import json
import random
from collections import Counter

import pytest
from measure.load import Load, LoadFailed, parse, quantile, uncorrected


def as_wrk_does(latency: Counter[int], expected: int) -> Counter[int]:
    """stats_correct() of wrk 4.1.0, told from its effect."""
    counts = Counter(latency)
    for value in range(expected * 2, max(latency) + 1):
        added = value - expected
        while counts[value] and added > expected:
            counts[added] += counts[value]
            added -= expected
    return +counts


@pytest.mark.parametrize("seed", range(20))
def test_the_correction_is_taken_back(seed):
    chance = random.Random(seed)
    seen = Counter(
        int(chance.lognormvariate(6, 1.2)) + 1
        for _ in range(chance.randrange(1, 3000))
    )
    expected = chance.randrange(1, 2 * max(seen))
    corrected = as_wrk_does(seen, expected)
    assert uncorrected(corrected, expected) == seen


def test_nothing_was_corrected():
    assert uncorrected({5: 2, 19: 1}, 10) == {5: 2, 19: 1}


def test_another_correction_is_noticed():
    with pytest.raises(LoadFailed, match="not corrected as expected"):
        uncorrected({10: 1, 50: 1}, 10)


@pytest.mark.parametrize(
    ("share", "value"), [(0.01, 1), (0.5, 2), (0.51, 3), (0.99, 9), (1, 9)]
)
def test_quantile(share, value):
    assert quantile({9: 2, 1: 1, 2: 4, 3: 3}, share) == value


def test_quantile_of_none():
    assert quantile({}, 0.5) == 0


def told(**more) -> str:
    counts = {
        "answers": 10,
        "duration_us": 2_000_000,
        "refused": 0,
        "socket_errors": 0,
        "timeouts": 0,
        "latency": [[1000, 9], [5000, 1]],
    }
    return json.dumps({**counts, **more})


def test_wrk():
    seen = parse(told(refused=3, socket_errors=2), 4, 0.5)
    assert (seen.answers, seen.refused, seen.taken) == (10, 3, 7)
    assert (seen.socket_errors, seen.seconds) == (2, 2.0)
    assert (seen.p50_ms, seen.p99_ms, seen.max_ms) == (1.0, 5.0, 5.0)
    assert seen.client_cpu_s == 0.5


def test_wrk_corrected():
    # 10 answers of 5 connections in 4 ms: 2 ms expected
    pairs = [[1000, 9], [3000, 1], [5000, 1], [7000, 1]]
    text = told(duration_us=4000, latency=pairs)
    assert parse(text, 5, 0).max_ms == 7.0
    assert parse(text, 5, 0).p50_ms == 1.0


def test_wrk_has_no_latency_of_late_answers():
    seen = parse(told(answers=12, timeouts=2), 4, 0)
    assert (seen.answers, seen.timeouts, seen.max_ms) == (12, 2, 5.0)


def test_paced():
    pairs = [[1000, 1]] * 9 + [[5000, 1]]
    late = [[50, 1]] * 10
    # what was never answered is no answer
    seen = parse(told(latency=pairs, lateness=late, timeouts=2), 0, 0)
    assert (seen.answers, seen.timeouts) == (10, 2)
    assert (seen.p50_ms, seen.p99_ms, seen.late_p99_ms) == (1.0, 5.0, 0.05)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "cannot read"),
        ("[]", "cannot read"),
        ("{}", "cannot read"),
        (told(latency=5), "cannot read"),
        (told(answers=0, latency=[]), "not one request"),
        (told(answers=11), "10 latencies of 11 answers"),
        (told(timeouts=1), "10 latencies of 9 answers"),
    ],
)
def test_strange(text, complaint):
    with pytest.raises(LoadFailed, match=complaint):
        parse(text, 4, 0)


@pytest.mark.parametrize(
    ("load", "text", "key", "left"),
    [
        (Load(16), "16", "16", 16),
        (Load(64, fresh=True), "64, new each", "new-64", 64),
        (Load(16, rate=1000), "1,000/s", "rate-1000", 0),
        (Load(64, away=True), "64, no Kafka", "away-64", 64),
    ],
)
def test_names(load, text, key, left):
    assert (str(load), load.key, load.left_behind) == (text, key, left)
