"""Contests of validators: runners, verdicts, tables."""

import json
import sys
from pathlib import Path

import pytest
from measure import contest_report
from measure.contest import (
    INVALID,
    PARSED,
    VALID,
    Contest,
    Entrant,
    Results,
    Subject,
    Timing,
    differences,
)

OURS = Entrant("ours", "aurix-bridge")
OTHER = Entrant("other", "another")
ABSENT = Entrant("rust", "one more", missing="no cargo")
SUBJECT = Subject("click", (), (Path("valid/click.json"),), (Path("no/b"),))
MACHINE = dict.fromkeys(("cpu", "cores", "memory", "kernel", "system"), "x")
TIMING = Timing(3, 100, 0)

# Says of documents what their names say, and takes a nanosecond for each.
RUNNER = """
import sys
documents = sys.argv[sys.argv.index("--") + 1:]
for line in sys.stdin:
    match line.split():
        case ["version"]: print("1.2.3")
        case ["verdicts"]: print("".join(str(int("/valid/" in d or LIES))
                                         for d in documents))
        case ["allocations", *_]: print(0)
        case ["load", folder]: print(1.5)
        case [_, first, count, ms]:
            print(len(documents[int(first):][:int(count)]))
    sys.stdout.flush()
"""


def results(theirs: float = 200.0) -> Results:
    found = Results([SUBJECT], [OURS, OTHER, ABSENT])
    for kind in (VALID, INVALID, PARSED):
        found.ns["click", "ours", kind] = [100.0, 110.0, 90.0]
        found.ns["click", "other", kind] = [theirs] * 3
    found.click_ns, found.click_allocations = [250.0, 310.0, 260.0], 0
    found.load_ms = 1.0
    return found


def rows(found: Results) -> list[list[str]]:
    return [
        [text.strip() for text in line.strip("|").split("|")]
        for line in contest_report.table(found).splitlines()
    ]


def test_ahead():
    assert rows(results())[2] == [
        "click",
        "100",
        "200 (2.00 ×)",
        "not measured",
        "yes, of those measured",
    ]


def test_behind():
    assert rows(results(50.0))[2][-1] == "no: another"


def test_as_fast_is_not_ahead():
    found = results()
    found.ns["click", "other", VALID] = found.ns["click", "ours", VALID]
    assert rows(found)[2][-1] == "no: another"


def test_wrong_verdicts_have_no_figure():
    found = results()
    found.wrong["click", "other"] = "wrong about b"
    assert rows(found)[2][2] == "wrong"
    text = contest_report.markdown(found, TIMING, MACHINE, "abc", quick=False)
    assert "another has no figure for click: wrong about b." in text


def test_who_is_missing_is_said_loudly():
    text = contest_report.markdown(
        results(), TIMING, MACHINE, "abc", quick=False
    )
    assert "**one more: not measured: no cargo.**" in text


@pytest.mark.parametrize(
    ("change", "unmet"),
    [
        ({}, []),
        ({"click_ns": [301.0]}, ["≤ 300 ns"]),
        ({"click_allocations": 1}, ["0"]),
        ({"load_ms": 20.0}, ["< 20 ms"]),
    ],
)
def test_goals(change, unmet):
    found = results()
    for name, value in change.items():
        setattr(found, name, value)
    told = contest_report.goals(found)
    assert [goal.wanted for goal in told if not goal.met] == unmet


def test_parsing_is_no_goal():
    found = results()
    found.ns["click", "other", PARSED] = [1.0] * 3
    assert all(goal.met for goal in contest_report.goals(found))


def test_noise_is_told():
    found = results()
    found.foreign = 0.31
    assert "Other processes took 31% of the machine" in contest_report.notes(
        found
    )
    found.foreign = 0.01
    assert "Other" not in contest_report.notes(found)


def test_json():
    told = json.loads(contest_report.as_json(results(), TIMING, MACHINE, "abc"))
    assert told["ns"]["click ours valid"] == [100.0, 110.0, 90.0]


def test_differences():
    assert differences(SUBJECT, "10") == []
    assert differences(SUBJECT, "11") == ["no/b"]
    assert differences(SUBJECT, "1") == ["an answer: '1'"]


# ---- with runners -----------------------------------------------------------


def entrant(key: str, program: str) -> Entrant:
    return Entrant(key, key, (sys.executable, "-c", program))


def contest(folder: Path, *entrants: Entrant) -> Results:
    subject = Subject(
        "click",
        (folder / "schema.json",),
        (folder / "valid" / "click.json", folder / "valid" / "more.json"),
        (folder / "invalid" / "a.json",),
    )
    return Contest([subject], entrants, TIMING, lambda _: None).run()


def test_contest(tmp_path):
    honest = entrant("ours", RUNNER.replace("LIES", "False"))
    liar = entrant("liar", RUNNER.replace("LIES", "True"))
    dead = entrant("dead", "raise SystemExit('no such module')")
    found = contest(tmp_path, honest, liar, dead, ABSENT)
    assert found.ns["click", "ours", VALID] == [2.0] * 3
    assert found.ns["click", "ours", INVALID] == [1.0] * 3
    assert found.click_ns == [1.0] * 3
    assert found.load_ms == 1.5
    assert found.versions["ours"] == "1.2.3"
    assert found.wrong == {
        ("click", "liar"): "wrong about invalid/a.json",
        ("click", "dead"): "wrong about no such module",
    }
