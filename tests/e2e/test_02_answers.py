"""What the sender gets, line by line, and what is kept."""

import hashlib
import json

import pytest
from harness.events import click, correlated, event, new_key, sign
from harness.ports import free_ports
from harness.web import is_problem, raw, signed

# Turns up where a value of a body does; so nowhere but in the record.
MARKER = "personal-data-4711"


def only_dead(kafka, bridge, body):
    """The dead letter with this value; nothing else may have it."""
    topics = bridge.topics
    for topic in set(topics.all) - {topics.dead}:
        assert kafka.records_with_value(topic, body) == []
    (record,) = kafka.records_with_value(topics.dead, body)
    return record


def digest(body):
    return hashlib.sha256(body).hexdigest()[:16]


def nested(depth):
    """A whole event, `depth` levels deep: arrays in data in the event."""
    inner = "[" * (depth - 2) + "]" * (depth - 2)
    return (
        '{"event_type":"x.y","timestamp":"2024-01-02T12:00:00Z",'
        f'"data":{{"correlation_id":"{new_key()}","x":{inner}}}}}'
    ).encode()


# ---- 200 --------------------------------------------------------------------


def test_valid(shared_bridge, kafka):
    body = click()
    answer = shared_bridge.post(body)
    assert (answer.status, answer.json()) == (200, {"status": "received"})
    topic = shared_bridge.topics.clicks
    assert len(kafka.records_with_value(topic, body)) == 1


def test_unknown_type(shared_bridge, kafka):
    body = event("something.new", {"correlation_id": new_key()})
    answer = shared_bridge.post(body)
    assert (answer.status, answer.json()) == (200, {"status": "received"})
    topic = shared_bridge.topics.other
    assert len(kafka.records_with_value(topic, body)) == 1


# ---- 400 --------------------------------------------------------------------

NOT_EVENTS = {
    "empty": b"",
    "not json": b"hello " + MARKER.encode(),
    "cut off": click()[:-1],
    "trailing": click() + b"x",
    "two values": click() + click(),
    "array": b"[1]",
    "string": json.dumps(MARKER).encode(),
    "number": b"42",
    "null": b"null",
    "too deep": nested(65),
    "far too deep": b"[" * 30000,
    "infinite": b'{"a":1e999}',
    "huge integer": b'{"a":123456789012345678901234567890}',
    "zero byte": b'{"a":"\\u0000"}',
    "not utf-8": b'{"a":"\xff"}',
    "name twice": b'{"a":1,"a":2}',
}


@pytest.mark.parametrize("body", NOT_EVENTS.values(), ids=NOT_EVENTS)
def test_not_an_event(shared_bridge, kafka, body):
    answer = shared_bridge.post(body)
    is_problem(answer, 400)
    assert MARKER not in answer.body.decode()

    record = only_dead(kafka, shared_bridge, body)
    assert record.key is None
    assert record.value == body
    headers = record.header_dict()
    assert headers["bridge-dead-kind"] == "parse"
    assert headers["bridge-dead-reason"]
    assert MARKER not in headers["bridge-dead-reason"]
    assert headers["x-hub-signature"] == sign(body)
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_source"] == "/aurix/aurix"
    assert headers["ce_id"] == f"-.{digest(body)}"
    assert "bridge-received-at" in headers
    assert "ce_type" not in headers
    assert "ce_time" not in headers


def test_depth_of_64_is_fine(shared_bridge, kafka):
    body = nested(64)
    assert shared_bridge.post(body).status == 200
    topic = shared_bridge.topics.other
    assert len(kafka.records_with_value(topic, body)) == 1


# ---- 422 --------------------------------------------------------------------

KEY = "O-broken1"
AT = "2024-01-02T12:00:00Z"
BROKEN = {
    "no type": (
        event(None, {"correlation_id": KEY}),
        "",
        "required",
    ),
    "type not a string": (
        event(7, {"correlation_id": KEY}),
        "/event_type",
        "type",
    ),
    "no timestamp": (
        event("widget.click", {"correlation_id": KEY}, timestamp=None),
        "",
        "required",
    ),
    "timestamp not one": (
        event("widget.click", {"correlation_id": KEY}, timestamp=MARKER),
        "/timestamp",
        "pattern",
    ),
    "no data": (event("widget.click", None), "", "required"),
    "data not an object": (event("widget.click", [MARKER]), "/data", "type"),
    "no correlation id": (
        event("widget.click", {"device_id": MARKER}),
        "/data",
        "required",
    ),
    "correlation id empty": (click(""), "/data/correlation_id", "minLength"),
    "correlation id too long": (
        click("x" * 257),
        "/data/correlation_id",
        "maxLength",
    ),
    "lead without status": (
        event("lead.complete", {"correlation_id": KEY}),
        "/data",
        "required",
    ),
    "url not a string": (click(KEY, click_url=5), "/data/click_url", "type"),
    "parameters not strings": (
        click(KEY, parsed_params={MARKER: 5}),
        None,
        None,
    ),
    "conversation not a number": (
        correlated(KEY, conversation_id=MARKER),
        "/data/conversation_id",
        "type",
    ),
}


