"""Idle and slow connections starve nobody."""

import contextlib
import os
import resource
import socket
import subprocess
from pathlib import Path

import pytest
from harness.events import click, event
from harness.load import Load
from harness.programs import clean_environment
from harness.surroundings import DEADLINE, PROGRAM, cannot_run
from harness.waiting import wait_for
from harness.web import Wire, signed

WORKERS = 128
CROWD = 2000


@pytest.fixture(autouse=True)
def descriptors():
    """Enough of them for a crowd on this side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CROWD:
        cannot_run(f"needs {2 * CROWD} descriptors, may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CROWD), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def crowd():
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(Wire(port))


def open_descriptors(program) -> int:
    folder = Path(f"/proc/{program.process.pid}/fd")
    return len(list(folder.iterdir()))


def test_idle_connections_leave_room(bridge, topics, crowd):
    """Each has sent an event and is kept open, until workers run short."""
    served = bridge(
        topics,
        settings={
            "http.threads": WORKERS,
            "http.keep_alive_timeout_ms": 30000,
        },
    )
    kept = 0
    for _ in range(WORKERS):
        wire = crowd(served.port)
        wire.send(signed(click()))
        answer = wire.answer()
        assert answer.status == 200
        kept += not answer.closes
    # some were told to go, so a newcomer need not wait for a timeout
    assert 0 < kept < WORKERS
    newcomer = crowd(served.port)
    newcomer.send(signed(click()))
    answer = newcomer.answer()
    assert answer.status == 200
    assert answer.closes
    # and those that were kept are still served
    assert served.post(click()).status == 200


def test_silent_connections_go_by_themselves(bridge, topics, crowd):
    """They occupy every worker; a sender is served once they were cut."""
    served = bridge(
        topics,
        settings={"http.threads": WORKERS, "http.header_timeout_ms": 500},
    )
    silent = [crowd(served.port) for _ in range(WORKERS)]
    assert served.post(click()).status == 200
    assert all(wire.at_end() for wire in silent)


@pytest.mark.parametrize("kind", ["silent", "idle", "half a head", "no body"])
def test_a_crowd(bridge, kafka, topics, crowd, kind):
    """2,000 at once: none of the events sent meanwhile is lost, and no
    descriptor stays open."""
    served = bridge(
        topics,
        settings={
            "http.threads": WORKERS,
            "http.header_timeout_ms": 300,
            "http.body_timeout_ms": 300,
            "http.keep_alive_timeout_ms": 300,
        },
    )
    body = click()
    said = {
        "silent": b"",
        "idle": signed(body),
        "half a head": signed(body)[:40],
        "no body": signed(body)[: -len(body)],
    }[kind]
    before = open_descriptors(served)
    wires = []
    for _ in range(CROWD):
        wire = crowd(served.port)
        if said:
            with contextlib.suppress(ConnectionError):
                wire.send(said)
        wires.append(wire)
    sent = [click() for _ in range(20)]
    for one in sent:
        assert served.post(one).status == 200
    served.wait_drained()
    values = {record.value for record in kafka.read_topic(topics.clicks)}
    assert set(sent) <= values
    for wire in wires:
        wire.close()
    wait_for(
        lambda: open_descriptors(served) <= before + 5,
        "its descriptors are closed",
    )
    wait_for(
        lambda: served.metric("aurix_bridge_in_flight") == 0,
        "no request is in hand",
    )


def test_many_requests_on_one_connection(bridge, kafka, topics):
    """A connection ends after some hundred requests; no event with it."""
    served = bridge(topics)
    sent = [click() for _ in range(900)]
    wire = Wire(served.port)
    ended = 0
    for body in sent:
        wire.send(signed(body))
        answer = wire.answer()
        assert answer.status == 200
        if answer.closes:
            assert wire.at_end()
            wire.close()
            wire = Wire(served.port)
            ended += 1
    wire.close()
    assert ended == 2
    served.wait_drained()
    values = {record.value for record in kafka.read_topic(topics.clicks)}
    assert set(sent) == values


def test_senders_that_do_not_read(bridge, kafka, topics):
    """They send and never take an answer, and their answers are long. Nobody
    else waits for them: an event that did would miss its deadline."""
    served = bridge(
        topics,
        settings={"spool.enabled": "false", "deliver.patience_ms": 2000},
    )
    broken = event("widget.click", {f"x{i}": i for i in range(30)}, event_id=7)
    longest = len(served.post(broken).body)
    assert longest > 200
    with contextlib.ExitStack() as stack:
        deaf = []
        for _ in range(8):
            wire = socket.socket()
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            wire.settimeout(DEADLINE)
            wire.connect(("127.0.0.1", served.port))
            stack.callback(wire.close)
            deaf.append(wire)
        for wire in deaf:
            wire.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(390):
                    wire.sendall(signed(broken))
        innocent = [click() for _ in range(60)]
        for body in innocent:
            assert served.post(body).status == 200
    served.wait_drained()
    values = {record.value for record in kafka.read_topic(topics.clicks)}
    assert set(innocent) <= values


def deaf_sender(port: int) -> socket.socket:
    """Sends as many events as one connection may, and takes no answer. Small
    segments keep the bridge's buffer for the answers small, too: Linux makes
    it in their measure. Those to a few bad events fill the first half, so
    that the first that finds no room is the answer to a good one."""
    bad = event("widget.click", {f"x{i}": i for i in range(60)}, event_id=7)
    wire = socket.socket()
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 268)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    wire.settimeout(0.5)
    wire.connect(("127.0.0.1", port))
    # until the bridge reads no more, as it cannot answer
    with contextlib.suppress(TimeoutError):
        for i in range(390):
            wire.sendall(signed(bad if i < 40 else click()))
    return wire


@pytest.mark.parametrize("away", [False, True])
def test_answers_that_cannot_be_written(bridge, topics, nowhere, away):
    """Taken events whose answers are not read: whoever learns that they are
    safe writes for everybody, and does not wait for them. With Kafka that is
    the leader, without it the spool's thread."""
    served = bridge(
        topics,
        bootstrap=nowhere if away else None,
        settings={
            # how long a worker waits for a sender that does not read: longer
            # than others would wait for theirs
            "http.header_timeout_ms": 5000,
            "deliver.patience_ms": 3000,
            "spool.enabled": str(away).lower(),
        },
    )
    for body in (click(), b"not JSON"):
        served.post(body)  # it has noticed by now where Kafka is

    def unsent() -> float:
        return served.metric("aurix_bridge_unsent_answers_total")

    def in_flight() -> float:
        return served.metric("aurix_bridge_in_flight")

    def ended() -> float:
        return sum(
            value
            for name, value in served.metrics().items()
            if name.startswith("aurix_bridge_requests_total{")
        )

    def others_are_answered() -> bool:
        """While both of the deaf are stuck, from before to after. If they
        were not, as the machine is slow, that says nothing."""
        seen = [(0.0, ended())]

        def nothing_moves() -> bool:
            seen.append((in_flight(), ended()))
            return seen[-1][0] == 2 and seen[-1] == seen[-2]

        with contextlib.ExitStack() as stack:
            given_up = unsent()
            for _ in range(2):
                stack.enter_context(deaf_sender(served.port))
            wait_for(nothing_moves, "the deaf are stuck")
            for _ in range(20):
                assert served.post(click()).status == 200
            after = seen[-1][1] + 20
            wait_for(lambda: ended() >= after, "the others are counted")
            stuck = ended() == after and unsent() == given_up
        wait_for(lambda: in_flight() == 0, "the deaf are gone")
        return stuck

    wait_for(others_are_answered, "others are answered meanwhile")
    assert unsent() >= 2


