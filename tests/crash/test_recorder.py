"""What the recorder writes down is what it did."""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from checker import event_id_of
from harness.events import sign
from harness.waiting import wait_for
from journal import digest, load
from recorder import Manner, Recorder


class Listener(ThreadingHTTPServer):
    """Answers with what `answer(body)` returns; closes on None."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.bodies = []
        self.connections = 0
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(
            target=self.serve_forever, args=(0.01,), daemon=True
        ).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def port(self):
        return self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["X-Hub-Signature"] == sign(body)
        with self.server.lock:
            self.server.bodies.append(body)
            status = self.server.answer(body)
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def ids(listener):
    return [event_id_of(body) for body in listener.bodies]


def test_what_was_sent_is_in_the_journal(tmp_path):
    path = tmp_path / "journal"
    manner = Manner(senders=4, keys=3, rate=0)
    with Listener(lambda body: 200) as listener:
        with Recorder(path, manner) as recorder:
            recorder.aim(listener.port)
            recorder.wait_for_answers(200, 200)
        bodies = {event_id_of(body): body for body in listener.bodies}
        assert listener.connections == 4  # they are kept
    events = load(path).events
    assert bodies.keys() == events.keys()
    for event_id, event in events.items():
        body = bodies[event_id]
        data = json.loads(body)["data"]
        assert event.sha256 == digest(body)
        assert (event.key, event.n) == (data["correlation_id"], data["n"])
        assert event.taken_ns >= event.sent_ns
    assert {event.kind for event in events.values()} == {
        "clicks",
        "leads",
        "other",
    }
    # of each topic and key 0, 1, 2, ...
    streams = {}
    for event in events.values():
        streams.setdefault((event.kind, event.key), []).append(event.n)
    for numbers in streams.values():
        assert sorted(numbers) == list(range(len(numbers)))


def test_a_key_has_events_that_overlap_and_that_do_not(tmp_path):
    path = tmp_path / "journal"
    with Listener(lambda body: 200) as listener:
        manner = Manner(senders=8, keys=2, rate=0)
        with Recorder(path, manner) as recorder:
            recorder.aim(listener.port)
            recorder.wait_for_answers(300, 200)
    streams = {}
    for event in load(path).events.values():
        streams.setdefault((event.kind, event.key), []).append(event)
    overlaps = behind = 0
    for events in streams.values():
        events.sort(key=lambda e: e.sent_ns)
        for before, after in itertools.pairwise(events):
            overlaps += after.sent_ns < before.taken_ns
            behind += after.sent_ns > before.taken_ns
    assert overlaps
    assert behind


@pytest.mark.parametrize(("again", "attempts"), [(0.0, 1), (1.0, 2)])
@pytest.mark.parametrize("status", [503, None])
def test_without_a_200(tmp_path, again, attempts, status):
    path = tmp_path / "journal"
    manner = Manner(senders=2, rate=0, again=again)
    with Listener(lambda body: status) as listener:
        with Recorder(path, manner) as recorder:
            recorder.aim(listener.port)
            wait_for(lambda: recorder.counts()[status or 0] >= 20)
        sent = ids(listener)
    events = load(path).events
    assert set(sent) == set(events)
    # where it was stopped, there was no time for another
    few = [e for e in events.values() if len(e.attempts) != attempts]
    assert len(few) <= 2
    for event in events.values():
        assert event.taken_ns is None
        assert len(event.attempts) == sent.count(event.id)
        assert {a.status for a in event.attempts} == {status}
        assert all(a.answered_ns is not None for a in event.attempts)
        assert all(bool(a.why) == (status is None) for a in event.attempts)


def test_it_goes_where_the_bridge_is(tmp_path):
    path = tmp_path / "journal"
    with Recorder(path, Manner(senders=3, rate=0)) as recorder:
        with Listener(lambda body: 200) as first:
            recorder.aim(first.port)
            recorder.wait_for_answers(20, 200)
            recorder.aim(None)
            first.answer = lambda body: None
            # each has noticed, and waits
            wait_for(lambda: recorder.counts()[0] == 3)
        with Listener(lambda body: 200) as second:
            recorder.aim(second.port)
            recorder.wait_for_answers(20, 200)
            recorder.stop()
            both = ids(first) + ids(second)
    assert sorted(both) == sorted(load(path).events)


def test_it_pauses(tmp_path):
    path = tmp_path / "journal"
    with (
        Listener(lambda body: 200) as listener,
        Recorder(path, Manner(senders=3, rate=0)) as recorder,
    ):
        recorder.aim(listener.port)
        recorder.wait_for_answers(20)
        recorder.pause()
        wait_for(
            lambda: len(load(path).events) == recorder.counts()[200],
            "all have their answers",
        )
        recorder.pause(False)
        recorder.wait_for_answers(20)


def test_what_is_wrong_inside_is_said(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("the disk is full")

    recorder = Recorder(tmp_path / "journal", Manner(senders=1))
    monkeypatch.setattr(recorder.writer, "send", full)
    with (
        Listener(lambda body: 200) as listener,
        pytest.raises(OSError, match="the disk is full"),
        recorder,
    ):
        recorder.aim(listener.port)
        recorder.wait_for_answers(1)
