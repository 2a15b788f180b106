"""A valid event becomes exactly one record, exactly as promised."""

import hashlib
import re

import pytest
from harness.events import (
    click,
    complete,
    correlated,
    event,
    new_key,
    sign,
    unknown,
)
from harness.kafka_client import java_partition

RECEIVED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def identity(body, event_id="evt_1704200000"):
    return f"{event_id}.{hashlib.sha256(body).hexdigest()[:16]}"


def only_record(kafka, topic, body):
    (record,) = kafka.records_with_value(topic, body)
    return record


def accepted(bridge, body, **how):
    answer = bridge.post(body, **how)
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == "application/json"
    assert answer.json()["status"] == "received"
    bridge.wait_drained()  # a late confirmation leaves it in the spool
    return answer


def test_a_click_becomes_a_record(shared_bridge, kafka):
    key = new_key()
    body = click(key)
    answer = accepted(shared_bridge, body)
    assert answer.json() == {"status": "received"}

    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.key == key.encode()
    headers = record.header_dict()
    assert RECEIVED_AT.fullmatch(headers.pop("bridge-received-at"))
    assert headers == {
        "ce_specversion": "1.0",
        "ce_type": "widget.click",
        "ce_source": "/aurix/aurix",
        "ce_id": identity(body),
        "ce_time": "2024-01-02T12:00:00Z",
        "content-type": "application/json",
        "x-hub-signature": sign(body),
    }
    for topic in set(shared_bridge.topics.all) - {shared_bridge.topics.clicks}:
        assert kafka.records_with_value(topic, body) == []


def test_partitions_are_the_java_clients(shared_bridge, kafka):
    topic = shared_bridge.topics.clicks
    wanted = {}
    for i in range(20):
        key = new_key() if i % 2 else f"wa_{i}ü"
        body = click(key, serial=i)
        wanted[body] = key.encode()
        accepted(shared_bridge, body)
    found = {r.value: r for r in kafka.read_topic(topic) if r.value in wanted}
    assert set(found) == set(wanted)
    for body, key in wanted.items():
        assert found[body].key == key
        assert found[body].partition == java_partition(key, 3)
    assert {r.partition for r in found.values()} == {0, 1, 2}


@pytest.mark.parametrize(
    ("make", "event_type", "where"),
    [
        (click, "widget.click", "clicks"),
        (correlated, "lead.correlated", "leads"),
        (complete, "lead.complete", "leads"),
        (unknown, "invoice.paid", "other"),
    ],
)
def test_each_type_goes_to_its_topic(
    shared_bridge, kafka, make, event_type, where
):
    key = new_key()
    body = make(key)
    accepted(shared_bridge, body)
    topic = getattr(shared_bridge.topics, where)
    record = only_record(kafka, topic, body)
    assert record.key == key.encode()
    assert record.header("ce_type") == event_type


def test_a_routed_type_without_a_schema_goes_to_other(shared_bridge, kafka):
    body = event("widget.opened", {"correlation_id": new_key()})
    accepted(shared_bridge, body)
    only_record(kafka, shared_bridge.topics.other, body)
    assert kafka.records_with_value(shared_bridge.topics.clicks, body) == []


@pytest.mark.parametrize(
    "data",
    [{"note": 1}, {"correlation_id": ""}, {"correlation_id": 5}, {}],
)
def test_without_a_usable_correlation_id_the_key_is_null(
    shared_bridge, kafka, data
):
    body = event("invoice.paid", {**data, "nonce": new_key()})
    accepted(shared_bridge, body)
    assert only_record(kafka, shared_bridge.topics.other, body).key is None


@pytest.mark.parametrize(
    ("timestamp", "ce_time"),
    [
        ("2024-01-02T12:00:00Z", "2024-01-02T12:00:00Z"),
        ("2024-01-02T12:00:00.123456Z", "2024-01-02T12:00:00.123456Z"),
        ("2024-01-02T12:00:00+08:00", "2024-01-02T12:00:00+08:00"),
        ("2024-01-02T12:00:00", "2024-01-02T12:00:00Z"),
        ("2024-01-02T12:00:00.5", "2024-01-02T12:00:00.5Z"),
        ("2024-02-30T12:00:00Z", None),
    ],
)
def test_ce_time_is_the_timestamp(shared_bridge, kafka, timestamp, ce_time):
    body = event(
        "widget.click", {"correlation_id": new_key()}, timestamp=timestamp
    )
    accepted(shared_bridge, body)
    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.header("ce_time") == ce_time


def test_an_event_without_an_id_has_an_identity(shared_bridge, kafka):
    body = event("widget.click", {"correlation_id": new_key()}, event_id=None)
    accepted(shared_bridge, body)
    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.header("ce_id") == identity(body, "-")