@pytest.mark.parametrize(
    ("body", "pointer", "keyword"), BROKEN.values(), ids=BROKEN
)
def test_breaks_its_schema(shared_bridge, kafka, body, pointer, keyword):
    answer = shared_bridge.post(body)
    is_problem(answer, 422)
    if pointer is not None:
        errors = answer.json()["errors"]
        assert errors[0]["pointer"] == pointer
        assert errors[0]["keyword"] == keyword
        assert all(error["detail"] for error in errors)
        assert MARKER not in answer.body.decode()

    record = only_dead(kafka, shared_bridge, body)
    headers = record.header_dict()
    assert headers["bridge-dead-kind"] == "schema"
    assert headers["bridge-dead-reason"]
    if pointer is not None:
        assert headers.get("bridge-dead-pointer") == pointer
        assert headers["bridge-dead-keyword"] == keyword
        assert MARKER not in headers["bridge-dead-reason"]
    assert headers["x-hub-signature"] == sign(body)
    assert headers["ce_id"].endswith(f".{digest(body)}")
    members = json.loads(body)
    if isinstance(members.get("event_type"), str):
        assert headers["ce_type"] == members["event_type"]
    else:
        assert "ce_type" not in headers
    data = members.get("data")
    key = data.get("correlation_id") if isinstance(data, dict) else None
    usable = key and len(key) <= 256
    assert record.key == (key.encode() if usable else None)


def test_all_errors_are_listed(shared_bridge):
    answer = shared_bridge.post(
        event("widget.click", {"click_url": 5, "user_agent": 6})
    )
    is_problem(answer, 422)
    found = {(e["pointer"], e["keyword"]) for e in answer.json()["errors"]}
    assert ("/data", "required") in found
    assert ("/data/click_url", "type") in found
    assert ("/data/user_agent", "type") in found


def test_invalid_status_can_be_200(bridge, kafka):
    served = bridge(settings={"http.invalid_status": 200})
    body = event("widget.click", {})
    assert served.post(body).status == 200
    assert only_dead(kafka, served, body).header("bridge-dead-kind") == "schema"


# ---- refused by Kafka for its own sake --------------------------------------


def test_larger_than_its_topic_allows(bridge, kafka, topics):
    small = f"{topics.prefix}.small"
    kafka.create_topics([small], settings={"max.message.bytes": "2000"})
    served = bridge(settings={"routes.widget.*": small})
    key = new_key()
    body = click(key, filler="x" * 5000)
    answer = served.post(body)
    assert (answer.status, answer.json()["status"]) == (200, "received")
    (record,) = kafka.records_with_value(topics.dead, body)
    assert record.key == key.encode()
    headers = record.header_dict()
    assert headers["bridge-dead-kind"] == "refused"
    assert headers["bridge-dead-reason"]
    assert headers["ce_type"] == "widget.click"
    assert headers["x-hub-signature"] == sign(body)
    assert kafka.count(small) == 0

    fits = click(key)
    assert served.post(fits).status == 200
    assert len(kafka.records_with_value(small, fits)) == 1


# ---- 401 --------------------------------------------------------------------

BODY = click("O-unsigned")
RIGHT = sign(BODY)
SIGNATURES = {
    "missing": None,
    "empty": "",
    "wrong": sign(BODY, "another secret"),
    "of another body": sign(BODY + b" "),
    "upper case": RIGHT.upper(),
    "cut": RIGHT[:-1],
    "longer": RIGHT + "0",
    "not hex": "g" * 64,
    "other algorithm": f"sha1={RIGHT[:40]}",
    "prefix in upper case": f"SHA256={RIGHT}",
    "prefix twice": f"sha256=sha256={RIGHT}",
    "list": f"{RIGHT}, {RIGHT}",
    "spaces within": f"{RIGHT[:32]} {RIGHT[32:]}",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_not_authentic(shared_bridge, kafka, signature):
    before = [kafka.count(t) for t in shared_bridge.topics.all]
    headers = {} if signature is None else {"X-Hub-Signature": signature}
    answer = shared_bridge.post(BODY, secret=None, headers=headers)
    is_problem(answer, 401, "Invalid signature")
    assert [kafka.count(t) for t in shared_bridge.topics.all] == before


def test_doubled_signature(shared_bridge, kafka):
    body = click()
    answer = raw(
        shared_bridge.port, signed(body, f"X-Hub-Signature: {sign(body)}")
    )
    is_problem(answer, 401, "Invalid signature")
    topic = shared_bridge.topics.clicks
    assert kafka.records_with_value(topic, body) == []


def test_authenticity_comes_before_content(shared_bridge, kafka):
    before = kafka.count(shared_bridge.topics.dead)
    for body in (b"", b"not json", event("widget.click", {})):
        answer = shared_bridge.post(body, secret="another secret")
        is_problem(answer, 401, "Invalid signature")
    assert kafka.count(shared_bridge.topics.dead) == before


# ---- 503 --------------------------------------------------------------------


def test_kafka_away(bridge, topics):
    (port,) = free_ports(1)
    served = bridge(
        topics,
        settings={"spool.enabled": "false", "deliver.patience_ms": 1000},
        bootstrap=f"127.0.0.1:{port}",
        ready=False,
    )
    for body in (click(), b"not json", event("widget.click", {})):
        answer = served.post(body)
        is_problem(answer, 503)
        assert int(answer.header("Retry-After")) > 0
    assert not served.is_ready()


# ---- and never --------------------------------------------------------------


def test_no_value_and_no_secret_in_the_log(shared_bridge):
    for body in (
        click(user_agent=MARKER),
        click(click_url=[MARKER]),
        MARKER.encode(),
    ):
        shared_bridge.post(body)
        shared_bridge.post(body, secret="another secret")
        assert sign(body) not in shared_bridge.stderr
    assert MARKER not in shared_bridge.stderr
    for secret in shared_bridge.env.values():
        assert secret not in shared_bridge.stderr
