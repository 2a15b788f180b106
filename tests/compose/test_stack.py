"""The compose file: from `up` to `down`, in this order, on one stack."""

import http.client
import json
import re

import pytest
from discretion import assert_discreet
from engine import PATIENCE, docker, inspect, kill
from feeder import Feeder
from harness.events import click, complete, correlated, event, new_key, unknown
from harness.waiting import wait_for
from stack import DEVELOPMENT_SECRET, OURS

CLICKS, LEADS = "aurix-clicks", "aurix-leads"  # groups
SPOOL = "/var/lib/aurix-bridge/spool"
WINDOW = 100  # events at least while nothing changes


# ---- up, and events in -------------------------------------------------------


def test_first_click(stack):
    """As the README has it."""
    said = stack.execute(
        *("bridge", "aurix-bridge", "send", "--example", "widget.click")
    )
    assert re.search(r"^200: \d+ answers?", said, re.M), said
    wait_for(
        lambda: (
            '"event_type":"widget.click"'
            in stack.compose("logs", "clicks-consumer")
        ),
        "the click is in the log of clicks-consumer",
        PATIENCE,
    )


def test_each_type_goes_to_its_consumer(stack):
    clicked, became, completed, *others = (new_key() for _ in range(5))
    strange, broken = others
    for body, status in (
        (click(clicked), 200),
        (correlated(became), 200),
        (complete(completed), 200),
        (unknown(strange), 200),
        (event("lead.correlated", {"correlation_id": broken}), 422),
        (b"{}}", 400),
    ):
        assert stack.post(body).status == status
    assert stack.post(click(), secret="of somebody else").status == 401
    assert stack.post(click(), secret=None).status == 401

    # those behind the ones that nobody may print
    last_click, last_lead = new_key(), new_key()
    assert stack.post(click(last_click)).status == 200
    assert stack.post(correlated(last_lead)).status == 200
    clicks, leads = (
        stack.container(name) for name in ("clicks-consumer", "leads-consumer")
    )
    for key in (clicked, last_click):
        assert stack.wait_printed(key) == clicks
    for key in (became, completed, last_lead):
        assert stack.wait_printed(key) == leads
    everything = {line["key"] for _, line in stack.printed()}
    assert not everything & {strange, broken}
    body = next(
        line["event"] for _, line in stack.printed() if line["key"] == completed
    )
    assert body == json.loads(complete(completed))


def test_check_warns_of_the_secret_of_development(stack):
    said = stack.compose("run", "--rm", "-T", "bridge", "check")
    assert re.search(r"^warn secrets .* default for development", said, re.M)
    assert re.search(r"^0 failures", said, re.M), said


# ---- what the services may ---------------------------------------------------


