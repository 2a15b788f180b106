"""`topics`: creates what is missing, reports what differs, moves nothing."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from harness.kafka_client import Kafka, Topics
from harness.programs import run_command, settings_file, topic_settings
from kafka.admin import ConfigResource, ConfigResourceType

WEEK_MS = 7 * 24 * 3600 * 1000


@pytest.fixture
def run(kafka: Kafka, tmp_path: Path):
    """run(topics, settings={}, *arguments) -> CompletedProcess"""

    def call(
        topics: Topics,
        settings: dict[str, str] | None = None,
        *arguments: str,
        bootstrap: str | None = None,
    ) -> CompletedProcess:
        more = settings or {}
        config = settings_file(
            tmp_path / "bridge.ini",
            {
                **more,  # first, because the first route that matches wins
                "kafka.bootstrap.servers": bootstrap or kafka.bootstrap,
                "topics.partitions": "4",
                **topic_settings(topics),
                **more,
            },
        )
        return run_command("topics", "--config", str(config), *arguments)

    return call


def states(done: CompletedProcess) -> dict[str, str]:
    """Topic to what its line begins with."""
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert len({name for _, name, *_ in lines}) == len(lines)
    return {name: state for state, name, *_ in lines}


def config_of(kafka: Kafka, topic: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    described = kafka.admin.describe_configs([resource])
    values = described["topic"][topic]
    return {name: entry["value"] for name, entry in values.items()}


def test_creates_and_then_finds(kafka, run):
    topics = Topics()
    done = run(topics, {"topics.retention_hours": "24"})
    assert done.returncode == 0, done.stderr
    assert states(done) == dict.fromkeys(topics.all, "created")
    assert done.stderr == b""
    for topic in topics.all:
        assert kafka.partition_count(topic) == 4
        config = config_of(kafka, topic)
        assert config["retention.ms"] == str(24 * 3600 * 1000)
        assert config["min.insync.replicas"] == "1"

    for _ in range(2):
        again = run(topics, {"topics.retention_hours": "24"})
        assert again.returncode == 0
        assert states(again) == dict.fromkeys(topics.all, "there")


def test_creates_only_what_is_missing(kafka, run):
    topics = Topics()
    kafka.create_topics(
        [topics.leads], 4, settings={"retention.ms": str(WEEK_MS)}
    )
    kafka.produce(topics.leads, b"stays")
    done = run(topics)
    assert done.returncode == 0, done.stderr
    assert states(done) == {
        topics.clicks: "created",
        topics.leads: "there",
        topics.other: "created",
        topics.dead: "created",
    }
    assert [r.value for r in kafka.read_topic(topics.leads)] == [b"stays"]


def test_differences_are_told_and_left(kafka, run):
    topics = Topics()
    assert run(topics).returncode == 0
    changed = {"topics.retention_hours": "1"}
    done = run(topics, changed)
    assert done.returncode == 0
    assert states(done) == dict.fromkeys(topics.all, "differs")
    line = done.stdout.decode().splitlines()[0]
    assert f"retention.ms is {WEEK_MS}, configured 3600000" in line
    assert "kafka-configs.sh" in line
    assert config_of(kafka, topics.clicks)["retention.ms"] == str(WEEK_MS)


@pytest.mark.parametrize(("wanted", "advice"), [("8", "adds"), ("2", "none")])
def test_another_number_of_partitions(kafka, run, wanted, advice):
    topics = Topics()
    assert run(topics).returncode == 0
    done = run(topics, {"topics.partitions": wanted})
    assert done.returncode == 0  # still the same everywhere
    line = done.stdout.decode().splitlines()[0]
    assert line.startswith("differs")
    assert f"partitions is 4, configured {wanted}" in line
    assert advice in line
    assert kafka.partition_count(topics.clicks) == 4


def test_topics_that_cannot_be_joined(kafka, run):
    topics = Topics()
    kafka.create_topics([topics.leads], 3)
    done = run(topics)
    assert done.returncode == 1
    assert states(done)[topics.clicks] == "created"
    assert states(done)[topics.leads] == "differs"
    said = done.stderr.decode()
    assert f"'{topics.clicks}' has 4 partitions" in said
    assert f"'{topics.leads}' has 3" in said
    assert "joined" in said


def test_a_difference_elsewhere_is_a_warning(kafka, run):
    topics = Topics()
    kafka.create_topics([topics.other], 3)
    done = run(topics)
    assert done.returncode == 0
    assert "warning" in done.stderr.decode()


def test_more_copies_than_brokers(kafka, run):
    """The broker's own reason, for every topic."""
    topics = Topics()
    done = run(topics, {"topics.replication": "9"})
    assert done.returncode == 1
    assert states(done) == dict.fromkeys(topics.all, "failed")
    assert "cannot create topic" in done.stderr.decode()
    assert not set(topics.all) & kafka.topic_names()


def test_a_route_of_its_own(kafka, run):
    topics = Topics()
    extra = f"{topics.prefix}.extra"
    done = run(topics, {"routes.invoice.*": extra})
    assert done.returncode == 0
    assert states(done)[extra] == "created"


def test_no_broker(run):
    done = run(
        Topics(),
        None,
        "--timeout",
        "1",
        bootstrap="127.0.0.1:1",
    )
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "127.0.0.1:1" in said
    assert "Connection refused" in said
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--timeout", "soon"], "soon"),
        (["--timeout", "0"], "0"),
        (["--timeot", "1"], "did you mean '--timeout'"),
        (["aurix.clicks"], "aurix.clicks"),
    ],
)
def test_wrong_use(arguments, says):
    done = run_command("topics", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()
