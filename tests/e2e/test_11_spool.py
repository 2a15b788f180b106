"""What a 200 promises while Kafka is away: kept on disk, sent when it is
back, in order."""

import os
import signal
import subprocess
import time
from pathlib import Path

from harness.events import click
from harness.load import Load, check_promises
from harness.surroundings import FILL_SPOOL, cannot_run
from harness.waiting import wait_for
from harness.web import is_problem

MARK = "bridge-possible-duplicate"


def events_in(kafka, topics):
    return kafka.read_topic(topics.clicks) + kafka.read_topic(topics.leads)


def enough_taken(load, count):
    wait_for(lambda: len(load.taken) >= count, f"{count} events are taken")


def check_duplicates(records):
    """What is there twice is marked from the second time on."""
    seen = set()
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        if record.value in seen:
            assert MARK in dict(record.headers), record
        seen.add(record.value)


def test_kafka_goes_and_comes(own_cluster, bridge):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    served = bridge(topics, bootstrap=kafka.bootstrap)
    with Load(served.port, senders=8) as load:
        enough_taken(load, 200)
        cluster.kill()
        enough_taken(load, len(load.taken) + 1000)
        assert served.metric("aurix_bridge_spool_records") > 0
        assert served.is_ready()
        cluster.restart()
        wait_for(
            lambda: served.log_lines("kafka confirms again"), "kafka is back"
        )
        enough_taken(load, len(load.taken) + 200)
    assert set(load.answers()) == {200}
    served.wait_drained()
    records = events_in(kafka, topics)
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


def test_killed_while_kafka_is_away(own_cluster, bridge):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    served = bridge(topics, bootstrap=kafka.bootstrap)
    with Load(served.port, senders=8) as load:
        enough_taken(load, 200)
        cluster.kill()
        enough_taken(load, len(load.taken) + 1000)
        served.kill()
    cluster.restart()
    served.restart()
    served.wait_drained()
    records = events_in(kafka, topics)
    check_promises(load, records)
    check_duplicates(records)


def test_stopped_while_kafka_is_away(own_cluster, bridge):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    served = bridge(topics, bootstrap=kafka.bootstrap)
    with Load(served.port, senders=8) as load:
        enough_taken(load, 200)
        cluster.kill()
        enough_taken(load, len(load.taken) + 200)
        served.signal(signal.SIGTERM)
        wait_for(lambda: not served.is_running(), "it has ended")
    assert served.wait() == 0
    cluster.restart()
    served.restart()
    served.wait_drained()
    records = events_in(kafka, topics)
    check_promises(load, records)
    check_duplicates(records)


def test_a_broker_that_hangs(own_cluster, bridge):
    """What is in doubt is confirmed late, and is there once."""
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    served = bridge(topics, bootstrap=kafka.bootstrap)
    wait_for(lambda: served.post(click()).status == 200, "a first 200")
    served.wait_drained()
    cluster.pause()
    body = click()
    assert served.post(body).status == 200
    assert served.metric("aurix_bridge_spool_records") == 1
    assert served.metric("aurix_bridge_in_doubt_records") == 1
    cluster.resume()
    served.wait_drained()
    values = [record.value for record in kafka.read_topic(topics.clicks)]
    assert values.count(body) == 1


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


def test_a_full_spool(own_cluster, bridge):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics()
    served = bridge(
        topics,
        settings={"spool.max_bytes": 1024 * 1024},
        bootstrap=kafka.bootstrap,
    )
    with Load(served.port, senders=8) as load:
        enough_taken(load, 200)
        cluster.kill()
        wait_for(lambda: 503 in load.answers(), "the spool is full")
        assert served.log_lines("no more events can be kept")
        answer = served.post(click())
        is_problem(answer, 503)
        assert answer.header("Retry-After")
        wait_for(lambda: not served.is_ready(), "it is not ready")
        cluster.restart()
        served.wait_ready()
        enough_taken(load, len(load.taken) + 500)
    assert set(load.answers()) == {200, 503}
    assert served.metric("aurix_bridge_unavailable_total") > 0
    served.wait_drained()
    check_promises(load, events_in(kafka, topics))


# BRIDGE_SPOOLED=1000000 is a long outage; it takes some minutes.
SPOOLED = int(os.environ.get("BRIDGE_SPOOLED") or 50_000)
KEYS = 500


def fill_spool(folder: Path, topic: str) -> None:
    if not FILL_SPOOL.exists():
        cannot_run(f"{FILL_SPOOL} is not built")
    subprocess.run(
        [FILL_SPOOL, folder, topic, str(KEYS), str(SPOOLED)], check=True
    )


def test_started_with_a_full_spool(kafka, bridge, tmp_path):
    """It takes events at once; those that come then follow what was there."""
    topics = kafka.new_topics()
    folder = tmp_path / "spool"
    fill_spool(folder, topics.clicks)
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