@pytest.mark.parametrize("service", OURS)
def test_service_is_confined(stack, service):
    of = inspect(stack.container(service))
    host = of["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["Memory"] <= 512 << 20
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    if service == "bridge":
        assert of["Config"]["StopTimeout"] == 30

    assert stack.execute(service, "id", "-u").strip() == "10001"
    mounts = {mount["Destination"] for mount in of["Mounts"]}
    assert ("/var/lib/aurix-bridge" in mounts) == (service == "bridge")
    status = stack.execute(service, "cat", "/proc/1/status")
    facts = dict(line.split(":", 1) for line in status.splitlines())
    assert facts["Name"].strip() == "aurix-bridge"
    assert set(facts["Uid"].split()) == {"10001"}
    assert set(facts["Gid"].split()) == {"10001"}
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        assert int(facts[kind], 16) == 0, kind
    assert facts["NoNewPrivs"].strip() == "1"
    for place in ("/", "/tmp", "/run", "/usr/local/bin"):
        said = stack.execute(service, "touch", f"{place}/x", check=False)
        assert "Read-only file system" in said, said


def test_kafka_fits_its_memory(stack):
    of = inspect(stack.container("kafka"))
    heap = re.search(r"KAFKA_HEAP_OPTS=.*-Xmx(\d+)m", str(of["Config"]["Env"]))
    assert 2 * (int(heap[1]) << 20) < of["HostConfig"]["Memory"]
    assert of["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_nothing_else_is_published(stack):
    found = []
    for container in stack.compose("ps", "--all", "--quiet").split():
        ports = inspect(container)["NetworkSettings"]["Ports"]
        found += [(port, at) for port, at in ports.items() if at]
    assert found == [
        (
            "8005/tcp",
            [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}],
        )
    ]


def test_secret_is_in_no_environment(stack):
    for container in stack.compose("ps", "--all", "--quiet").split():
        assert DEVELOPMENT_SECRET not in docker("inspect", container)
    for service in ("clicks-consumer", "leads-consumer"):
        assert "No such file" in stack.execute(
            service, "ls", "/run/secrets", check=False
        )


# ---- under load --------------------------------------------------------------


def settled_window(stack, feeder, members: int) -> tuple[set[int], dict]:
    """Numbers that were sent, taken and printed while so many members had
    the partitions to themselves, and who had them."""
    owners = stack.wait_settled(CLICKS, members)
    first = feeder.count + 1  # one may have been on its way
    wait_for(lambda: feeder.count > first + WINDOW, "events are sent", PATIENCE)
    end = feeder.count
    wait_for(
        lambda: not feeder.missing(first, end),
        "what was sent in the window is printed",
        PATIENCE,
    )
    return feeder.taken(first, end), owners


def test_scaling_under_load(stack):
    leads = stack.container("leads-consumer")
    leads_before = inspect(leads)["State"]["StartedAt"], stack.group(LEADS)
    with Feeder(stack, "scale") as feeder:
        alone, _ = settled_window(stack, feeder, 1)
        stack.compose("up", "-d", "--scale", "clicks-consumer=3")
        stack.follow()
        three = stack.containers("clicks-consumer")
        shared, owners = settled_window(stack, feeder, 3)
        addresses = {
            network["IPAddress"]
            for container in three
            for network in inspect(container)["NetworkSettings"][
                "Networks"
            ].values()
        }
        stack.compose("up", "-d", "--scale", "clicks-consumer=1")
        alone_again, _ = settled_window(stack, feeder, 1)
        (left,) = stack.containers("clicks-consumer")
    wait_for(lambda: not feeder.missing(), "everything is printed", PATIENCE)

    # two partitions each, and each of the three had something to do
    assert set(owners.values()) == addresses
    assert {list(owners.values()).count(member) for member in addresses} == {2}
    printed = feeder.printed()
    busy = {who for number in shared for who in printed[number]}
    assert busy == {*three, leads}
    assert left in three

    # once, by one
    settled = alone | shared | alone_again
    assert len(settled) >= 2 * WINDOW
    twice = {
        number: printed[number]
        for number in settled
        if printed[number].total() != 1
    }
    assert not twice
    assert 0 not in feeder.answers

    # the leads' consumer has noticed nothing
    assert stack.container("leads-consumer") == leads
    assert leads_before == (
        inspect(leads)["State"]["StartedAt"],
        stack.group(LEADS),
    )
    of_leads = [number for number in feeder.taken() if not number % 10]
    assert all(printed[number] == {leads: 1} for number in of_leads)
    told = stack.outputs[leads].stderr.read_text()
    assert told.count("partitions of the group have changed") == 1


def test_kafka_stops_and_starts(stack):
    before = {service: stack.container(service) for service in OURS}
    with Feeder(stack, "stop") as feeder:
        wait_for(lambda: feeder.count > 10, "events are sent", PATIENCE)
        stack.compose("stop", "kafka")
        without = feeder.count
        wait_for(
            lambda: feeder.count > without + 10,
            "events are answered without Kafka",
            PATIENCE,
        )
        stack.compose("start", "kafka")
        for service in ("kafka", *OURS):
            stack.wait_healthy(service)
        again = feeder.count + 1
        wait_for(
            lambda: len(feeder.taken(again)) > 10,
            "events are taken again",
            PATIENCE,
        )
    wait_for(lambda: not feeder.missing(), "everything is printed", PATIENCE)
    assert set(feeder.answers) == {200}
    for service, container in before.items():
        assert stack.container(service) == container
        assert inspect(container)["RestartCount"] == 0


def test_killed_bridge_is_restarted(stack):
    container = stack.container("bridge")
    with Feeder(stack, "kill") as feeder:
        wait_for(lambda: feeder.count > 10, "events are sent", PATIENCE)
        kill(stack.state("bridge")["Pid"], stack.image)
        wait_for(
            lambda: inspect(container)["RestartCount"] == 1,
            "the bridge is started again",
            PATIENCE,
        )
        stack.wait_healthy("bridge")
        again = feeder.count + 1
        wait_for(
            lambda: len(feeder.taken(again)) > 10,
            "events are taken again",
            PATIENCE,
        )
    wait_for(lambda: not feeder.missing(), "everything is printed", PATIENCE)
    assert stack.container("bridge") == container
    log = stack.compose("logs", "bridge")
    assert log.count("http server listens") == 2
    assert "going down" not in log


# ---- what is said, and to whom -----------------------------------------------


def test_logs_are_discreet(stack):
    assert_discreet(stack, DEVELOPMENT_SECRET)


# ---- the spool ---------------------------------------------------------------


def test_spool_outlives_its_container(stack):
    stack.compose("stop", "kafka")
    key = new_key()
    assert stack.post(click(key)).status == 200
    before = stack.container("bridge")
    stack.compose("up", "-d", "--no-deps", "--force-recreate", "bridge")
    assert stack.container("bridge") != before
    stack.wait_healthy("bridge")
    stack.compose("start", "kafka")
    stack.wait_printed(key)


def test_spool_of_a_stopped_bridge_is_drained(stack):
    stack.compose("stop", "kafka")
    key = new_key()
    assert stack.post(click(key)).status == 200
    stack.compose("stop", "bridge")
    stack.compose("start", "kafka")
    stack.wait_healthy("kafka")
    once = ("run", "--rm", "-T", "--no-deps", "bridge", "spool")
    said = stack.compose(*once, "list", SPOOL)
    assert re.search(r"^  1 wait,", said, re.M), said
    stack.compose(*once, "drain", SPOOL)
    stack.wait_printed(key)
    # whose health is asked for every few seconds, and was bad
    for consumer in OURS[1:]:
        stack.wait_healthy(consumer)
    stack.up()


def test_spool_is_shared_with_nobody(stack):
    said = stack.compose(
        *("run", "--rm", "-T", "--no-deps", "bridge", "serve"), check=False
    )
    assert re.search(rf"'{SPOOL}'.* has it", said)
    assert "http server listens" not in said
    with pytest.raises(AssertionError, match="port is already allocated"):
        stack.compose("up", "-d", "--scale", "bridge=2")
    stack.up()
    assert len(stack.containers("bridge")) == 1
    assert stack.post(click()).status == 200


# ---- published ---------------------------------------------------------------


def test_published_only_with_another_secret(stack):
    everywhere = {"BRIDGE_PUBLISH_ON": "0.0.0.0"}
    stack.compose("up", "-d", "bridge", settings=everywhere)
    stack.wait_refused()
    said = stack.compose(
        *("run", "--rm", "-T", "bridge", "check"),
        settings=everywhere,
        check=False,
    )
    assert re.search(r"^FAIL secrets .*published_on is '0.0.0.0'", said, re.M)
    with pytest.raises((OSError, http.client.HTTPException)):
        stack.post(click())
    log = stack.compose("logs", "bridge")
    assert "AURIX_WEBHOOK_SECRET_FILE" in log
    assert "http server listens" not in log
    assert DEVELOPMENT_SECRET not in log

    own, to_use_it = stack.own_secret()
    stack.up("bridge", settings={**everywhere, **to_use_it})
    at = stack.compose("port", "bridge", "8005").strip()
    assert at == f"0.0.0.0:{stack.port}"
    key = new_key()
    assert stack.post(click(key), secret=own).status == 200
    assert stack.post(click()).status == 401
    stack.wait_printed(key)
    assert_discreet(stack, DEVELOPMENT_SECRET, own)


# ---- down --------------------------------------------------------------------


def test_events_outlive_the_containers(stack):
    key = new_key()
    stack.up()
    assert stack.post(click(key)).status == 200
    stack.wait_printed(key)
    stack.compose("stop")
    for service in OURS:
        state = stack.state(service)
        assert state["ExitCode"] == 0, service
        assert not state["OOMKilled"]
    stack.down()
    assert any("kafka-data" in name for name in stack.left())

    stack.up()
    assert stack.compose("logs", "topics").count("there ") == 4
    later = new_key()
    assert stack.post(click(later)).status == 200
    stack.wait_printed(later)
    # goes on where the last one was, so the group's offsets are there, too
    lines = stack.printed(stack.container("clicks-consumer"))
    assert [line["key"] for _, line in lines] == [later]


def test_down_leaves_nothing(stack):
    volumes = {
        mount["Name"]
        for container in stack.compose("ps", "--all", "--quiet").split()
        for mount in inspect(container)["Mounts"]
        if mount["Type"] == "volume"
    }
    # Kafka's and the spool's; none without a name
    assert {name.removeprefix(f"{stack.name}_") for name in volumes} == {
        "kafka-data",
        "bridge-spool",
    }
    assert stack.left()
    stack.down("--volumes")
    assert stack.left() == []
    assert not volumes & set(docker("volume", "ls", "--quiet").split())