def test_a_repeated_delivery_has_the_same_identity(shared_bridge, kafka):
    key = new_key()
    once, other = click(key, n=1), click(key, n=2)
    for body in (once, once, other):
        accepted(shared_bridge, body)
    records = [
        r
        for r in kafka.read_topic(shared_bridge.topics.clicks)
        if r.key == key.encode()
    ]
    assert [r.value for r in records] == [once, once, other]
    ids = [r.header("ce_id") for r in records]
    assert ids == [identity(once), identity(once), identity(other)]


@pytest.mark.parametrize(
    "frame",
    [
        b' {\n\t"event_type" : "widget.click",\r\n'
        b'"timestamp":"2024-01-02T12:00:00Z"'
        b',  "data":{"correlation_id":"%s" } } \n',
        b'{"data":{"correlation_id":"%s","x":"\\u00e9\\ud83d\\ude00\\/"},'
        b'"timestamp":"2024-01-02T12:00:00Z",'
        b'"event_type":"widget\\u002eclick"}',
        b'{"data":{"correlation_id":"%s","\xc3\xa9":1.0e2},"z":null,'
        b'"event_type":"widget.click","timestamp":"2024-01-02T12:00:00Z"}',
    ],
    ids=["spaces", "escapes", "utf-8"],
)
def test_the_value_is_what_was_signed(shared_bridge, kafka, frame):
    key = new_key()
    body = frame % key.encode()
    accepted(shared_bridge, body)
    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.key == key.encode()
    assert sign(record.value) == record.header("x-hub-signature")


def test_traps_in_the_data_are_fine(shared_bridge, kafka):
    bodies = [
        click(parsed_params=None, click_url=None, user_agent=None),
        click(parsed_params={}, ip_address=None),
        click(parsed_params={"a": ["1", "2"], "b": ""}, more={"x": [1]}),
        click("wa_123456"),
        correlated(phone_number="6512345678"),
        complete(lead_data={}),
        complete(lead_data={"name": None, "budget": 10}),
    ]
    for body in bodies:
        accepted(shared_bridge, body)
    topics = shared_bridge.topics
    values = [
        r.value
        for topic in (topics.clicks, topics.leads)
        for r in kafka.read_topic(topic)
    ]
    assert all(values.count(body) == 1 for body in bodies)


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (TRACE, TRACE),
        (TRACE[:-1], None),
        (TRACE.upper(), None),
        ("00-" + "0" * 32 + TRACE[35:], None),
        ("nonsense", None),
    ],
)
def test_a_valid_traceparent_is_carried(shared_bridge, kafka, sent, kept):
    body = click()
    accepted(shared_bridge, body, headers={"traceparent": sent})
    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.header("traceparent") == kept


@pytest.mark.parametrize("content_type", ["text/plain", "", "nonsense"])
def test_the_content_type_is_not_promised(shared_bridge, kafka, content_type):
    body = click()
    accepted(shared_bridge, body, headers={"Content-Type": content_type})
    only_record(kafka, shared_bridge.topics.clicks, body)


def test_a_prefixed_signature_is_tolerated(shared_bridge, kafka):
    body = click()
    headers = {"X-Hub-Signature": f"sha256={sign(body)}"}
    accepted(shared_bridge, body, secret=None, headers=headers)
    record = only_record(kafka, shared_bridge.topics.clicks, body)
    assert record.header("x-hub-signature") == sign(body)


def test_sources_differ_in_path_secret_and_name(bridge, kafka, topics, fleet):
    fleet.folder.joinpath("b").mkdir()
    for n, secret in enumerate(("second-secret", "third-secret")):
        (fleet.folder / "b" / f"{n}").write_text(f"{secret}\n")
    served = bridge(
        settings={
            "source one.path": "/one",
            "source one.secret": "first-secret",
            "source two.path": "/two",
            "source two.ce_source": "/elsewhere/two",
            "source two.secrets_dir": fleet.folder / "b",
        }
    )
    for path, secret, ce_source in [
        ("/one", "first-secret", "/aurix/one"),
        ("/two", "second-secret", "/elsewhere/two"),
        ("/two", "third-secret", "/elsewhere/two"),
    ]:
        body = click()
        accepted(served, body, path=path, secret=secret)
        record = only_record(kafka, topics.clicks, body)
        assert record.header("ce_source") == ce_source
    for path, secret in [("/one", "second-secret"), ("/two", "first-secret")]:
        assert served.post(click(), path=path, secret=secret).status == 401
    assert served.post(click(), secret="first-secret").status == 404
