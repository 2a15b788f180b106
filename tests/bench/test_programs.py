"""What is sent, and to whom."""

import json
import struct
from collections import Counter
from pathlib import Path

import pytest
from harness.events import sign
from harness.surroundings import SCHEMAS
from measure.driver import Plan
from measure.events import EVENTS, bodies, write_requests
from measure.load import Load
from measure.programs import (
    BARE,
    FASTAPI,
    NO_SPOOL,
    OURS,
    TUTORIAL,
    parse_more,
)
from measure.schemas import write_whole_schemas
from measure.syncs import Syncs, SyncTimer, probe


def test_events():
    made = list(bodies())
    assert len(set(made)) == EVENTS >= 20_000
    events = [json.loads(body) for body in made]
    types = Counter(event["event_type"] for event in events)
    assert set(types) == {"widget.click", "lead.correlated", "lead.complete"}
    assert min(types.values()) > EVENTS / 20
    visitors = {event["data"]["correlation_id"] for event in events}
    assert 2000 < len(visitors) <= 4000
    assert made == list(bodies())


def test_requests(tmp_path):
    path = tmp_path / "requests"
    write_requests(path, "secret", "Connection: close", count=30)
    text = path.read_bytes()
    found = []
    while text:
        length, _, text = text.partition(b"\n")
        found.append(text[: int(length)])
        text = text[int(length) :]
    assert len(found) == 30
    for whole, body in zip(found, bodies(30), strict=True):
        head, _, sent = whole.partition(b"\r\n\r\n")
        assert sent == body
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /webhook HTTP/1.1"
        assert f"Content-Length: {len(body)}" in lines
        assert f"X-Hub-Signature: {sign(body, 'secret')}" in lines
        assert "Connection: close" in lines


def test_more_programs():
    one, two = parse_more("rust=/a/bridge 'x-1=env A=b /x --port @PORT@'")
    assert (one.key, one.name, one.command) == ("rust", "rust", ("/a/bridge",))
    assert two.command == ("env", "A=b", "/x", "--port", "@PORT@")
    assert one.keeps
    assert one.checks
    assert parse_more("") == []


@pytest.mark.parametrize(
    "text", ["rust", "=x", "rust=", "a=b c", "bridge=x", "a=1 a=2", "'a=1"]
)
def test_not_programs(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_more(text)


def test_turns():
    loads = (Load(1), Load(2))
    programs = (BARE, TUTORIAL, FASTAPI)
    cells = list(Plan(programs, loads, 2, 1, 0, 0).cells())
    assert len(cells) == 2 * 2 * 3
    # each load is done with before the next, and rounds begin differently
    assert [(n, load, c.key) for n, load, c in cells[::3]] == [
        (1, loads[0], BARE.key),
        (1, loads[1], BARE.key),
        (2, loads[0], TUTORIAL.key),
        (2, loads[1], TUTORIAL.key),
    ]


def test_who_is_under_which_load():
    loads = (Load(16), Load(64), Load(64, fresh=True), Load(64, away=True))
    programs = (OURS, NO_SPOOL, BARE)
    cells = Plan(programs, loads, 1, 1, 0, 0).cells()
    assert [(str(load), c.key) for _, load, c in cells] == [
        ("16", "bridge"),
        ("16", "bare"),
        # beside each other, where the spool's cost is measured
        ("64", "bridge"),
        ("64", "nospool"),
        ("64", "bare"),
        ("64, new each", "bridge"),
        ("64, new each", "bare"),
        # without Kafka, others could only refuse
        ("64, no Kafka", "bridge"),
    ]


def test_whole_schemas(tmp_path):
    write_whole_schemas(SCHEMAS, tmp_path / "schemas")
    names = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert names == {p.name for p in SCHEMAS.iterdir()} - {"envelope.json"}
    click = json.loads((tmp_path / "schemas" / "widget.click.json").read_text())
    envelope, own = click["allOf"]
    assert "timestamp" in envelope["required"]
    assert own["properties"]["event_type"] == {"const": "widget.click"}
    assert "$id" not in envelope


def test_a_quiet_disk(tmp_path):
    seen = probe(tmp_path, 4)
    assert seen.count == 4
    assert 0 < seen.p50_ms <= seen.p99_ms
    assert list(tmp_path.iterdir()) == []


def test_sync_timer(tmp_path):
    path = tmp_path / "syncs"
    timer = SyncTimer(Path("/no/library"), path)
    with path.open("r+b") as file:
        file.write(struct.pack("=Q", 3))  # of less than 10 us
        file.flush()
        before = timer.seen()
        file.seek(0)
        file.write(struct.pack("=Q", 4))
        file.seek(8 * 99)
        file.write(struct.pack("=Q", 1))
        file.flush()
    assert before == {10: 3}
    assert timer.since(before) == Syncs(2, 0.01, 1.0)
