"""`send` as a generator of load: keys, connections, pace; how it goes on, and
how it ends; the line that says how far it is."""

import collections
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import termios
import time

import pytest
from harness.events import click, complete, correlated
from harness.listener import Listener
from harness.processes import spawn
from harness.programs import clean_environment, need_program
from harness.sending import (
    ANSWERS,
    TOTAL,
    WITH_SECRET,
    Running,
    added,
    counted,
    files,
    send,
)
from harness.surroundings import DEADLINE, PROGRAM
from harness.waiting import wait_for

# ---- keys and connections ----------------------------------------------------


def test_keys(shared_bridge, kafka, tmp_path):
    """K keys, and each key's events in the order in which they are given,
    round by round, though several connections send them."""
    rounds, keys = 60, 12
    topics = shared_bridge.topics
    before = {t: kafka.end_offsets(t) for t in topics.all}
    status, out, err = send(
        shared_bridge,
        *files(tmp_path, click("x"), correlated("x"), complete("x")),
        *("--count", str(rounds), "--keys", str(keys)),
        *("--concurrency", "5", "--rate", "3000"),
    )
    assert (status, err) == (0, "")
    assert counted(out) == {200: 3 * rounds}

    wanted = {f"O-k{k:06d}".encode() for k in range(keys)}
    clicks = added(kafka, topics.clicks, before[topics.clicks])
    leads = added(kafka, topics.leads, before[topics.leads])
    assert len(clicks) == rounds
    assert len(leads) == 2 * rounds
    for records, each in ((clicks, 1), (leads, 2)):
        by_key = collections.Counter(r.key for r in records)
        assert by_key == dict.fromkeys(wanted, each * rounds // keys)
    for key in wanted:
        of_key = [json.loads(r.value) for r in leads if r.key == key]
        assert [e["event_type"] for e in of_key] == [
            "lead.correlated",
            "lead.complete",
        ] * (rounds // keys)
    ids = {json.loads(r.value)["event_id"] for r in clicks + leads}
    assert len(ids) == 3 * rounds


def test_keys_and_connections():
    """A key's events go over one connection; the connections share keys."""
    with Listener() as server:
        status, out, _ = send(
            server,
            "--example",
            "widget.click",
            *("--count", "40", "--keys", "8", "--concurrency", "3"),
        )
    assert status == 0, out
    connections = collections.defaultdict(set)
    for call in server.calls:
        key = json.loads(call.body)["data"]["correlation_id"]
        connections[key].add(call.connection)
    assert len(connections) == 8
    assert all(len(used) == 1 for used in connections.values())
    assert len(set.union(*connections.values())) == 3


def test_concurrency():
    """As many are in flight at a time as there are connections."""
    there = []

    def answer(call):
        there.append(call.connection)
        wait_for(lambda: len(set(there)) == 7, "all connections at a time")
        return 200

    with Listener(answer) as server:
        status, out, _ = send(
            server, "-", "--count", "7", "--concurrency", "7", stdin=click()
        )
    assert status == 0, out
    assert counted(out) == {200: 7}


# ---- pace --------------------------------------------------------------------


def test_rate_is_not_exceeded():
    with Listener() as server:
        status, out, _ = send(
            server,
            "-",
            *("--count", "20", "--rate", "50", "--concurrency", "4"),
            stdin=click(),
        )
    assert status == 0, out
    assert counted(out) == {200: 20}
    # the 20th is due 0.38 s after the first
    assert float(TOTAL.search(out)[2]) >= 0.38
    assert re.search(
        r"^sent late by p50 [\d.]+ ms, .*, max [\d.]+ ms$", out, re.M
    )


def test_a_server_that_stands_still_is_not_overlooked():
    """One of 50 answers takes long, and 49 take no time: but those after it
    were due while it was waited for, and that is in their latency."""
    stall = 0.5

    def answer(call):
        if call.number == 0:
            time.sleep(stall)
        return 200

    arguments = ("-", "--count", "50")
    with Listener(answer) as server:
        _, out, _ = send(server, *arguments, "--rate", "100", stdin=click())
    median = float(ANSWERS.search(out)[3])
    # event 25 was due at 250 ms, and could not be sent before the 500th
    assert median >= 1000 * stall / 2 - 1, out
    late = re.search(r"^sent late by p50 ([\d.]+) ms", out, re.M)
    assert float(late[1]) >= 1000 * stall / 2 - 11, out

    # as fast as answers come, only the one that took long did
    with Listener(answer) as server:
        _, out, _ = send(server, *arguments, stdin=click())
    assert float(ANSWERS.search(out)[7]) >= 1000 * stall
    assert "late" not in out


def test_rate_that_cannot_be_kept():
    def answer(call):
        time.sleep(0.05)
        return 200

    with Listener(answer) as server:
        status, out, _ = send(
            server, "-", "--count", "10", "--rate", "1000", stdin=click()
        )
    assert status == 0, out
    found = re.search(
        r"^the rate was not kept: 1000 events/s asked for, ([\d.]+) reached; "
        r"answers that slow need more than 1 connection \(--concurrency\)$",
        out,
        re.M,
    )
    assert found, out
    assert float(found[1]) <= 22.3  # ten, of which nine take 50 ms


# ---- what gets no answer -----------------------------------------------------


def test_goes_on_after_what_got_no_answer():
    def answer(call):
        return b"HTTP/1.1 200 OK\r\nConte" if call.number in (3, 5, 6) else 200

    with Listener(answer) as server:
        status, out, err = send(server, "-", "--count", "20", stdin=click())
    assert (status, err) == (1, "")
    assert counted(out) == {200: 17}
    assert "no answer: 3 events (connection broke 3)\n" in out
    # the first of its kind, with the reason
    (line,) = [line for line in out.splitlines() if server.url in line]
    assert line.startswith("standard input: the exchange with ")


def test_goes_on_when_the_server_is_back(tmp_path):
    server = Listener()
    arguments = [
        *files(tmp_path, click()),
        *("--count", "1000000", "--rate", "200", "--concurrency", "2"),
    ]
    with server:
        running = Running(tmp_path, server, *arguments)
        wait_for(lambda: len(server.calls) >= 5, "some are answered")
    with running:
        wait_for(lambda: "cannot connect" in running.said, "nobody is there")
        before = len(server.calls)
        with server:
            wait_for(lambda: len(server.calls) > before + 5, "it goes on")
            running.signal(signal.SIGINT)
            assert running.wait() == 1
    out = running.said
    assert out.count("Couldn't connect") + out.count("refused") <= 2
    assert re.search(r"^no answer: .*cannot connect \d+", out, re.M)
    assert 10 < counted(out)[200] <= len(server.calls)


# ---- being told to stop ------------------------------------------------------


def test_stopped_in_the_middle(shared_bridge, kafka, tmp_path):
    """What it says it has sent is what Kafka has."""
    topic = shared_bridge.topics.clicks
    before = kafka.count(topic)
    arguments = [
        *files(tmp_path, click()),
        *("--count", "1000000", "--keys", "40", "--concurrency", "4"),
    ]
    with Running(tmp_path, shared_bridge, *arguments) as running:
        wait_for(lambda: kafka.count(topic) >= before + 50, "some are there")
        running.signal(signal.SIGINT)
        assert running.wait() == 0
    (taken,) = counted(running.said).values()
    assert kafka.count(topic) == before + taken
    assert (
        f"stopped by a signal: {taken} of 1000000 events were sent\n"
        in running.said
    )


def test_stopped_while_it_waits_for_the_next(tmp_path):
    """Some connections would wait for minutes until their event is due."""
    with Listener() as server:
        arguments = [
            *files(tmp_path, click()),
            *("--count", "1000", "--rate", "1", "--concurrency", "300"),
        ]
        with Running(tmp_path, server, *arguments) as running:
            wait_for(lambda: server.calls, "the first is sent")
            running.signal(signal.SIGTERM)
            assert running.wait() == 0
    assert counted(running.said)[200] == len(server.calls)


def test_answers_in_flight_are_waited_for(tmp_path):
    stopped = []

    def answer(call):
        wait_for(lambda: stopped, "it was told to stop")
        return 200

    with Listener(answer) as server:
        arguments = [
            *files(tmp_path, click()),
            *("--count", "9", "--concurrency", "3"),
        ]
        with Running(tmp_path, server, *arguments) as running:
            wait_for(lambda: len(server.calls) == 3, "three are in flight")
            running.signal(signal.SIGINT)
            wait_for(
                lambda: "3 events must still come" in running.stderr.read_text()
            )
            stopped.append(True)
            assert running.wait() == 0
    assert counted(running.said) == {200: 3}


def test_a_second_signal_ends_it_at_once(tmp_path):
    never = []
    with Listener(lambda call: wait_for(lambda: never) or 200) as server:
        arguments = files(tmp_path, click())
        with Running(tmp_path, server, *arguments) as running:
            wait_for(lambda: server.calls, "one is in flight")
            running.signal(signal.SIGINT)
            wait_for(lambda: "a second signal" in running.stderr.read_text())
            running.signal(signal.SIGINT)
            assert running.wait() == -signal.SIGINT
        never.append(True)


# ---- progress ----------------------------------------------------------------


def on_terminal(folder, columns=80, **env):
    """What a terminal gets that is standard error, and standard output."""
    need_program()
    released = []

    def answer(call):
        if call.number >= 10:
            wait_for(lambda: released, "it has drawn a line")
        return 503 if call.number == 2 else 200

    ours, theirs = pty.openpty()
    fcntl.ioctl(
        theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0)
    )
    shown = b""
    with Listener(answer) as server:
        process = spawn(
            [
                *(str(PROGRAM), "send", "--url", server.url),
                *("--count", "20"),
                *files(folder, click()),
            ],
            stdout=folder / "out",
            stderr=theirs,
            env=clean_environment(TERM="xterm", **WITH_SECRET, **env),
        )
        os.close(theirs)
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
                if b"10/20" in shown:
                    released.append(True)
        os.close(ours)
        assert process.wait(DEADLINE) == 1
    return shown.decode(), (folder / "out").read_text()


def test_progress_on_a_terminal(tmp_path):
    shown, out = on_terminal(tmp_path, LC_ALL="C.UTF-8")
    assert re.search(r" 50 %  █+░+  10/20  \d+/s  1 failed", shown), shown
    assert "\033[33m" in shown
    # it is taken away at the end, and nothing else was there
    assert shown.endswith("\r\033[K")
    assert shown.rpartition("\r\033[K")[0].rpartition("\033[K")[2]
    assert counted(out) == {200: 19, 503: 1}
    assert "\r" not in out


def test_progress_without_colours_and_signs(tmp_path):
    shown, _ = on_terminal(tmp_path, 60, NO_COLOR="1", LC_ALL="C")
    lines = re.split(r"\r\033\[K", shown)
    assert any(re.match(r" 50 %  #+\.+  10/20", line) for line in lines)
    assert "\033" not in "".join(lines)
    assert max(map(len, lines)) < 60


def test_no_progress_on_a_dumb_terminal(tmp_path):
    need_program()
    ours, theirs = pty.openpty()
    with Listener(lambda call: time.sleep(0.05) or 200) as server:
        process = spawn(
            [
                *(str(PROGRAM), "send", "--url", server.url),
                *("--count", "10"),
                *files(tmp_path, click()),
            ],
            stdout=tmp_path / "out",
            stderr=theirs,
            env=clean_environment(TERM="dumb", **WITH_SECRET),
        )
        assert process.wait(DEADLINE) == 0
    os.close(theirs)
    with pytest.raises(OSError, match="Input/output error"):
        os.read(ours, 1)
    os.close(ours)
