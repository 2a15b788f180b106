"""The profile `edge`: Caddy in front, in this order, on one stack."""

import re
import ssl
from itertools import cycle, islice

import pytest
from discretion import assert_discreet
from edge import Crowd
from engine import inspect
from harness.events import click, new_key
from harness.surroundings import TOP
from stack import OURS

RESTARTS = 10
# As an upgrade does it, the last: another container, another address.
WAYS = (
    (("restart", "bridge"),),
    (("stop", "bridge"), ("start", "bridge")),
    (("up", "-d", "--no-deps", "--force-recreate", "bridge"),),
)


# ---- in through it -----------------------------------------------------------


def test_event_over_https(edge):
    key = new_key()
    assert edge.send(click(key)).status == 200
    edge.wait_printed(key)
    assert edge.send(click(), secret="of somebody else").status == 401


@pytest.mark.parametrize(
    "path", ["/", "/readyz", "/healthz", "/metrics", "/webhook/", "/webhook/x"]
)
def test_nothing_but_webhooks_gets_through(edge, path):
    assert edge.ask("GET", path).status == 404
    assert edge.ask("POST", path).status == 404


def test_nothing_is_answered_200_for_another_host(edge):
    assert edge.ask("POST", "/webhook", Host="elsewhere").status == 421


def test_edge_is_confined(edge):
    of = inspect(edge.container("edge"))
    host = of["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == [
        "NET_BIND_SERVICE"
    ]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["Memory"] <= 256 << 20
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    mounts = {mount["Destination"] for mount in of["Mounts"] if mount["RW"]}
    assert mounts == {"/data"}

    networks = {
        service: {
            name.removeprefix(f"{edge.name}_")
            for name in inspect(edge.container(service))["NetworkSettings"][
                "Networks"
            ]
        }
        for service in ("edge", "bridge", "kafka")
    }
    assert networks == {
        "edge": {"edge"},
        "bridge": {"default", "edge"},
        "kafka": {"default"},
    }


def test_published_on_loopback(edge):
    found = {}
    for container in edge.compose("ps", "--all", "--quiet").split():
        ports = inspect(container)["NetworkSettings"]["Ports"]
        found |= {port: at for port, at in ports.items() if at}
    assert found == {
        "8005/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(edge.port)}],
        "443/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(edge.edge_port)}],
    }


# ---- while things go away ----------------------------------------------------


def test_restarts_cost_nothing(edge, capsys):
    lives = set()

    def note_life() -> None:
        container = edge.container("bridge")
        lives.add((container, inspect(container)["State"]["StartedAt"]))

    note_life()
    with Crowd(edge, "restart") as crowd:
        for way in islice(cycle(WAYS), RESTARTS):
            crowd.wait_for_more()
            for command in way:
                edge.compose(*command)
            note_life()
        crowd.wait_for_more()
    answers = crowd.answers()
    with capsys.disabled():
        print(f"\n{RESTARTS} restarts behind the edge: {dict(answers)}")
    assert len(lives) == 1 + RESTARTS
    assert set(answers) == {200}
    crowd.wait_printed()


def test_kafka_away_costs_nothing(edge):
    with Crowd(edge, "kafka") as crowd:
        crowd.wait_for_more()
        edge.compose("stop", "kafka")
        crowd.wait_for_more()
        # a new bridge takes them, too
        edge.compose("restart", "bridge")
        crowd.wait_for_more()
        edge.compose("start", "kafka")
        for service in ("kafka", *OURS):
            edge.wait_healthy(service)
        crowd.wait_for_more()
    assert set(crowd.answers()) == {200}
    crowd.wait_printed()


# ---- where, and for whom -----------------------------------------------------


def test_domain_is_honoured(edge):
    there = {"EDGE_DOMAIN": "hooks.localhost"}
    edge.compose("up", "-d", "--wait", "edge", settings=there)
    key = new_key()
    answer = edge.send(click(key), domain="hooks.localhost")
    assert answer.status == 200
    edge.wait_printed(key)
    with pytest.raises(ssl.SSLError):
        edge.send(click())


def test_paths_can_be_set(edge):
    """The bridge has one more source than the variable lets through."""
    edge.compose("up", "-d", "--wait", "edge", settings={"EDGE_PATHS": "/a /b"})
    # the bridge's own answer, and not the edge's
    for path in ("/a", "/b"):
        answer = edge.ask("POST", path)
        assert answer.header("Content-Type") == "application/problem+json"
    answer = edge.ask("POST", "/webhook")
    assert (answer.status, answer.body) == (404, b"")


def test_public_only_with_another_secret(edge):
    public = {"EDGE_PUBLISH_ON": "0.0.0.0", "EDGE_HOLD": "1s"}
    edge.compose("up", "-d", "bridge", "edge", settings=public)
    edge.wait_refused()
    assert edge.send(click()).status in (502, 503)

    own, to_use_it = edge.own_secret()
    edge.up(settings={**public, **to_use_it})
    at = edge.compose("port", "edge", "443").strip()
    assert at == f"0.0.0.0:{edge.edge_port}"
    at = edge.compose("port", "bridge", "8005").strip()
    assert at == f"127.0.0.1:{edge.port}"
    key = new_key()
    assert edge.send(click(key), secret=own).status == 200
    assert edge.send(click()).status == 401
    edge.wait_printed(key)
    assert_discreet(edge, own, more="edge")


# ---- several bridges ---------------------------------------------------------


def test_second_bridge_stands_by(edge):
    """As docs/operations.md has it."""
    text = (TOP / "docs" / "operations.md").read_text()
    (snippet,) = re.findall(r"```yaml\n(.*?\bbridge-2:.*?)```", text, re.S)
    file = edge.folder / "second-bridge.yml"
    file.write_text(snippet)
    edge.options += ("--file", str(file))
    edge.up()

    bridges = ("bridge", "bridge-2")
    volumes = {
        mount["Name"].removeprefix(f"{edge.name}_")
        for service in bridges
        for mount in inspect(edge.container(service))["Mounts"]
        if mount["Destination"] == "/var/lib/aurix-bridge"
    }
    assert volumes == {"bridge-spool", "bridge-2-spool"}
    with Crowd(edge, "second") as crowd:
        for service in bridges:
            other = edge.container((set(bridges) - {service}).pop())
            before = inspect(other)["State"]["StartedAt"]
            crowd.wait_for_more()
            edge.compose("stop", service)
            crowd.wait_for_more()  # the other one alone is there
            edge.compose("start", service)
            edge.wait_healthy(service)
            assert inspect(other)["State"]["StartedAt"] == before
        crowd.wait_for_more()
    assert set(crowd.answers()) == {200}
    crowd.wait_printed()


def test_down_leaves_nothing(edge):
    assert edge.left()
    edge.down("--volumes")
    assert edge.left() == []
