"""`consume`: a group member with the sink stdout, against a real Kafka.

Records are produced with a client that is not librdkafka, so that these
tests say nothing about `serve`.
"""

import base64
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from harness import web
from harness.events import click, correlated, new_key
from harness.kafka_client import Kafka, Topics
from harness.programs import (
    Consume,
    Fleet,
    clean_environment,
    run_command,
    settings_file,
    topic_settings,
)
from harness.surroundings import DEADLINE, PROGRAM
from harness.waiting import wait_for

QUICK = {
    "consumer.statistics.interval.ms": 200,
    "consumer.auto.commit.interval.ms": 100,
    "consumer.heartbeat.interval.ms": 300,
    # the least that a broker takes: what a killed member's group waits out
    "consumer.session.timeout.ms": 6000,
}
PIPE_FULL = 60000  # a pipe holds 64 KiB, and writes are of up to 4 KiB
STUCK = 80  # of 2 KiB: more than a pipe holds, less than the sink gathers

BODIES = {"clicks": click, "leads": correlated}


def topic_of(topics: Topics, kind: str) -> str:
    return {"clicks": topics.clicks, "leads": topics.leads}[kind]


def group_of(topics: Topics, kind: str) -> str:
    return f"{topics.prefix}.{kind}-group"


def produce(kafka: Kafka, topics: Topics, kind: str, count: int) -> set[str]:
    """Events with different keys; returns their identities."""
    made = set()
    for _ in range(count):
        key = new_key()
        identity = f"evt.{key}"
        kafka.produce(
            topic_of(topics, kind),
            BODIES[kind](key),
            key.encode(),
            [("ce_id", identity.encode())],
        )
        made.add(identity)
    return made


def identities(lines: list[dict]) -> set[str]:
    return {line["ce_id"] for line in lines}


def test_a_line_says_all(kafka, topics, consumer):
    body = click("Abc-1")
    kafka.produce(
        topics.clicks, body, b"Abc-1", [("ce_id", b"evt_1.0123")], partition=2
    )
    program = consumer("clicks")
    assert program.wait_lines(1) == [
        {
            "event": json.loads(body),
            "key": "Abc-1",
            "topic": topics.clicks,
            "partition": 2,
            "offset": 0,
            "ce_id": "evt_1.0123",
        }
    ]
    assert program.stop() == 0
    # byte for byte: what was signed can be verified once more
    assert b'{"event":' + body + b"," in program.stdout_path.read_bytes()


def test_records_of_any_shape_halt_nobody(kafka, topics, consumer):
    values = [
        b"",
        None,
        b"\x00\xff\n",
        b"[1,\n 2]",
        b"{" * 5000,
        b'{"a":1}{"a":2}',
        "é".encode("latin-1"),
        b'"' + b"x" * 400_000 + b'"',
    ]
    for value in values:
        kafka.produce(topics.clicks, value, b"\xff\xfe", partition=0)
    kafka.produce(topics.clicks, b"true", None, partition=0)
    lines = consumer("clicks").wait_lines(len(values) + 1)
    assert [line["offset"] for line in lines] == list(range(len(values) + 1))
    for value, line in zip(values, lines[:-1], strict=True):
        assert base64.b64decode(line["key_raw"]) == b"\xff\xfe"
        if "event" in line:
            assert line["event"] == json.loads(value)
        elif value is None:
            assert line["raw"] is None
        else:
            assert base64.b64decode(line["raw"]) == value
    assert [n for n, line in enumerate(lines) if "event" in line] == [3, 7, 8]
    assert lines[-1]["event"] is True
    assert lines[-1]["key"] is None


