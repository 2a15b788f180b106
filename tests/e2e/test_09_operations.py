"""What the person who runs it sees: metrics, readiness, logs, settings."""

import re
import subprocess

import pytest
from harness import web
from harness.events import SECRET, click, complete, event, new_key, unknown
from harness.ports import free_ports
from harness.programs import run_command, settings_file
from harness.waiting import wait_for
from harness.web import is_problem

# ---- metrics ----------------------------------------------------------------


def test_requests_by_outcome(bridge, topics):
    served = bridge(topics)
    for _ in range(3):
        served.post(click())
    served.post(complete())
    served.post(unknown())
    served.post(click(), secret="another")
    served.post(b"not json")
    served.post(event("widget.click", {}))
    web.get(served.port, "/webhook")
    name = "aurix_bridge_requests_total"
    for outcome, count in {
        "ok": 5,
        "signature": 1,
        "parse": 1,
        "schema": 1,
        "unavailable": 0,
    }.items():
        got = served.metric(name, source="aurix", outcome=outcome)
        assert got == count, outcome
    name = "aurix_bridge_events_total"
    assert served.metric(name, type="widget.click") == 3
    assert served.metric(name, type="lead.complete") == 1
    assert served.metric(name, type="other") == 1
    name = "aurix_bridge_refused_requests_total"
    assert served.metric(name, reason="method") == 1
    assert served.metric("aurix_bridge_in_flight") == 0
    assert served.metric("aurix_bridge_request_duration_seconds_count") == 8
    # Two dead letters are confirmed by Kafka as well; and what it takes longer
    # for than the deadline is answered from the spool, and confirmed later.
    name = "aurix_bridge_kafka_ack_duration_seconds_count"
    wait_for(lambda: served.metric(name) >= 7, "seven confirmations")
    assert served.metric(name) == 7


