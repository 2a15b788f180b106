"""The checker finds each violation, and none where there is none."""

import json

import pytest
from checker import MARK, check, event_id_of
from harness.kafka_client import Record
from journal import Journal, Writer, digest, load

KINDS = {"t.clicks": "clicks", "t.leads": "leads", "t.other": "other"}
MARKED = ((MARK, b"true"),)


def body(event_id: str) -> bytes:
    return json.dumps({"data": {"crash_id": event_id}}).encode()


class Told:
    """A journal and the partitions that go with it, step by step: each call
    is later than the one before it."""

    def __init__(self):
        self.journal = Journal()
        self.records = []
        self.clock = 0
        self.offsets = {}

    def _now(self):
        self.clock += 1_000_000
        return self.clock

    def send(self, event_id, key="k", kind="clicks"):
        n = len(self.journal.events)
        self.journal.add(
            [
                "send",
                event_id,
                kind,
                key,
                n,
                digest(body(event_id)),
                self._now(),
            ]
        )
        return self

    def answer(self, event_id, status=200):
        self.journal.add(["answer", event_id, status, self._now()])
        return self

    def mark(self, text):
        self.journal.add(["mark", text, self._now()])
        return self

    def stored(
        self,
        event_id,
        key="k",
        topic="t.clicks",
        partition=0,
        headers=(),
        value=None,
    ):
        offset = self.offsets.get((topic, partition), 0)
        self.offsets[topic, partition] = offset + 1
        self.records.append(
            Record(
                topic,
                partition,
                offset,
                key.encode(),
                body(event_id) if value is None else value,
                tuple(headers),
            )
        )
        return self

    def verdict(self):
        return check(self.journal, self.records, KINDS)

    def rules(self):
        return dict(self.verdict().rules())


def one_after_the_other():
    """A had its 200 before B was sent."""
    return Told().send("A").answer("A").send("B").answer("B")


def overlapping():
    return Told().send("A").send("B").answer("A").answer("B")


# ---- nothing is wrong -------------------------------------------------------


def test_nothing_at_all():
    verdict = Told().verdict()
    assert verdict.is_good
    assert (verdict.sent, verdict.records) == (0, 0)


@pytest.mark.parametrize(
    "told",
    [
        one_after_the_other().stored("A").stored("B"),
        # a repetition does not change which occurrence is the first
        one_after_the_other()
        .stored("A")
        .stored("B")
        .stored("A", headers=MARKED),
        # requests that overlap may land either way
        overlapping().stored("B").stored("A"),
        # as the 200 comes, the other is on its way already
        Told().send("A").send("B").answer("A").stored("B").stored("A"),
        # no 200, no promise: there, or not, or there in any order
        Told().send("A").answer("A", 503),
        Told().send("A").answer("A", 503).stored("A"),
        Told().send("A").answer("A", "reset"),
        Told().send("A").answer("A", "reset").stored("A"),
        Told().send("A"),
        Told()
        .send("A")
        .answer("A", 503)
        .send("B")
        .answer("B")
        .stored("B")
        .stored("A"),
        # others, and their order, are of no concern
        Told()
        .send("A")
        .answer("A")
        .send("B", key="l")
        .answer("B")
        .stored("B", key="l")
        .stored("A"),
        # nor is another topic
        Told()
        .send("A")
        .answer("A")
        .send("B", kind="leads")
        .answer("B")
        .stored("B", topic="t.leads", partition=1)
        .stored("A"),
        # the sender itself has sent it again
        Told()
        .send("A")
        .answer("A", "reset")
        .send("A")
        .answer("A")
        .stored("A")
        .stored("A"),
        # of the marked one and the other either may get there first
        Told().send("A").answer("A").stored("A", headers=MARKED).stored("A"),
        # a mark says only that it may be one
        Told().send("A").answer("A").stored("A", headers=MARKED),
    ],
)
def test_nothing_is_wrong(told):
    assert [str(v) for v in told.verdict().violations] == []