@pytest.mark.parametrize(
    ("stopped", "running"), [("clicks", "leads"), ("leads", "clicks")]
)
def test_each_consumer_alone(kafka, topics, consumer, stopped, running):
    """One keeps going while the other is away; that one misses nothing."""
    away = consumer(stopped, settings=QUICK)
    there = consumer(running, settings=QUICK)
    first = produce(kafka, topics, stopped, 5)
    assert identities(away.wait_lines(5)) == first
    assert away.stop() == 0

    missed = produce(kafka, topics, stopped, 5)
    for count in (5, 10):
        produce(kafka, topics, running, 5)
        assert len(there.wait_lines(count)) == count
    assert len(away.lines()) == 5

    away.restart()
    assert identities(away.wait_lines(10)) == first | missed
    assert len(away.lines()) == 10
    assert len(there.lines()) == 10


def owned(kafka: Kafka, topics: Topics) -> list[set[tuple[str, int]]]:
    """What each member of the clicks group owns."""
    members = kafka.group_members(group_of(topics, "clicks"))
    return list(members.values())


def test_members_share_partitions(kafka, topics, consumer):
    members = [consumer("clicks"), consumer("clicks")]

    def shared() -> bool:
        parts = owned(kafka, topics)
        return len(parts) == 2 and sorted(map(len, parts)) == [1, 2]

    wait_for(shared, "two members share three partitions")
    made = produce(kafka, topics, "clicks", 60)

    def all_there() -> bool:
        return sum(len(m.lines()) for m in members) >= 60

    wait_for(all_there, "60 lines from both")
    lines = [m.lines() for m in members]
    assert identities(lines[0] + lines[1]) == made
    assert len(lines[0]) + len(lines[1]) == 60  # each by one of them
    parts = [{line["partition"] for line in of_one} for of_one in lines]
    assert parts[0].isdisjoint(parts[1])
    assert parts[0] | parts[1] == {0, 1, 2}
    assert sum(
        m.metric("aurix_bridge_consumer_assigned_partitions") for m in members
    ) == pytest.approx(3)


def test_a_handover_commits_what_was_printed(kafka, topics, consumer):
    """Also when the background commit would not come for an hour: whoever
    takes a partition over begins behind the last line of its last owner."""
    rarely = {
        "consumer.auto.commit.interval.ms": 3600000,
        "consumer.heartbeat.interval.ms": 300,
    }
    members = [consumer("clicks", settings=rarely)]
    made = produce(kafka, topics, "clicks", 60)
    wait_for(lambda: len(members[0].lines()) == 60, "60 lines")
    members.append(consumer("clicks", settings=rarely))
    wait_for(
        lambda: sorted(map(len, owned(kafka, topics))) == [1, 2],
        "both own partitions",
    )
    made |= produce(kafka, topics, "clicks", 60)
    wait_for(lambda: sum(len(m.lines()) for m in members) >= 120, "120 lines")
    assert all(m.stop() == 0 for m in members)
    lines = [line for m in members for line in m.lines()]
    assert len(lines) == 120
    assert identities(lines) == made


def test_leaves_the_group(kafka, topics, consumer):
    """Without leaving, the group would wait out the session's 45 s."""
    keen = {"consumer.heartbeat.interval.ms": 300}
    going = consumer("clicks", settings=keen)
    staying = consumer("clicks", settings=keen)
    wait_for(
        lambda: sorted(map(len, owned(kafka, topics))) == [1, 2],
        "both own partitions",
    )
    assert going.stop() == 0
    wait_for(
        lambda: list(map(len, owned(kafka, topics))) == [3],
        "the other owns all partitions",
        deadline=20,
    )
    made = produce(kafka, topics, "clicks", 12)
    wait_for(
        lambda: identities(staying.lines()) >= made, "all lines", deadline=20
    )
    assert going.log_lines("takes too long") == []


def test_stop_commits_what_was_printed(kafka, topics, consumer):
    """Also when the background commit would not come for an hour."""
    program = consumer(
        "clicks", settings={"consumer.auto.commit.interval.ms": 3600000}
    )
    produce(kafka, topics, "clicks", 20)
    program.wait_lines(20)
    assert program.stop() == 0
    assert kafka.lag(group_of(topics, "clicks"), topics.clicks) == 0
    program.restart()
    more = produce(kafka, topics, "clicks", 1)
    assert program.wait_lines(21)[-1]["ce_id"] in more
    assert len(program.lines()) == 21


