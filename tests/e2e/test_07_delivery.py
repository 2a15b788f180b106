"""What a 200 promises, with many senders and with Kafka coming and going,
where there is no spool; test_11_spool.py is about the one with it."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.events import click
from harness.kafka_client import Topics
from harness.load import Load, check_promises, events_in
from harness.waiting import wait_for
from harness.web import is_problem


def test_order_with_64_senders(bridge, kafka, topics):
    served = bridge(topics)
    with Load(served.port, senders=64, limit=40) as load:
        load.join()
    assert load.answers() == {200: 64 * 40}
    served.wait_drained()
    records = events_in(kafka, topics)
    check_promises(load, records)
    # no fault was injected, so nothing may be there twice
    assert len(records) == 64 * 40
    assert len({record.value for record in records}) == 64 * 40


def test_a_topic_with_a_small_limit(bridge, kafka):
    """Its limit is for a batch: records that fit must not be refused because
    of those that they travel with."""
    topics = Topics()
    kafka.create_topics(topics.all, settings={"max.message.bytes": "140000"})
    served = bridge(topics)
    sent = [click(user_agent="x" * 8000) for _ in range(600)]
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(served.post, sent))
    assert {answer.status for answer in answers} == {200}
    served.wait_drained()
    assert kafka.read_topic(topics.dead) == []
    assert set(kafka.values(topics.clicks)) == set(sent)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_broker_goes_and_comes(own_bridge, how):
    cluster, kafka, served = own_bridge(
        settings={"spool.enabled": "false", "deliver.patience_ms": 1000}
    )
    with Load(served.port, senders=8) as load:
        load.wait_for_more(200)
        getattr(cluster, how)()
        wait_for(lambda: 503 in load.answers(), "503 while Kafka is away")
        wait_for(lambda: not served.is_ready(), "not ready any more")
        cluster.restart()
        load.wait_for_more(200)
        served.wait_ready()
    assert set(load.answers()) == {200, 503}
    check_promises(load, events_in(kafka, served.topics))
    assert served.log_lines("kafka is not ready")
    # nothing is restarted, no person is needed
    assert served.post(click()).status == 200


def test_a_broker_that_hangs(own_bridge):
    cluster, kafka, served = own_bridge(
        settings={"spool.enabled": "false", "deliver.patience_ms": 500}
    )
    # a broker that has just started is slow with a producer's first record
    wait_for(lambda: served.post(click()).status == 200, "a first 200")
    late = served.metric("aurix_bridge_deliveries_total", outcome="late")
    cluster.pause()
    body = click()
    answer = served.post(body)
    is_problem(answer, 503)
    assert answer.header("Retry-After")
    cluster.resume()
    # it was not promised, but it is not thrown away either
    wait_for(
        lambda: kafka.records_with_value(served.topics.clicks, body),
        "the late event is there",
    )
    wait_for(
        lambda: (
            served.metric("aurix_bridge_deliveries_total", outcome="late")
            > late
        ),
        "and was counted as late",
    )


def test_one_of_three_brokers_dies(own_bridge):
    cluster, kafka, served = own_bridge(nodes=3)
    with Load(served.port, senders=8) as load:
        load.wait_for_more(200)
        cluster.kill(1)
        load.wait_for_more(400)
        cluster.restart(1)
        load.wait_for_more(200)
    assert set(load.answers()) == {200}
    served.wait_drained()
    check_promises(load, events_in(kafka, served.topics))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_under_load(bridge, kafka, topics, number):
    served = bridge(
        topics, settings={"deliver.notice_ms": 300, "spool.enabled": "false"}
    )
    with Load(served.port, senders=32) as load:
        load.wait_for_more(500)
        served.signal(number)
        wait_for(lambda: not served.is_running(), "it has ended")
    assert served.wait() == 0
    taken = len(load.taken)
    records = events_in(kafka, topics)
    check_promises(load, records)
    # Every answer that was given is one that the sender got: what was read
    # and produced was answered, so there are as many records as 200s.
    assert len(records) == taken
    assert set(load.answers()) <= {200, 503}


def test_stopped_while_kafka_is_away(own_bridge):
    cluster, kafka, served = own_bridge(
        settings={"spool.enabled": "false", "deliver.patience_ms": 2000}
    )
    with Load(served.port, senders=8) as load:
        load.wait_for_more(100)
        cluster.kill()
        wait_for(lambda: 503 in load.answers(), "503 while Kafka is away")
        assert served.stop() == 0
    cluster.restart()
    check_promises(load, events_in(kafka, served.topics))


def test_readiness_names_the_missing_topic(kafka, bridge):
    topics = kafka.new_topics()
    missing = f"{topics.prefix}.missing"
    served = bridge(
        topics,
        settings={"topics.other": missing, "spool.enabled": "false"},
        ready=False,
    )
    wait_for(
        lambda: served.log_lines("kafka is not ready", missing), "it says so"
    )
    assert not served.is_ready()
    assert served.post(click()).status == 200  # the clicks' topic is there
    # looking did not make it
    assert missing not in kafka.topic_names()
    kafka.create_topics([missing])
    served.wait_ready()
