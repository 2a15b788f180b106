"""`send`: what it sends, and what it says about the answers."""

import json

import pytest
from harness.events import click
from harness.listener import Listener
from harness.ports import free_ports
from harness.programs import said
from harness.sending import (
    ANSWERS,
    TOTAL,
    WITH_SECRET,
    added,
    counted,
    files,
    send,
)

# ---- what is sent ------------------------------------------------------------


def test_files(shared_bridge, kafka, tmp_path):
    body = b" " + click() + b"\n"  # every byte is signed and sent
    status, out, err = send(
        shared_bridge, *files(tmp_path, body), "--count", "3"
    )
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert ANSWERS.fullmatch(first).group(1, 2) == ("200", "3")
    assert TOTAL.fullmatch(second)[1] == "3"
    topic = shared_bridge.topics.clicks
    assert len(kafka.records_with_value(topic, body)) == 3


def test_stdin(shared_bridge, kafka):
    body = click()
    status, out, _ = send(shared_bridge, "-", stdin=body)
    assert status == 0, out
    topic = shared_bridge.topics.clicks
    assert len(kafka.records_with_value(topic, body)) == 1


def test_examples(shared_bridge):
    status, out, _ = send(shared_bridge, "--example", "all")
    assert status == 0, out
    assert set(counted(out)) == {200}


def test_fresh(shared_bridge, kafka):
    topic = shared_bridge.topics.leads
    before = kafka.end_offsets(topic)
    status, out, _ = send(
        shared_bridge,
        *("--example", "lead.complete", "--fresh", "--count", "450"),
        # more on a connection than the bridge takes: it closes them
        *("--concurrency", "2"),
    )
    assert status == 0, out
    (number,) = counted(out).values()
    assert number % 450 == 0
    made = [json.loads(r.value) for r in added(kafka, topic, before)]
    assert len(made) == number
    assert len({e["event_id"] for e in made}) == number
    assert len({e["data"]["correlation_id"] for e in made}) == number


# ---- what is not answered as it should be -----------------------------------


def test_shows_refusals(shared_bridge):
    status, out, _ = send(
        shared_bridge, "--count", "5", "-", stdin=click(), secret="other"
    )
    assert status == 1
    assert out.count("Invalid signature") == 1
    assert counted(out) == {401: 5}


def test_counts_by_status():
    statuses = [200, 503, 200, 503, 503, 202, 429]
    with Listener(lambda call: statuses[call.number % 7]) as server:
        status, out, err = send(
            server,
            "-",
            *("--count", "70", "--concurrency", "3", "--rate", "2000"),
            stdin=click(),
        )
    assert (status, err) == (1, "")
    assert counted(out) == {200: 20, 202: 10, 429: 10, 503: 30}
    assert out.count("standard input: 503 said 503\n") == 1
    assert out.count("said 429") == 1
    assert "said 20" not in out


def test_other_2xx_are_fine():
    with Listener(lambda call: 204 if call.number else 202) as server:
        status, out, _ = send(server, "-", "--count", "2", stdin=click())
    assert status == 0, out


def test_to_nobody():
    (port,) = free_ports(1)
    for more in ((), ("--count", "9", "--concurrency", "3", "--rate", "100")):
        status, out, err = said(
            "send",
            "--url",
            f"http://127.0.0.1:{port}/webhook",
            "-",
            *more,
            stdin=click(),
            env=WITH_SECRET,
        )
        assert status == 1
        assert err.count("cannot connect") == 1
        # those that were on their way are counted, no more are sent
        assert int(TOTAL.search(out)[1]) <= 3
        assert counted(out) == {}


# ---- wrong use ---------------------------------------------------------------

WRONG_USE = {
    "no rounds": (["--count", "0"], "from 1 to 1000000000, got '0'"),
    "no rate": (["--rate", "0"], "'--rate': expected a whole number from 1"),
    "fractional rate": (["--rate", "0.5"], "got '0.5'"),
    "rate too high": (["--rate", "1000001"], "to 1000000, got '1000001'"),
    "no keys": (["--keys", "0"], "'--keys': expected a whole number"),
    "no connections": (["--concurrency", "0"], "from 1 to 1024"),
    "too many connections": (["--concurrency", "1025"], "got '1025'"),
    "more connections than keys": (
        ["--keys", "3", "--concurrency", "4"],
        "with 3 keys there is no use for more than 3 connections, got 4",
    ),
    "no event to renew": (["--fresh"], "send it without --fresh and --keys"),
    "no event for a key": (["--keys", "2"], "cannot renew 'standard input'"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use(case):
    arguments, expected = WRONG_USE[case]
    with Listener() as server:
        status, out, err = send(server, "-", *arguments, stdin=b"[1]")
    assert (status, out) == (2, "")
    assert expected in err
    assert server.calls == []


def test_what_is_no_url():
    status, out, err = said(
        "send", "--url", "nonsense", "-", stdin=click(), env=WITH_SECRET
    )
    assert status == 1
    assert "cannot use a URL" in err
    assert "answer" not in out
