"""Whether the counts are right, and what rounds say together."""

import json

import pytest
from measure.cells import Results
from measure.goals import goals
from measure.load import Load
from measure.programs import BARE, FASTAPI, OURS
from samples import FRESH, PACED, cell, results


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


def test_json():
    told = cell(extra=3).as_json()
    assert json.loads(json.dumps(told)) == told
    assert (told["program"], told["load"], told["extra"]) == ("bridge", "64", 3)
    assert cell(BARE).as_json()["extra"] is None
