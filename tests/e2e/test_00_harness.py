"""The harness itself: a test that rests on a wrong one proves nothing."""

import shlex
import subprocess

import pytest
from harness import kafka_client, programs
from harness.events import click, sign
from harness.kafka_client import java_partition, murmur2
from harness.programs import settings_file
from harness.waiting import wait_for
from kafka.partitioner.default import murmur2 as kafka_python_murmur2

# From the tests of Kafka's own org.apache.kafka.common.utils.Utils.
JAVA_HASHES = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("key", JAVA_HASHES)
def test_murmur2_is_javas(key):
    assert murmur2(key) == JAVA_HASHES[key] & 0xFFFFFFFF


def test_murmur2_is_kafka_pythons():
    for n in range(64):
        key = bytes(n * i * 7 % 256 for i in range(n))
        assert murmur2(key) == kafka_python_murmur2(key) & 0xFFFFFFFF, key


def test_signature_is_what_openssl_says():
    body = click()
    openssl = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", "secret", "-r"],
        input=body,
        capture_output=True,
        check=True,
    )
    assert openssl.stdout.split()[0].decode() == sign(body, "secret")


def test_records_are_read_back_whole(kafka):
    topics = kafka.new_topics(partitions=4)
    wanted = {}
    for i in range(40):
        key = b"key-%d" % i
        wanted[key] = (b"\x00value %d" % i, [("a", b"1"), ("b", b"")])
        kafka.produce(topics.clicks, *wanted[key][:1], key, wanted[key][1])
    kafka.produce(topics.clicks, b"", None, partition=2)
    records = kafka.read_topic(topics.clicks)
    assert len(records) == 41 == kafka.count(topics.clicks)
    assert [r.value for r in records if r.key is None] == [b""]
    for record in records:
        if record.key is not None:
            value, headers = wanted.pop(record.key)
            assert (record.value, list(record.headers)) == (value, headers)
            assert record.partition == java_partition(record.key, 4)
    assert wanted == {}
    assert kafka.read_topic(topics.leads) == []
    assert set(topics.all) <= kafka.topic_names()


def test_groups_are_seen(kafka):
    topics = kafka.new_topics()
    kafka.produce(topics.clicks, b"v", b"k")
    group = f"{topics.prefix}.group"
    assert kafka.committed(group, topics.clicks) == {}
    assert kafka.group_members(group) == {}
    member = kafka_client.KafkaConsumer(
        topics.clicks,
        bootstrap_servers=kafka.bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while not member.poll(500):
        pass
    assert kafka.lag(group, topics.clicks) == 1
    member.commit()
    (owned,) = kafka.group_members(group).values()
    assert owned == {(topics.clicks, p) for p in range(3)}
    assert kafka.lag(group, topics.clicks) == 0
    member.close()


def test_a_killed_broker_keeps_what_it_had(own_cluster):
    cluster, kafka = own_cluster()
    topics = kafka.new_topics(partitions=1)
    kafka.produce(topics.leads, b"kept", b"k")
    cluster.kill()
    assert not cluster.nodes[0].is_running()
    cluster.restart()
    assert [r.value for r in kafka.read_topic(topics.leads)] == [b"kept"]


def test_settings_become_sections(tmp_path):
    path = settings_file(
        tmp_path / "x.ini",
        {
            "http.port": "0",
            "routes.widget.*": "a",
            "source b.path": "/b",
            "http.host": "127.0.0.1",
        },
    )
    assert path.read_text() == (
        "[http]\nport = 0\nhost = 127.0.0.1\n"
        "\n[routes]\nwidget.* = a\n"
        "\n[source b]\npath = /b\n"
    )


@pytest.mark.parametrize(
    ("at_the_end", "complaint"),
    [
        ("exit 0", None),
        ("exit 3", "ended with 3"),
        ("kill -SEGV $$", "ended with -11"),
        ("echo 'WARNING: ThreadSanitizer: data race' >&2; exit 0", "data race"),
        ("echo 'x.c:1: runtime error: overflow' >&2; exit 0", "overflow"),
        ("echo 'ERROR: AddressSanitizer: x' >&2; exit 0", "AddressSanitizer"),
    ],
)
def test_a_bad_end_is_noticed(tmp_path, monkeypatch, at_the_end, complaint):
    script = tmp_path / "program"
    script.write_text(
        f"#!/bin/bash\ntrap {shlex.quote(at_the_end)} TERM\n"
        f"echo ready >&2\nwhile :; do read -rt 1 <> <(:); done\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(programs, "PROGRAM", script)
    program = programs.Program(tmp_path / "run", ["serve"], {})
    program.start()
    wait_for(lambda: "ready" in program.stderr, "the script is ready")
    if complaint is None:
        program.finish()
    else:
        with pytest.raises(AssertionError, match=complaint):
            program.finish()
    assert not program.is_running()
