"""What a 200 promises while Kafka is away: kept on disk, sent when it is
back, in order."""

import os
import time

import pytest
from harness.events import click
from harness.load import (
    MARK,
    Load,
    check_duplicates,
    check_promises,
    events_in,
)
from harness.spools import fill
from harness.waiting import wait_for
from harness.web import is_problem


def test_kafka_goes_and_comes(own_bridge):
    cluster, kafka, served = own_bridge()
    with Load(served.port, senders=8) as load:
        load.wait_for_more(200)
        cluster.kill()
        load.wait_for_more(1000)
        assert served.metric("aurix_bridge_spool_records") > 0
        assert served.is_ready()
        cluster.restart()
        wait_for(
            lambda: served.log_lines("kafka confirms again"), "kafka is back"
        )
        load.wait_for_more(200)
    assert set(load.answers()) == {200}
    served.wait_drained()
    records = events_in(kafka, served.topics)
    check_promises(load, records)
    # nothing but the broker was killed
    assert len(records) == len(load.taken)


def test_kafka_was_never_there(own_cluster, bridge):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    cluster.kill()
    served = bridge(topics, bootstrap=kafka.bootstrap)
    with Load(served.port, senders=8, limit=40) as load:
        load.join()
    assert load.answers() == {200: 320}
    cluster.restart()
    served.wait_drained()
    records = events_in(kafka, topics)
    check_promises(load, records)
    assert len(records) == 320


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_ended_while_kafka_is_away(own_bridge, how):
    cluster, kafka, served = own_bridge()
    with Load(served.port, senders=8) as load:
        load.wait_for_more(200)
        cluster.kill()
        load.wait_for_more(1000)
        if how == "kill":
            served.kill()
        else:
            assert served.stop() == 0
    cluster.restart()
    served.restart()
    served.wait_drained()
    records = events_in(kafka, served.topics)
    check_promises(load, records)
    check_duplicates(records)


def test_a_broker_that_hangs(own_bridge):
    """What is in doubt is confirmed late, and is there once."""
    cluster, kafka, served = own_bridge()
    wait_for(lambda: served.post(click()).status == 200, "a first 200")
    served.wait_drained()
    cluster.pause()
    body = click()
    assert served.post(body).status == 200
    assert served.metric("aurix_bridge_spool_records") == 1
    assert served.metric("aurix_bridge_in_doubt_records") == 1
    cluster.resume()
    served.wait_drained()
    assert kafka.values(served.topics.clicks).count(body) == 1


def test_a_topic_that_is_missing(kafka, bridge):
    """Its events wait; those of other topics do not."""
    topics = kafka.new_topics()
    missing = f"{topics.prefix}.missing"
    served = bridge(topics, settings={"routes.widget.*": missing})
    with Load(served.port, senders=4, limit=20) as load:
        load.join()
    assert load.answers() == {200: 80}
    wait_for(lambda: len(kafka.read_topic(topics.leads)) == 40, "the leads")
    assert missing not in kafka.topic_names()
    kafka.create_topics([missing])
    served.wait_drained()
    check_promises(
        load, kafka.read_topic(missing) + kafka.read_topic(topics.leads)
    )


def test_a_full_spool(own_bridge):
    cluster, kafka, served = own_bridge(
        settings={"spool.max_bytes": 1024 * 1024}
    )
    with Load(served.port, senders=8) as load:
        load.wait_for_more(200)
        cluster.kill()
        wait_for(lambda: 503 in load.answers(), "the spool is full")
        assert served.log_lines("no more events can be kept")
        answer = served.post(click())
        is_problem(answer, 503)
        assert answer.header("Retry-After")
        wait_for(lambda: not served.is_ready(), "it is not ready")
        cluster.restart()
        served.wait_ready()
        load.wait_for_more(500)
    assert set(load.answers()) == {200, 503}
    assert served.metric("aurix_bridge_unavailable_total") > 0
    served.wait_drained()
    check_promises(load, events_in(kafka, served.topics))


# BRIDGE_SPOOLED=1000000 is a long outage; it takes some minutes.
SPOOLED = int(os.environ.get("BRIDGE_SPOOLED") or 50_000)
KEYS = 500


def test_started_with_a_full_spool(kafka, bridge, tmp_path):
    """It takes events at once; those that come then follow what was there."""
    topics = kafka.new_topics()
    folder = tmp_path / "spool"
    fill(folder, topics.clicks, KEYS, SPOOLED)
    began = time.monotonic()
    served = bridge(
        topics,
        settings={"spool.dir": folder, "spool.max_bytes": 1 << 34},
    )
    ready = time.monotonic()
    body = click("k7", serial=1)
    assert served.post(body).status == 200
    left = served.metric("aurix_bridge_spool_records")
    assert left > 0, "all was sent before anything could come"
    wait_for(
        lambda: served.metric("aurix_bridge_spool_records") == 0,
        "the spool is empty",
        deadline=60 + SPOOLED / 1000,
    )
    print(
        f"{SPOOLED} records: ready after {ready - began:.1f} s, "
        f"empty after {time.monotonic() - began:.1f} s"
    )
    records = kafka.read_topic(topics.clicks, deadline=60 + SPOOLED / 1000)
    assert len(records) == SPOOLED + 1
    last: dict[bytes, int] = {}
    for record in records:  # in order within each partition
        key = record.key
        if record.value == body:
            assert last[key] + KEYS >= SPOOLED, "it went past what was there"
            continue
        n = int(record.value)
        assert n > last.get(key, -1), "out of order"
        last[key] = n
        assert MARK not in dict(record.headers)
