"""A few thousand pairs: our verdicts against python3-jsonschema's."""

import os
from pathlib import Path

import differential
import pytest
from pairs import deciding

PAIRS = 5000
SEED = 1


@pytest.fixture(scope="module")
def program():
    return Path(os.environ.get("SCHEMA_VERDICTS", differential.PROGRAM))


@pytest.fixture(scope="module")
def result(program):
    result = differential.run(program, PAIRS, SEED)
    print("\n".join(differential.report(result)))
    return result


def test_no_difference(program, result):
    shown = result.differences[: differential.SHOWN]
    said = [differential.describe(program, each) for each in shown]
    assert not result.differences, "\n".join(said)


def test_all_are_judged(result):
    assert result.verdicts.total() == PAIRS
    assert set(result.verdicts) == {"valid", "invalid"}


def test_both_verdicts_are_frequent(result):
    assert min(result.verdicts.values()) > PAIRS / 4


def test_explanations_are_rare(result):
    assert result.explained.total() < PAIRS / 25


@pytest.mark.parametrize("name", deciding.ALL)
def test_keyword_decides(result, name):
    assert result.decided[name] > PAIRS / 1000
