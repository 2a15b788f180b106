"""Whether the counts are right, and what rounds say together."""

import json

import pytest
from measure.cells import Results
from measure.goals import goals
from measure.load import Load
from measure.programs import BARE, FASTAPI, NO_SPOOL, OURS
from measure.syncs import Syncs
from samples import AWAY, FRESH, PACED, cell, outage, results


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"extra": 64},  # wrk stops with requests on their way
        {"extra": 64, "load": FRESH},
        {"extra": 66, "socket_errors": 2},
        {"extra": 67, "refused": 3},  # a 503 may be in Kafka
        {"extra": 2, "load": PACED, "timeouts": 2},
        {"extra": -1000, "contender": BARE},
        {"strays": 3, "contender": BARE},
        # what came before and just after Kafka went away counts, too
        {"load": AWAY},
        {"load": AWAY, "extra": 3 * 64},
    ],
)
def test_right(right):
    assert cell(**right).complaint() is None


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"extra": -1}, "LOSS: 1 of 1000 events"),
        ({"extra": -1, "refused": 5}, "LOSS: 1 of 995 events"),
        ({"extra": -1, "load": PACED}, "aurix-bridge, 1,000/s, round 1: LOSS"),
        ({"extra": 65}, "TOO MANY: 65 records"),
        ({"extra": 1, "load": PACED}, "TOO MANY: 1 records"),
        ({"strays": 2}, "ASTRAY: 2 valid events"),
        (
            {"load": AWAY, "extra": -1},
            "64, no Kafka, round 1: LOSS: 1 of 3100 events",
        ),
        ({"load": AWAY, "extra": 3 * 64 + 1}, "and 192 could be explained"),
    ],
)
def test_wrong(wrong, complaint):
    made = cell(**wrong)
    assert complaint in made.complaint()
    assert Results([cell(), made]).complaints() == [made.complaint()]


def test_an_event():
    made = cell(answers=2000, seconds=4.0, cpu_s=0.05)
    assert made.rate == 500
    assert made.cpu_us == pytest.approx(25)


def test_medians():
    found = results()
    rate = found.median(Load(64), OURS.key, lambda c: c.rate)
    assert rate == 25_000
    assert found.median(Load(99), OURS.key, lambda c: c.rate) is None


def test_ratios_are_those_of_rounds():
    cells = []
    for number, (ours, theirs) in enumerate([(10, 1), (100, 50), (9, 3)], 1):
        cells.append(cell(OURS, number=number, answers=ours))
        cells.append(cell(FASTAPI, number=number, answers=theirs))
    ratio = Results(cells).ratio(
        Load(64), OURS.key, FASTAPI.key, lambda c: c.rate
    )
    assert ratio == 3  # not 10 / 3


def test_goals():
    found = {goal.what: goal for goal in goals(results())}
    kafka = found["events/s against FastAPI + Kafka, 64 connections"]
    assert (kafka.wanted, kafka.measured) == ("≥ 4 ×", "5.00 ×")
    assert kafka.met
    tutorial = found["events/s against the tutorial's listener, 64 connections"]
    assert not tutorial.met
    assert found["p99 at 1,000/s"].measured == "4.00 ms"
    assert found["RSS, whatever the load"].met
    # of what was not measured nothing is said
    assert not any("256" in what or "rust" in what for what in found)


def test_limits_are_not_met_by_reaching_them():
    made = Results([cell(load=PACED, p50_ms=1.5, p99_ms=5.0, rss_mib=48)])
    assert [goal.met for goal in goals(made)] == [False, False, False]


def goals_by_name(cells):
    return {goal.what.partition(",")[0]: goal for goal in goals(Results(cells))}


@pytest.mark.parametrize(
    ("with_spool", "without", "wanted", "measured", "met"),
    [
        # the rounds are 4% apart
        ([98, 100, 102], [100, 101, 103], "≥ 0.96 ×", "0.99 ×", True),
        ([94, 95, 96], [100, 101, 103], "≥ 0.97 ×", "0.94 ×", False),
        # a machine that is as restless cannot excuse everything
        ([60, 80, 100], [100, 100, 100], "≥ 0.9 ×", "0.80 ×", False),
    ],
)
def test_what_the_spool_costs(with_spool, without, wanted, measured, met):
    cells = []
    for number, (one, two) in enumerate(zip(with_spool, without, strict=True)):
        cells.append(cell(OURS, number=number, answers=one))
        cells.append(cell(NO_SPOOL, number=number, answers=two))
    goal = goals_by_name(cells)["events/s with a spool against without"]
    assert (goal.wanted, goal.measured, goal.met) == (wanted, measured, met)


def test_goals_without_kafka():
    found = goals_by_name([cell(load=AWAY, rss_mib=60)])
    there = found["events/s against those with Kafka"]
    assert (there.wanted, there.measured, there.met) == (
        "≥ 0.5 ×",
        "0.50 ×",
        True,
    )
    syncs = found["fsyncs an event"]
    assert (syncs.wanted, syncs.measured, syncs.met) == ("≤ 0.1", "0.05", True)
    p99 = found["p99"]
    assert (p99.wanted, p99.measured, p99.met) == ("≤ 9 ms", "4 ms", True)
    rss = found["RSS"]  # not the one for when Kafka is there
    assert (rss.wanted, rss.met) == ("< 128 MiB", True)
    assert len(found) == 4


def test_goals_without_kafka_that_are_missed():
    slow = outage(before=2001, syncs=Syncs(101, 0.1, 0.2))
    made = cell(load=AWAY, aside=slow, p99_ms=5.5, rss_mib=128)
    assert [g.met for g in goals(Results([made]))] == [False] * 4


def test_json():
    told = cell(extra=3).as_json()
    assert json.loads(json.dumps(told)) == told
    assert (told["program"], told["load"], told["extra"]) == ("bridge", "64", 3)
    assert cell(BARE).as_json()["extra"] is None
    told = cell(load=AWAY).as_json()
    assert json.loads(json.dumps(told)) == told
    assert (told["load"], told["outage"]["syncs"]["p99_ms"]) == ("away-64", 2)
