"""Brokers with TLS that want a login: what works, and what is said when it
does not. All of it is set by `[kafka]`, as librdkafka names it."""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from harness import web
from harness.events import SECRET, click
from harness.kafka_client import Kafka, Topics
from harness.kafka_cluster import Cluster
from harness.ports import free_ports
from harness.programs import Program, said, topic_settings
from harness.surroundings import cannot_run
from harness.tls import PLAIN, SCRAM, Authority, Security
from harness.waiting import wait_for

USER, PASSWORD = "bridge", "the-password-of-the-bridge"
WRONG_PASSWORD = "another-password-than-that"
RIGHT = {"BRIDGE_KAFKA_SASL_PASSWORD": PASSWORD}

# Of librdkafka before 2.6.1, as Debian 12 has it.
OLD_SCRAM = "cannot log in with SCRAM to brokers of Kafka 4"


def can_scram() -> bool:
    _, out, _ = said("--version")
    version = re.search(r"^librdkafka (\d+)\.(\d+)\.(\d+)", out, re.M)
    return tuple(map(int, version.groups())) >= (2, 6, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def security(folder) -> Security:
    authority = Authority(folder / "authority")
    keystore = authority.keystore("IP:127.0.0.1", "DNS:localhost")
    return Security(authority, keystore, {USER: PASSWORD})


@pytest.fixture(scope="module")
def kafka(workplace: Path, security: Security) -> Iterator[Kafka]:
    """In the place of the run's own, for all that is started here."""
    if os.environ.get("BRIDGE_TEST_BROKERS"):
        cannot_run("needs brokers with TLS; BRIDGE_TEST_BROKERS are not ours")
    cluster = Cluster(workplace / "tls", security=security)
    cluster.start()
    client = Kafka(cluster.bootstrap, **security.client_options(USER))
    yield client
    client.close()
    cluster.destroy()


@pytest.fixture
def settings(security: Security) -> dict[str, str]:
    """What is right, for PLAIN: every librdkafka can do that."""
    return security.bridge_settings(USER, PLAIN)


def command(name, kafka, topics, settings, *more, env=None):
    """Runs one that ends by itself."""
    merged = {
        "kafka.bootstrap.servers": kafka.bootstrap,
        **topic_settings(topics),
        **settings,
    }
    sets = [w for k, v in merged.items() for w in ("--set", f"{k}={v}")]
    return said(
        name,
        *more,
        *sets,
        env={"AURIX_WEBHOOK_SECRET": SECRET, **RIGHT, **(env or {})},
    )


def check(kafka, topics, settings, env=None):
    ports = free_ports(2)
    http = {"http.port": str(ports[0]), "admin.port": str(ports[1])}
    return command("check", kafka, topics, {**settings, **http}, env=env)


# ---- what works --------------------------------------------------------------


@pytest.mark.parametrize("mechanism", [SCRAM, PLAIN])
def test_from_end_to_end(kafka, security, bridge, consumer, mechanism):
    """topics, check, serve, consume; on a librdkafka that cannot do it, they
    say that this is the reason."""
    settings = security.bridge_settings(USER, mechanism)
    topics = Topics()
    if mechanism == SCRAM and not can_scram():
        does_not_work_and_says_why(kafka, bridge, consumer, topics, settings)
        return

    status, out, err = command("topics", kafka, topics, settings)
    assert (status, err) == (0, "")
    assert out.count("created ") == 4
    status, out, _ = check(kafka, topics, settings)
    assert status == 0, out
    assert "ok   brokers: 1\n" in out
    assert OLD_SCRAM not in out

    serving = bridge(topics, settings=settings, env=RIGHT)
    reading = consumer("clicks", topics, settings=settings, env=RIGHT)
    bodies = [click() for _ in range(20)]
    for body in bodies:
        assert serving.post(body).status == 200
    serving.wait_drained()
    assert {r.value for r in kafka.read_topic(topics.clicks)} == set(bodies)
    keys = {line["key"] for line in reading.wait_lines(len(bodies))}
    assert len(keys) == len(bodies)
    for program in (serving, reading):
        assert PASSWORD not in program.stderr


def does_not_work_and_says_why(kafka, bridge, consumer, topics, settings):
    status, out, err = command(
        "topics", kafka, topics, settings, "--timeout", "1"
    )
    assert (status, out) == (1, "")
    assert OLD_SCRAM in err
    status, out, _ = check(kafka, topics, settings)
    assert status == 1
    assert re.search(
        rf"^warn brokers: librdkafka [\d.]+ {OLD_SCRAM}", out, re.M
    )
    for program in (
        bridge(topics, settings=settings, env=RIGHT, ready=False),
        consumer("clicks", topics, settings=settings, env=RIGHT, ready=False),
    ):
        wait_for(lambda p=program: p.log_lines("level=warn", OLD_SCRAM))


def test_password_from_a_file(kafka, topics, settings, bridge, tmp_path):
    """As Docker and Kubernetes mount secrets."""
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    serving = bridge(
        topics,
        settings=settings,
        env={"BRIDGE_KAFKA_SASL_PASSWORD_FILE": str(path)},
    )
    assert serving.post(click()).status == 200
    assert PASSWORD not in serving.stderr


def test_password_in_the_file_of_settings(kafka, topics, settings, bridge):
    serving = bridge(
        topics, settings={**settings, "kafka.sasl.password": PASSWORD}
    )
    assert serving.post(click()).status == 200
    assert PASSWORD not in serving.stderr


# ---- what does not -----------------------------------------------------------

# What is wrong: settings, the password, what the reason is called in logs
# and texts, and what is advised.
TROUBLE = {
    "wrong password": (
        {},
        WRONG_PASSWORD,
        "SASL authentication error",
        "correct kafka.sasl.username and kafka.sasl.password",
    ),
    "wrong user": (
        {"kafka.sasl.username": "nobody"},
        PASSWORD,
        "SASL authentication error",
        "correct kafka.sasl.username and kafka.sasl.password",
    ),
    "mechanism that the brokers have not": (
        {"kafka.sasl.mechanism": "SCRAM-SHA-256"},
        PASSWORD,
        "Unsupported SASL mechanism",
        "set kafka.sasl.mechanism to one that the brokers support",
    ),
    "certificate of somebody else": (
        {"kafka.ssl.ca.location": "STRANGER"},
        PASSWORD,
        "certificate verify failed",
        "set kafka.ssl.ca.location to the certificate of whoever signed",
    ),
    "no TLS": (
        {"kafka.security.protocol": "SASL_PLAINTEXT"},
        PASSWORD,
        "",
        "kafka.security.protocol if their listener has TLS or SASL",
    ),
}


@pytest.fixture(scope="module")
def stranger(folder) -> Authority:
    """Who has signed nothing of this cluster's."""
    return Authority(folder / "stranger")


@pytest.fixture
def trouble(request, settings, stranger):
    wrong, password, reason, advice = TROUBLE[request.param]
    wrong = {
        key: value.replace("STRANGER", str(stranger.certificate))
        for key, value in wrong.items()
    }
    env = {"BRIDGE_KAFKA_SASL_PASSWORD": password}
    return {**settings, **wrong}, env, reason, advice


@pytest.mark.parametrize("trouble", TROUBLE, indirect=True)
def test_topics_says_what_is_wrong(kafka, topics, trouble):
    settings, env, reason, advice = trouble
    status, out, err = command(
        "topics", kafka, topics, settings, "--timeout", "1", env=env
    )
    assert (status, out) == (1, "")
    assert reason in err
    assert advice in err
    assert env["BRIDGE_KAFKA_SASL_PASSWORD"] not in err


ESSENTIAL = ["wrong password", "certificate of somebody else"]


@pytest.mark.parametrize("trouble", ESSENTIAL, indirect=True)
def test_check_says_what_is_wrong(kafka, topics, trouble):
    settings, env, reason, advice = trouble
    status, out, err = check(kafka, topics, settings, env=env)
    assert status == 1
    (line,) = [x for x in out.splitlines() if x.startswith("FAIL")]
    assert line.startswith("FAIL brokers: ")
    assert reason in line
    assert advice in line
    assert env["BRIDGE_KAFKA_SASL_PASSWORD"] not in out + err


def says_why(program: Program, reason: str) -> list[str]:
    """Its lines about Kafka's errors, once there is one for this reason."""
    return wait_for(
        lambda: program.log_lines(
            "mod=kafka", 'msg="Kafka client reports an error"', reason
        ),
        f"{program.name} says '{reason}'",
    )


@pytest.mark.parametrize("trouble", ESSENTIAL, indirect=True)
def test_serve_and_consume_stay_and_say_why(topics, bridge, consumer, trouble):
    settings, env, reason, _ = trouble
    how = {
        "settings": {
            **settings,
            "spool.enabled": "false",
            "deliver.patience_ms": "500",
        },
        "env": env,
        "ready": False,
    }
    serving = bridge(topics, **how)
    reading = consumer("clicks", topics, **how)

    answer = serving.post(click())
    web.is_problem(answer, 503)
    assert int(answer.header("Retry-After")) > 0
    for program in (serving, reading):
        assert any("level=error" in line for line in says_why(program, reason))
        assert program.is_running()
        assert not program.is_ready()
        assert web.get(program.admin_port, "/healthz").status == 200
        assert env["BRIDGE_KAFKA_SASL_PASSWORD"] not in program.stderr


@pytest.mark.parametrize("name", ["serve", "topics", "check"])
def test_certificate_that_cannot_be_read(kafka, topics, settings, name):
    missing = {**settings, "kafka.ssl.ca.location": "/no/such/ca.pem"}
    run = check if name == "check" else partial(command, name)
    status, out, err = run(kafka, topics, missing)
    assert status == 1
    assert "ssl.ca.location failed" in out + err


# ---- secrets -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["topics", "check"])
def test_no_password_in_the_log_of_all(kafka, topics, settings, name):
    """librdkafka tells all that it does and its configuration."""
    loud = {**settings, "kafka.debug": "all", "log.level": "debug"}
    status, out, err = command(name, kafka, topics, loud)
    assert status == 0, out
    assert "sasl.username = " in err  # the configuration is there
    assert "sasl.password = [redacted]" in err
    assert PASSWORD not in out + err


def test_no_password_in_help_and_refusals(kafka, topics, settings):
    env = {"BRIDGE_KAFKA_SASL_PASSWORD": PASSWORD}
    for name in ("serve", "topics", "check", "consume"):
        _, out, err = said(name, "--help", env=env)
        assert PASSWORD not in out + err
    for wrong in (
        {"kafka.sasl.pasword": PASSWORD},
        {"kafka.ssl.key.password": PASSWORD, "kafka.ssl.key.location": "/x"},
        {"kafka.ssl.key.pem": PASSWORD},
    ):
        status, out, err = command(
            "topics", kafka, topics, {**settings, **wrong}
        )
        assert status != 0
        assert "kafka" in err.lower()
        assert PASSWORD not in out + err