def test_the_counts():
    told = (
        one_after_the_other()
        .send("C", key="l")
        .answer("C", 503)
        .send("D", key="m")
        .stored("A")
        .stored("B")
        .stored("A", headers=MARKED)
    )
    verdict = told.verdict()
    assert verdict.is_good
    assert verdict.sent == 4
    assert verdict.answers == {200: 2, 503: 1, 0: 1}
    assert verdict.records == 3
    assert (verdict.repeated, verdict.marked) == (1, 1)


# ---- one planted violation each ---------------------------------------------


def test_lost():
    told = (
        one_after_the_other()
        .mark("kill -9 bridge")
        .send("C")
        .answer("C")
        .stored("A")
        .stored("C")
    )
    verdict = told.verdict()
    assert verdict.rules() == {"lost": 1}
    text = verdict.violations[0].text
    # who, when, and what was near it
    assert text.startswith("B, number 1 of clicks k; sent at 0.002000 s")
    assert "in Kafka: nowhere" in text
    assert "before it: A" in text
    assert "after it: C" in text
    assert "1.000 ms after 'kill -9 bridge'" in text


def test_lost_all_the_same_if_sent_again():
    told = Told().send("A").answer("A").send("A").answer("A", "reset")
    assert told.rules() == {"lost": 1}


def test_in_a_topic_that_gets_no_events():
    told = Told().send("A").answer("A").stored("A", topic="t.dead")
    assert told.rules() == {"misplaced": 1}


def test_in_the_topic_of_another_kind():
    told = Told().send("A").answer("A").stored("A", topic="t.leads")
    assert told.rules() == {"misplaced": 1}


def test_another_key():
    told = Told().send("A").answer("A").stored("A", key="l")
    assert told.rules() == {"misplaced": 1}


def test_no_key():
    told = Told().send("A").answer("A").stored("A", key="")
    assert told.rules() == {"misplaced": 1}


def test_a_key_in_two_partitions():
    told = one_after_the_other().stored("A").stored("B", partition=1)
    assert told.rules() == {"misplaced": 1}


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (body("A") + b" ", {"altered": 1, "lost": 1}),
        (body("Z"), {"unknown": 1, "lost": 1}),
        (b"", {"unknown": 1, "lost": 1}),
        (b"\xff{", {"unknown": 1, "lost": 1}),
        (b"[1]", {"unknown": 1, "lost": 1}),
        (b'{"data": 1}', {"unknown": 1, "lost": 1}),
        (b'{"data": {"crash_id": [1]}}', {"unknown": 1, "lost": 1}),
    ],
)
def test_other_bytes(value, rules):
    told = Told().send("A").answer("A").stored("A", value=value)
    assert told.rules() == rules


def test_unknown_besides():
    told = Told().send("A").answer("A").stored("A").stored("Z")
    assert told.rules() == {"unknown": 1}


def test_order():
    told = one_after_the_other().stored("B").stored("A")
    verdict = told.verdict()
    assert verdict.rules() == {"order": 1}
    text = verdict.violations[0].text
    assert text.startswith("B, ")
    assert "in Kafka: t.clicks[0]@0 " in text
    assert "A, number 0" in text
    assert "t.clicks[0]@1" in text


@pytest.mark.parametrize("status", [503, "reset", None])
def test_order_of_what_had_no_200_itself(status):
    told = Told().send("A").answer("A").send("B")
    if status is not None:
        told.answer("B", status)
    assert told.stored("B").stored("A").rules() == {"order": 1}


def test_order_is_that_of_first_occurrences():
    told = (
        one_after_the_other()
        .stored("B", headers=MARKED)
        .stored("A")
        .stored("B")
    )
    assert told.rules() == {"order": 1}


def test_order_across_what_overlaps():
    """C was sent after A's 200, though B, between them, was not answered."""
    told = Told().send("A").send("B").answer("A").send("C")
    told.stored("B").stored("C").stored("A")
    assert told.rules() == {"order": 1}


