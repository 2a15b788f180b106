"""Fixtures of the end-to-end tests.

`kafka`            a real Kafka for the whole run; no test may stop it
`own_cluster`      makes clusters that a test may stop, kill and pause
`topics`           the bridge's topics under a name of their own
`bridge(...)`      starts `serve` for one test; `consumer(kind, ...)` likewise
`own_bridge(...)`  the same, with a cluster of its own
`left(bodies)`     the spool of a bridge that took them and is gone
`nowhere`          the address of a Kafka that is not there
`shared_bridge`    one `serve` for all tests of a file, on `shared_topics`

BRIDGE_PROGRAM         the program under test, build/aurix-bridge by default
BRIDGE_TEST_BROKERS    an existing cluster in the place of our own
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.kafka_client import Kafka, Topics
from harness.kafka_cluster import Cluster
from harness.ports import free_ports
from harness.processes import tail
from harness.programs import Fleet, Program, Serve, need_program
from harness.surroundings import BUILD, cannot_run

_programs: list[Program] = []  # that the running test can have used


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for program in _programs:
            report.sections.append(
                (f"log of {program.name}", tail(program.stderr_path, 30))
            )
    return report


@pytest.fixture(scope="session")
def workplace() -> Iterator[Path]:
    """A folder for everything that this run writes."""
    parent = BUILD / "e2e"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    yield folder
    if not os.environ.get("BRIDGE_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(workplace: Path) -> Iterator[Kafka]:
    given = os.environ.get("BRIDGE_TEST_BROKERS")
    cluster = None
    if not given:
        cluster = Cluster(workplace / "kafka")
        cluster.start()
    client = Kafka(given or cluster.bootstrap)
    yield client
    client.close()
    if cluster is not None:
        cluster.destroy()


@pytest.fixture
def own_cluster(
    workplace: Path,
) -> Iterator[Callable[..., tuple[Cluster, Kafka]]]:
    """own_cluster(nodes=1, settings=None) -> (Cluster, Kafka)"""
    if os.environ.get("BRIDGE_TEST_BROKERS"):
        cannot_run("needs brokers to stop; BRIDGE_TEST_BROKERS are not ours")
    made: list[tuple[Cluster, Kafka]] = []

    def make(
        nodes: int = 1, settings: dict[str, str] | None = None
    ) -> tuple[Cluster, Kafka]:
        folder = Path(tempfile.mkdtemp(dir=workplace, prefix="cluster-"))
        cluster = Cluster(folder / "nodes", nodes, settings)
        cluster.start()
        made.append((cluster, Kafka(cluster.bootstrap)))
        return made[-1]

    yield make
    for cluster, client in made:
        cluster.resume()
        cluster.destroy()
        client.close()


@pytest.fixture
def topics(kafka: Kafka) -> Topics:
    return kafka.new_topics()


@pytest.fixture(scope="module")
def shared_topics(kafka: Kafka) -> Topics:
    return kafka.new_topics()


@pytest.fixture
def fleet(kafka: Kafka, workplace: Path) -> Iterator[Fleet]:
    """Programs of one test, ended with it: SIGTERM, exit status 0."""
    folder = Path(tempfile.mkdtemp(dir=workplace, prefix="programs-"))
    before = len(_programs)
    fleet = Fleet(folder, kafka.bootstrap, _programs)
    yield fleet
    fleet.finish()
    del _programs[before:]


@pytest.fixture
def bridge(fleet: Fleet, request: pytest.FixtureRequest):
    """bridge(topics=None, settings={}, env={}, ready=True) -> Serve"""

    def start(topics: Topics | None = None, **how) -> Serve:
        if topics is None:
            topics = request.getfixturevalue("topics")
        return fleet.serve(topics, **how)

    return start


@pytest.fixture
def own_bridge(own_cluster, bridge):
    """own_bridge(nodes=1, settings={}, …) -> (Cluster, Kafka, Serve)"""

    def start(nodes: int = 1, **how) -> tuple[Cluster, Kafka, Serve]:
        cluster, kafka = own_cluster(nodes)
        topics = kafka.new_topics(replication=nodes)
        return cluster, kafka, bridge(topics, bootstrap=kafka.bootstrap, **how)

    return start


@pytest.fixture
def nowhere() -> str:
    (port,) = free_ports(1)
    return f"127.0.0.1:{port}"


@pytest.fixture
def left(bridge, nowhere):
    """left(bodies, topics=None, kill=True, settings={}, …) -> the spool of a
    bridge that took them while Kafka was away, and is gone: killed, or stopped
    in an orderly way."""

    def make(
        bodies: list[bytes],
        topics: Topics | None = None,
        kill: bool = True,
        **how,
    ) -> Path:
        served = bridge(topics, bootstrap=nowhere, **how)
        for body in bodies:
            assert served.post(body).status in (200, 400)
        if kill:
            served.kill()
        else:
            assert served.stop() == 0
        return served.folder / "spool"

    return make


@pytest.fixture
def consumer(fleet: Fleet, request: pytest.FixtureRequest):
    """consumer("clicks"|"leads", topics=None, settings={}, …) -> Consume"""

    def start(kind: str, topics: Topics | None = None, **how):
        if topics is None:
            topics = request.getfixturevalue("topics")
        return fleet.consume(kind, topics, **how)

    return start


@pytest.fixture(scope="module")
def shared_bridge(
    kafka: Kafka, shared_topics: Topics, workplace: Path
) -> Iterator[Serve]:
    need_program()
    folder = Path(tempfile.mkdtemp(dir=workplace, prefix="shared-"))
    before = len(_programs)
    fleet = Fleet(folder, kafka.bootstrap, _programs)
    try:
        yield fleet.serve(shared_topics)
    finally:
        fleet.finish()
        del _programs[before:]
