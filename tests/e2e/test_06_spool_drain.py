"""`spool drain`: what the spool of a bridge that is gone has gets to Kafka, as
that bridge would have sent it."""

import signal
import subprocess
from pathlib import Path

import pytest
from harness.events import click, correlated, sign
from harness.kafka_client import Kafka, Topics
from harness.load import check_duplicates
from harness.processes import spawn
from harness.programs import (
    assert_no_findings,
    clean_environment,
    need_program,
    said,
)
from harness.spools import drain, drain_arguments, export, fill
from harness.surroundings import DEADLINE, PROGRAM
from harness.waiting import wait_for


def start_drain(
    spool: Path, kafka: str, topics: Topics, err: Path, *options: str
) -> subprocess.Popen:
    need_program()
    return spawn(
        [str(PROGRAM), *drain_arguments(spool, kafka, topics, *options)],
        stdout=err.with_suffix(".out"),
        stderr=err,
        env=clean_environment(),
    )


def end_of(draining: subprocess.Popen, err: Path) -> int:
    """Its exit status."""
    status = draining.wait(DEADLINE)
    assert_no_findings(err.read_text())
    return status


def test_drain(left, topics, kafka, nowhere):
    bodies = [*(click("K-1", n=n) for n in range(20)), correlated("K-1")]
    spool = left(bodies)
    status, out, err = drain(spool, nowhere, topics, "--timeout", "1")
    assert (status, out) == (1, "21 records waited, 21 wait still\n")
    assert "nothing got to Kafka for 1 s: " in err

    assert drain(spool, kafka.bootstrap, topics) == (
        0,
        "21 records waited, 0 wait still\n",
        "",
    )
    assert kafka.values(topics.clicks, topics.leads) == bodies
    records = kafka.read_topic(topics.clicks)
    assert {record.key for record in records} == {b"K-1"}
    assert all(
        dict(record.headers)["ce_type"] == b"widget.click" for record in records
    )
    # nothing is left to be sent, or to be looked at
    assert drain(spool, kafka.bootstrap, topics)[:2] == (0, "nothing waited\n")
    assert export(spool) == []
    assert len(kafka.read_topic(topics.clicks)) == 20


# ---- what Kafka refuses ------------------------------------------------------

# Of a topic. Not less than what travels together: a batch that is larger is
# refused with all that is in it.
SMALL = {"max.message.bytes": "140000"}
LARGE = click("K-1", pad="x" * 150_000)
OTHERS = [click("K-1", n=0), click("K-1", n=1), correlated("K-1")]


@pytest.fixture
def left_large(left):
    """left_large(topics) -> the spool with LARGE and, around it, OTHERS."""

    def make(topics: Topics) -> Path:
        bodies = [OTHERS[0], LARGE, *OTHERS[1:]]
        return left(bodies, topics, settings={"http.max_body_bytes": 200_000})

    return make


def test_too_large_for_its_topic(left_large, kafka):
    topics = Topics()
    kafka.create_topics([topics.clicks, topics.leads], settings=SMALL)
    kafka.create_topics([topics.dead])
    spool = left_large(topics)
    status, out, err = drain(spool, kafka.bootstrap, topics)
    assert (status, err) == (0, "")
    assert out.startswith("4 records waited, 0 wait still\n1 were refused by ")
    assert f"dead letters for '{topics.dead}'" in out
    assert kafka.values(topics.clicks, topics.leads) == OTHERS
    (dead,) = kafka.read_topic(topics.dead)
    assert (dead.key, dead.value) == (b"K-1", LARGE)
    assert dead.header("x-hub-signature") == sign(LARGE)
    assert dead.header("bridge-dead-kind") == "refused"
    assert export(spool) == []