def test_order_with_the_last_of_those_before():
    """It is behind the latest of all that had their 200, not behind any."""
    told = Told().send("A").answer("A").send("B").answer("B").send("C")
    told.stored("A").stored("C").stored("B")
    assert told.rules() == {"order": 1}


def test_order_of_what_was_sent_again_counts_from_the_first_time():
    """The bridge may have had B before A."""
    told = Told().send("B").answer("B", "reset").send("A").answer("A")
    told.send("B").answer("B").stored("B").stored("A")
    assert told.rules() == {}


def test_duplicate():
    told = Told().send("A").answer("A").stored("A").stored("A")
    verdict = told.verdict()
    assert verdict.rules() == {"duplicate": 1}
    assert verdict.repeated == 1
    assert "t.clicks[0]@0, t.clicks[0]@1" in verdict.violations[0].text


def test_duplicate_once_too_often():
    told = Told().send("A").answer("A", "reset").send("A").answer("A")
    told.stored("A").stored("A").stored("A")
    assert told.rules() == {"duplicate": 1}


@pytest.mark.parametrize(
    "header", [(MARK, b"false"), (MARK, None), ("possible-duplicate", b"true")]
)
def test_duplicate_with_another_mark(header):
    told = Told().send("A").answer("A").stored("A")
    assert told.stored("A", headers=[header]).rules() == {"duplicate": 1}


def test_all_at_once():
    told = (
        Told()
        .send("A")
        .answer("A")
        .send("B")
        .answer("B")
        .send("C", key="l")
        .answer("C")
        .stored("B")
        .stored("A")
        .stored("A")
        .stored("Z")
    )
    assert told.rules() == {"order": 1, "duplicate": 1, "unknown": 1, "lost": 1}


def test_order_that_the_bridge_says_it_has_broken():
    verdict = one_after_the_other().stored("B").stored("A").verdict()
    verdict.excuse_disorder(0)
    assert verdict.rules() == {"order": 1}
    verdict.excuse_disorder(1)
    assert verdict.is_good
    assert verdict.disorder == 1


def test_only_order_is_excused():
    told = one_after_the_other().stored("B").stored("A").stored("A")
    verdict = told.stored("Z").verdict()
    verdict.excuse_disorder(9)
    assert verdict.rules() == {"duplicate": 1, "unknown": 1}


# ---- the journal ------------------------------------------------------------


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "journal"
    writer = Writer(path)
    writer.mark("begin")
    writer.send("A", "clicks", "k", 0, digest(body("A")))
    writer.answer("A", 200)
    writer.send("B", "leads", "k", 1, digest(body("B")))
    writer.answer("B", "reset")
    writer.send("B", "leads", "k", 1, digest(body("B")))
    writer.close()
    journal = load(path)
    a, b = journal.events["A"], journal.events["B"]
    assert [text for _, text in journal.marks] == ["begin"]
    assert (a.kind, a.key, a.n) == ("clicks", "k", 0)
    assert journal.marks[0][0] <= a.sent_ns <= a.taken_ns <= b.sent_ns
    assert [(t.status, t.why) for t in b.attempts] == [
        (None, "reset"),
        (None, ""),
    ]
    assert b.taken_ns is None
    assert journal.answers() == {200: 1, 0: 2}


def test_a_line_that_was_being_written(tmp_path):
    path = tmp_path / "journal"
    writer = Writer(path)
    writer.send("A", "clicks", "k", 0, "0")
    writer.close()
    with path.open("ab") as file:
        file.write(b'["answer","A",2')
    journal = load(path)
    assert journal.events["A"].attempts[0].answered_ns is None


def test_an_id_is_of_one_event():
    journal = Journal()
    journal.add(["send", "A", "clicks", "k", 0, "x", 1])
    with pytest.raises(ValueError, match="two events"):
        journal.add(["send", "A", "clicks", "k", 0, "y", 2])


def test_event_id_of():
    assert event_id_of(body("A")) == "A"
    assert event_id_of(None) is None