class FullPipe:
    """A standard output that nobody reads, for the fleet's next program."""

    def __init__(self, fleet: Fleet):
        folder = fleet.folder / f"{len(fleet.programs)}-consume"
        folder.mkdir(parents=True)
        self.path: Path = folder / "stdout"
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def waiting(self) -> int:
        """Bytes in it."""
        answer = fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4)
        return struct.unpack("i", answer)[0]

    def take(self) -> list[dict]:
        """Empties it, once its writer is gone; whole lines only."""
        text = b""
        while piece := os.read(self.fd, 65536):
            text += piece
        whole, _, _ = text.rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def close(self) -> None:
        os.close(self.fd)
        self.path.unlink()


@pytest.fixture
def full_pipe(fleet):
    pipe = FullPipe(fleet)
    yield pipe
    pipe.close()


def start_stuck(kafka, topics, consumer, full_pipe) -> Consume:
    """A consumer whose pipe is full before it has written everything."""
    for _ in range(STUCK):
        key = new_key()
        kafka.produce(
            topics.clicks,
            click(key, referrer="x" * 2000),
            key.encode(),
            [("ce_id", key.encode())],
        )
    program = consumer("clicks", settings=QUICK)
    wait_for(lambda: full_pipe.waiting() >= PIPE_FULL, "the pipe is full")
    return program


def assert_nothing_is_lost(kafka, topics, consumer, printed) -> None:
    """What is committed was printed; what was not printed comes again."""
    committed = kafka.committed(group_of(topics, "clicks"), topics.clicks)
    for partition, offset in committed.items():
        offsets = [x["offset"] for x in printed if x["partition"] == partition]
        assert offset <= len(offsets), f"{partition}: {offset} > {offsets}"

    again = consumer("clicks", settings=QUICK)
    wait_for(
        lambda: (
            identities(printed) | identities(again.lines())
            == {r.header("ce_id") for r in kafka.read_topic(topics.clicks)}
        ),
        "every record was printed",
    )
    assert len(again.lines()) >= STUCK - len(printed)


def test_killed_before_the_line_is_written(kafka, topics, consumer, full_pipe):
    program = start_stuck(kafka, topics, consumer, full_pipe)
    # statistics come seldomer than commits: one of these had its time
    wait_for(lambda: program.metric("aurix_bridge_consumer_lag") > 0, "a lag")
    program.kill()
    printed = full_pipe.take()
    assert 0 < len(printed) < STUCK
    assert_nothing_is_lost(kafka, topics, consumer, printed)


def test_stops_though_nobody_reads(kafka, topics, consumer, full_pipe):
    program = start_stuck(kafka, topics, consumer, full_pipe)
    assert program.stop() == 0
    assert program.log_lines("last batch was not finished")
    assert_nothing_is_lost(kafka, topics, consumer, full_pipe.take())


def test_lag_is_seen_while_nothing_moves(kafka, topics, consumer, full_pipe):
    program = start_stuck(kafka, topics, consumer, full_pipe)

    def lag() -> float:
        return program.metric("aurix_bridge_consumer_lag", topic=topics.clicks)

    wait_for(lambda: lag() > 0, "a lag")
    stuck_at = lag()
    produce(kafka, topics, "clicks", 30)
    wait_for(lambda: lag() >= stuck_at + 30, "the lag grows")
    assert program.stop() == 0


def test_closed_output_ends_it(kafka, topics, consumer, fleet):
    pipe = FullPipe(fleet)
    program = consumer("clicks", settings=QUICK)
    pipe.close()
    produce(kafka, topics, "clicks", 1)
    assert program.wait() == 1
    assert "standard output is closed" in program.stderr
    assert kafka.lag(group_of(topics, "clicks"), topics.clicks) == 1