def test_metrics_follow_the_conventions(shared_bridge):
    shared_bridge.post(click())
    answer = web.get(shared_bridge.admin_port, "/metrics")
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    families: dict[str, str] = {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            families[name] = kind
    assert families["aurix_bridge_build_info"] == "gauge"
    assert families["aurix_bridge_kafka_queue_records"] == "gauge"
    assert families["aurix_bridge_kafka_errors_total"] == "counter"
    for name, kind in families.items():
        assert re.fullmatch(r"aurix_bridge_[a-z_]+", name)
        assert name.endswith("_total") == (kind == "counter"), name
        if kind == "histogram":
            assert name.endswith("_seconds"), name
    promtool = subprocess.run(
        ["sh", "-c", "command -v promtool"], capture_output=True
    )
    if promtool.returncode == 0:  # a second opinion, where there is one
        subprocess.run(
            ["promtool", "check", "metrics"], input=answer.body, check=True
        )


def test_no_label_from_a_request(shared_bridge):
    shared_bridge.post(event("type.of.the.sender", {"correlation_id": "k-17"}))
    text = web.get(shared_bridge.admin_port, "/metrics").body.decode()
    assert "type.of.the.sender" not in text
    assert "k-17" not in text


# ---- health -----------------------------------------------------------------


def test_healthz_and_readyz(bridge, topics):
    (port,) = free_ports(1)
    away = bridge(topics, bootstrap=f"127.0.0.1:{port}", ready=False)
    assert web.get(away.admin_port, "/healthz").status == 200
    answer = web.get(away.admin_port, "/readyz")
    assert answer.status == 503
    assert answer.json()["checks"]["kafka"]["ok"] is False


def test_on_its_way_down_it_is_not_ready(bridge, topics):
    served = bridge(
        topics,
        settings={"deliver.notice_ms": 50000, "deliver.shutdown_ms": 60000},
    )
    served.process.terminate()
    wait_for(lambda: not served.is_ready(), "readiness says so at once")
    # in the time of notice requests are still taken, and connections end
    answer = served.post(click())
    assert answer.status == 200
    assert answer.closes
    assert web.get(served.admin_port, "/healthz").status == 200
    served.kill()
    served.process = None


def test_a_published_secret_is_warned_of(bridge, topics):
    env = {"AURIX_WEBHOOK_SECRET": "your_shared_secret_here"}
    served = bridge(topics, env=env)
    assert served.log_lines("level=warn", "published", "source=aurix")
    assert "your_shared_secret_here" not in served.stderr


# ---- several sources, several secrets ---------------------------------------


def test_sources(bridge, kafka, topics, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "old").write_text("old-secret-of-shop\n")
    (secrets / "new").write_text("new-secret-of-shop")
    served = bridge(
        topics,
        settings={
            "source site.path": "/hooks/site",
            "source site.secret": "secret-of-the-site",
            "source site.ce_source": "/aurix/our-site",
            "source shop.path": "/hooks/shop",
            "source shop.secrets_dir": str(secrets),
        },
    )
    for path, secret, status in (
        ("/hooks/site", "secret-of-the-site", 200),
        ("/hooks/shop", "old-secret-of-shop", 200),
        ("/hooks/shop", "new-secret-of-shop", 200),
        ("/hooks/site", "new-secret-of-shop", 401),
        ("/hooks/shop", "secret-of-the-site", 401),
        ("/hooks/shop", SECRET, 401),
        ("/webhook", SECRET, 404),
    ):
        body = click()
        assert served.post(body, path=path, secret=secret).status == status
        records = kafka.records_with_value(topics.clicks, body)
        assert len(records) == (status == 200)
        for record in records:
            source = "our-site" if path.endswith("site") else "shop"
            assert record.header("ce_source") == f"/aurix/{source}"
    requests = "aurix_bridge_requests_total"
    assert served.metric(requests, source="shop", outcome="ok") == 2
    assert served.metric(requests, source="site", outcome="signature") == 1
    for secret in ("secret-of-the-site", "old-secret", "new-secret"):
        assert secret not in served.stderr


def test_schemas_of_a_folder(bridge, kafka, topics, tmp_path):
    """A new event type is a new file, and nothing else."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "envelope.json").write_text('{"type": "object"}')
    (folder / "form.sent.json").write_text(
        '{"properties": {"data": {"required": ["form"]}}}'
    )
    served = bridge(
        topics,
        settings={"schemas.dir": str(folder), "routes.form.*": topics.leads},
    )
    good = event("form.sent", {"correlation_id": new_key(), "form": 1})
    assert served.post(good).status == 200
    bad = event("form.sent", {"correlation_id": new_key()})
    is_problem(served.post(bad), 422)
    assert served.metric("aurix_bridge_events_total", type="form.sent") == 1


# ---- wrong configuration ----------------------------------------------------

WRONG = {
    "unknown setting": ({"http.prot": "1"}, "http.port"),
    "unknown section": ({"htpp.port": "1"}, "http"),
    "not a number": ({"http.port": "eighty"}, "eighty"),
    "out of range": ({"http.port": "70000"}, "65535"),
    "weakens acks": ({"kafka.acks": "1"}, "acks"),
    "weakens idempotence": (
        {"producer.enable.idempotence": "false"},
        "enable.idempotence",
    ),
    "its alias": ({"kafka.request.required.acks": "0"}, "acks"),
    "its own timeout": (
        {"producer.delivery.timeout.ms": "1000"},
        "delivery.timeout.ms",
    ),
    "unknown to librdkafka": ({"kafka.bootstrap.server": "h:1"}, "server"),
    "refused by librdkafka": ({"kafka.security.protocol": "x"}, "protocol"),
    "no such schemas": ({"schemas.dir": "/nowhere/at/all"}, "/nowhere/at/all"),
    "topic name": ({"topics.other": "a b"}, "a b"),
    "two sources on a path": (
        {
            "source a.path": "/x",
            "source a.secret": "0123456789abcdef",
            "source b.path": "/x",
            "source b.secret": "0123456789abcdef",
        },
        "/x",
    ),
    "a path that is none": (
        {"source a.path": "x", "source a.secret": "0123456789abcdef"},
        "'/'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_configuration(case, tmp_path):
    settings, says = WRONG[case]
    file = settings_file(tmp_path / "bridge.ini", settings)
    env = {}
    if not any(name.startswith("source ") for name in settings):
        env["AURIX_WEBHOOK_SECRET"] = SECRET
    done = run_command(
        "serve",
        "--config",
        str(file),
        *(() if "http.port" in settings else ("--set", "http.port=0")),
        *("--set", "admin.port=0"),
        env=env,
    )
    text = done.stderr.decode()
    assert done.returncode == 1, text
    assert says in text
    assert SECRET not in text
    assert "listens" not in text or "http server" not in text


def test_no_secret_no_start():
    done = run_command("serve", "--set", "http.port=0")
    assert done.returncode == 1
    assert b"AURIX_WEBHOOK_SECRET" in done.stderr


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ('{"type": "objekt"}', "/type"),
        ('{"requird": ["a"]}', "required"),
        ('{"unevaluatedProperties": 5}', "unevaluatedProperties"),
        ('{"pattern": "("}', "/pattern"),
        ('{"$ref": "nowhere.json"}', "nowhere.json"),
        ('{"type": ', "line 1"),
    ],
)
def test_wrong_schema(tmp_path, schema, says):
    (tmp_path / "envelope.json").write_text("true")
    (tmp_path / "some.type.json").write_text(schema)
    done = run_command(
        "serve",
        *("--set", "http.port=0"),
        *("--set", f"schemas.dir={tmp_path}"),
        env={"AURIX_WEBHOOK_SECRET": SECRET},
    )
    text = done.stderr.decode()
    assert done.returncode == 1, text
    assert "some.type.json" in text
    assert says in text


def test_port_that_is_taken(shared_bridge):
    done = run_command(
        "serve",
        *("--set", f"http.port={shared_bridge.port}"),
        *("--set", "admin.port=0"),
        env={"AURIX_WEBHOOK_SECRET": SECRET},
    )
    assert done.returncode == 1
    assert f":{shared_bridge.port}" in done.stderr.decode()
    assert "set [http] host or port" in done.stderr.decode()