def test_what_the_answer_says_of_the_connection_is_true(bridge, topics):
    served = bridge(topics)
    for line, kept in {
        "X-Any: none": True,
        "Connection: keep-alive": True,
        "Connection: TE": False,
        "Connection: TE, keep-alive": True,
        "Connection: close": False,
    }.items():
        with Wire(served.port) as wire:
            wire.send(signed(click(), line))
            answer = wire.answer()
            assert answer.status == 200
            assert answer.closes != kept, line
            if kept:
                wire.send(signed(click(), line))
                assert wire.answer().status == 200
            else:
                assert wire.at_end(), line


def test_a_blocked_log_holds_up_nothing(bridge, topics):
    """Standard error is a pipe that is full, and that nobody reads."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write_end, b"x" * 4096)
    os.set_blocking(write_end, True)
    served = bridge(topics)
    served.stop()
    served.stderr_to = write_end
    try:
        served.restart()
        # each makes a line, and all of them are more than the queue holds
        with Load(served.port, senders=16) as load:
            wait_for(
                lambda: served.metric("aurix_bridge_log_dropped_total") > 0,
                "the queue is full, and lines are dropped and counted",
            )
            before = len(load.taken)
            wait_for(lambda: len(load.taken) > before + 200, "answers go on")
        assert set(load.answers()) == {200}
        assert served.stop() == 0
    finally:
        os.close(write_end)
        os.close(read_end)


def limited(count: int, *arguments: str) -> subprocess.CompletedProcess:
    """The program with a hard limit of open files."""
    return subprocess.run(
        [
            *("bash", "-c", 'ulimit -n "$0"; exec "$@"', str(count)),
            *(str(PROGRAM), *arguments),
        ],
        capture_output=True,
        text=True,
        env=clean_environment(
            AURIX_WEBHOOK_SECRET="0123456789abcdef",
            BRIDGE_SPOOL_ENABLED="false",
        ),
        timeout=DEADLINE,
    )


def test_too_few_descriptors():
    """Fewer than it needs with all workers busy: it does not even start."""
    done = limited(256, "serve", "--set", "http.port=0")
    assert done.returncode == 1
    assert "open files" in done.stderr
    assert "256" in done.stderr


def test_the_soft_limit_is_raised(bridge, topics):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        served = bridge(topics)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    raised, _ = resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE)
    assert raised > 1024