def test_no_output_at_all(kafka, topics, tmp_path):
    """Standard input and output are closed: no other file may take their
    place, and nothing counts as written."""
    produce(kafka, topics, "clicks", 3)
    settings = topic_settings(topics)
    settings["kafka.bootstrap.servers"] = kafka.bootstrap
    file = settings_file(tmp_path / "bridge.ini", settings)
    done = subprocess.run(
        [
            *("bash", "-c", 'exec "$@" <&- >&-', "-"),
            *(str(PROGRAM), "consume", "clicks", "--config", str(file)),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
        timeout=DEADLINE,
    )
    assert done.returncode == 1, done.stderr
    assert "standard output" in done.stderr
    assert kafka.lag(group_of(topics, "clicks"), topics.clicks) == 3


def test_metrics(kafka, topics, consumer):
    program = consumer("leads", settings=QUICK)
    produce(kafka, topics, "leads", 7)
    program.wait_lines(7)

    def counted() -> bool:
        return program.metric("aurix_bridge_consumed_total", kind="leads") == 7

    wait_for(counted, "7 consumed")
    wait_for(
        lambda: (
            len(
                [
                    name
                    for name in program.metrics()
                    if name.startswith("aurix_bridge_consumer_lag{")
                ]
            )
            == 3
        ),
        "a lag for each partition",
    )
    wait_for(lambda: program.metric("aurix_bridge_consumer_lag") == 0, "no lag")
    assert program.metric("aurix_bridge_consumer_records_total") == 7
    assert program.metric("aurix_bridge_consumer_assigned_partitions") == 3
    assert program.metric(
        "aurix_bridge_consumer_flush_duration_seconds_count", kind="leads"
    ) in range(1, 8)
    assert program.metric("aurix_bridge_kafka_errors_total") == 0


def test_not_ready_without_a_broker(topics, consumer):
    """It says what it waits for, lives, and stops when told to."""
    program = consumer("clicks", ready=False, bootstrap="127.0.0.1:1")
    answer = web.get(program.admin_port, "/readyz")
    assert answer.status == 503
    assert group_of(topics, "clicks") in answer.body.decode()
    assert web.get(program.admin_port, "/healthz").status == 200
    wait_for(
        lambda: (
            program.metric("aurix_bridge_kafka_errors_total", kind="transport")
            > 0
        ),
        "an error is counted",
    )
    assert program.stop() == 0


def test_waits_for_a_topic(kafka, consumer):
    """A topic that is created after its consumer is found."""
    topics = Topics()
    program = consumer("clicks", topics, ready=False)
    wait_for(lambda: program.log_lines("consumer has started"), "a start")
    kafka.create_topics(topics.all)
    made = produce(kafka, topics, "clicks", 3)
    assert identities(program.wait_lines(3)) == made


def test_goes_on_after_the_broker_was_away(own_cluster, consumer):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    program = consumer(
        "clicks", topics, settings=QUICK, bootstrap=cluster.bootstrap
    )
    first = produce(kafka, topics, "clicks", 5)
    program.wait_lines(5)
    cluster.stop()
    cluster.restart()
    more = produce(kafka, topics, "clicks", 5)
    wait_for(
        lambda: identities(program.lines()) == first | more,
        "what came after the stop",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["consume"], "clicks|leads"),
        (["consume", "click"], "expected 'clicks' or 'leads'"),
        (["consume", "clicks", "leads"], "clicks|leads"),
        (["consume", "clicks", "--sett", "a.b=c"], "did you mean '--set'"),
    ],
)
def test_wrong_use(arguments, says):
    done = run_command(*arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("consumer.max.poll.interval.mss=1", "did you mean"),
        ("consumer.session.timeout.ms=-1", "outside allowed range"),
        ("consume.sink=printer", "printer"),
    ],
)
def test_wrong_settings(setting, says):
    done = run_command("consume", "clicks", "--set", setting)
    assert done.returncode in (1, 2)
    assert says in done.stderr.decode()


def test_signals_are_equal(kafka, topics, consumer):
    program = consumer("clicks")
    program.signal(signal.SIGINT)
    assert program.wait() == 0