def test_too_large_for_a_dead_letter(left_large, kafka):
    """It is not lost, and does not hold up the others."""
    topics = Topics()
    kafka.create_topics(topics.all, settings=SMALL)
    spool = left_large(topics)
    status, out, _ = drain(spool, kafka.bootstrap, topics)
    assert status == 1
    assert out.startswith("4 records waited, 0 wait still\n")
    assert "\n1 are aside: see " in out
    assert kafka.values(topics.clicks, topics.leads) == OTHERS
    assert kafka.values(topics.dead) == []

    status, out, _ = said("spool", "list", str(spool))
    assert status == 0
    assert "1 aside: 0 damaged, 1 refused by Kafka\n" in out
    status, shown, _ = said("spool", "show", str(spool))
    assert status == 0
    (line,) = shown.splitlines()
    assert f"  K-1  {len(LARGE)}  widget.click  " in line
    assert line.endswith("  aside: refused")
    (aside,) = export(spool)
    assert (aside["key"], aside["value"].encode()) == ("K-1", LARGE)
    assert aside["aside"]["reason"] == "refused"
    headers = {header["name"]: header["value"] for header in aside["headers"]}
    assert headers["x-hub-signature"] == sign(LARGE)

    # once more does not help, and says so
    status, out, _ = drain(spool, kafka.bootstrap, topics)
    assert status == 1
    assert out.startswith("nothing waited\n1 are aside: see ")
    assert export(spool) == [aside]


def test_without_a_topic_for_dead_letters(left_large, kafka, tmp_path):
    """What would be one waits for it; the others do not."""
    topics = Topics()
    kafka.create_topics([topics.clicks, topics.leads], settings=SMALL)
    spool = left_large(topics)
    err = tmp_path / "stderr"
    draining = start_drain(
        spool, kafka.bootstrap, topics, err, "--timeout", "0"
    )
    wait_for(
        lambda: kafka.values(topics.clicks, topics.leads) == OTHERS,
        "the others get to Kafka",
    )
    assert draining.poll() is None
    kafka.create_topics([topics.dead])
    assert end_of(draining, err) == 0, err.read_text()
    assert kafka.values(topics.dead) == [LARGE]


# ---- while it runs -----------------------------------------------------------


def numbers(kafka: Kafka, topics: Topics) -> list[int]:
    """The first of each, in order."""
    read = [int(value) for value in kafka.values(topics.clicks)]
    return list(dict.fromkeys(read))


def is_busy(spool: Path) -> bool:
    status, _, err = said("spool", "list", str(spool))
    return status == 1 and "has it" in err


def test_drain_waits_for_kafka(own_cluster, tmp_path):
    cluster, away = own_cluster()
    topics = away.new_topics()
    spool = tmp_path / "spool"
    fill(spool, topics.clicks, keys=1, count=100)
    cluster.kill()
    err = tmp_path / "stderr"
    draining = start_drain(spool, away.bootstrap, topics, err, "--timeout", "0")
    wait_for(lambda: is_busy(spool), "it has the spool")
    cluster.restart()
    assert end_of(draining, err) == 0, err.read_text()
    assert numbers(away, topics) == list(range(100))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_drain_is_stopped(left, topics, kafka, nowhere, tmp_path, number):
    spool = left([click("K-1", n=n) for n in range(5)])
    err = tmp_path / "stderr"
    draining = start_drain(spool, nowhere, topics, err, "--timeout", "0")
    wait_for(lambda: is_busy(spool), "it has the spool")
    draining.send_signal(number)
    assert end_of(draining, err) == 1
    assert err.with_suffix(".out").read_text() == (
        "5 records waited, 5 wait still\n"
    )
    assert drain(spool, kafka.bootstrap, topics)[0] == 0
    assert len(kafka.read_topic(topics.clicks)) == 5


def kill_midway(draining: subprocess.Popen, kafka: Kafka, topic: str) -> None:
    """Once something more has got to Kafka, unless it was faster."""
    before = kafka.count(topic)
    wait_for(
        lambda: kafka.count(topic) > before or draining.poll() is not None,
        "something gets to Kafka",
    )
    draining.kill()
    draining.wait()


def test_drain_is_killed(topics, kafka, tmp_path):
    spool = tmp_path / "spool"
    fill(spool, topics.clicks, keys=1, count=5000)
    err = tmp_path / "stderr"
    for _ in range(3):
        slow = ("--set", "producer.batch.num.messages=10")
        draining = start_drain(spool, kafka.bootstrap, topics, err, *slow)
        kill_midway(draining, kafka, topics.clicks)
        assert said("spool", "list", str(spool))[0] == 0
    status, out, _ = drain(spool, kafka.bootstrap, topics)
    assert status == 0, out
    assert numbers(kafka, topics) == list(range(5000))
    check_duplicates(kafka.read_topic(topics.clicks))
