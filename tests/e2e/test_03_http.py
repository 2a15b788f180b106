"""HTTP, byte by byte: what the parser lets through has to be refused."""

import contextlib

import pytest
from harness.events import click, sign
from harness.web import (
    PATH,
    Wire,
    get,
    head_of,
    is_problem,
    raw,
    request,
    signed,
    trickle,
)


@pytest.fixture
def untouched(shared_bridge, kafka):
    """Asserts that the test leaves nothing in Kafka."""
    before = [kafka.count(t) for t in shared_bridge.topics.all]
    yield
    assert [kafka.count(t) for t in shared_bridge.topics.all] == before


def refused(bridge, data, status, detail=None):
    """Sends bytes; expects one answer, a problem, and then the end. The
    second request that follows in the bytes must never be looked at."""
    with Wire(bridge.port) as wire:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.send(data)
        answer = wire.answer()
        is_problem(answer, status, detail)
        assert answer.closes, answer
        assert wire.at_end()
    return answer


def headed(body, *lines):
    """A signed POST with these lines in the place of its length."""
    return (
        head_of(
            f"POST {PATH} HTTP/1.1",
            "Host: bridge",
            f"X-Hub-Signature: {sign(body)}",
            *lines,
        )
        + body
    )


# ---- lengths ----------------------------------------------------------------

pytestmark = pytest.mark.usefixtures("shared_bridge")


def test_length_and_transfer_encoding(shared_bridge, untouched):
    body = click()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = head_of(
        f"POST {PATH} HTTP/1.1",
        "Host: bridge",
        f"X-Hub-Signature: {sign(body)}",
        f"Content-Length: {len(chunked)}",
        "Transfer-Encoding: chunked",
    )
    refused(shared_bridge, head + chunked, 400)


def test_two_differing_lengths(shared_bridge, untouched):
    body = click()
    lines = (f"Content-Length: {len(body)}", "Content-Length: 5")
    refused(shared_bridge, headed(body, *lines), 400)
    refused(shared_bridge, headed(body, *lines[::-1]), 400)


@pytest.mark.parametrize(
    "form", ["%dabc", "+%d", "%d, %d", "0x%x", "%d.0", "%d %d", "\x0b%d"]
)
def test_odd_length(shared_bridge, untouched, form):
    body = click()
    value = form % ((len(body),) * form.count("%"))
    refused(shared_bridge, headed(body, f"Content-Length: {value}"), 400)


@pytest.mark.parametrize("value", ["-5", "", "abc"])
def test_no_usable_length(shared_bridge, untouched, value):
    refused(shared_bridge, headed(click(), f"Content-Length: {value}"), 411)


def test_no_length(shared_bridge, untouched):
    refused(shared_bridge, headed(click()), 411)


@pytest.mark.parametrize(
    "value", ["99999999999999999999999", "18446744073709551615", "9" * 200]
)
def test_huge_length(shared_bridge, untouched, value):
    refused(shared_bridge, headed(click(), f"Content-Length: {value}"), 413)


def test_too_large(shared_bridge, untouched):
    refused(shared_bridge, signed(b"", length=65537), 413)


def test_as_large_as_allowed(shared_bridge):
    body = click()
    body += b" " * (65536 - len(body))
    assert shared_bridge.post(body).status == 200


def test_the_limit_can_be_raised(bridge, kafka, topics):
    served = bridge(settings={"http.max_body_bytes": 512 * 1024})
    body = click(filler="x" * 500_000)
    assert served.post(body).status == 200
    assert len(kafka.records_with_value(topics.clicks, body)) == 1
    refused(served, signed(b"", length=512 * 1024 + 1), 413)


def test_chunked(shared_bridge, untouched):
    body = click()
    data = head_of(
        f"POST {PATH} HTTP/1.1",
        "Host: bridge",
        f"X-Hub-Signature: {sign(body)}",
        "Transfer-Encoding: chunked",
    )
    data += b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    refused(shared_bridge, data, 411)


@pytest.mark.parametrize("coding", ["gzip", "identity", "chunked, gzip"])
def test_other_transfer_encodings(shared_bridge, untouched, coding):
    """Not as RFC 9112 has it for a server that knows none of them (501),
    but whatever it is, it is refused and the connection ends."""
    with Wire(shared_bridge.port) as wire:
        wire.send(headed(b"0\r\n\r\n", f"Transfer-Encoding: {coding}"))
        answer = wire.answer()
        assert answer.status in (400, 411, 501), answer
        is_problem(answer, answer.status)
        assert wire.at_end()


def test_a_second_request_behind_a_refused_one(shared_bridge, untouched):
    """Smuggled behind a body that one of two parsers takes for shorter."""
    smuggled = signed(click())
    data = headed(smuggled, "Content-Length: 0", "Content-Length: 5")
    refused(shared_bridge, data, 400)


# ---- header lines -----------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["Content-Length : %d", "Content-Length\t: %d", "X-Other : 1"],
)
def test_space_before_the_colon(shared_bridge, untouched, line):
    body = click()
    if "%d" in line:
        data = headed(body, line % len(body))
    else:
        data = signed(body, line)
    refused(shared_bridge, data, 400)


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_folded_line(shared_bridge, untouched, blank):
    body = click()
    length = f"Content-Length: {len(body)}"
    refused(shared_bridge, headed(body, "X-A: 1", f"{blank}b", length), 400)
    refused(shared_bridge, headed(body, length, "X-A: 1", f"{blank}b"), 400)


def test_a_folded_line_hides_nothing(shared_bridge, untouched):
    """Every header after it would be invisible: here a second length."""
    body = click()
    refused(
        shared_bridge,
        headed(
            body,
            f"Content-Length: {len(body)}",
            "X-A: 1",
            " folded",
            "Transfer-Encoding: chunked",
        ),
        400,
    )


@pytest.mark.parametrize("count", [64, 65, 100, 200])
def test_too_many_headers(shared_bridge, untouched, count):
    body = click()
    more = [f"X-{i}: {i}" for i in range(count - 3)]
    refused(shared_bridge, signed(body, *more), 431)


def test_many_headers(shared_bridge):
    more = [f"X-{i}: {i}" for i in range(60)]
    assert raw(shared_bridge.port, signed(click(), *more)).status == 200


def test_two_hosts(shared_bridge, untouched):
    refused(shared_bridge, signed(click(), "Host: other"), 400)


def test_two_signatures(shared_bridge, untouched):
    body = click()
    second = f"x-hub-signature: {sign(body)}"
    refused(shared_bridge, signed(body, second), 401, "Invalid signature")


@pytest.mark.parametrize("where", ["header", "uri"])
def test_head_too_long(shared_bridge, untouched, where):
    body = click()
    if where == "header":
        data = signed(body, "X-Long: " + "x" * 17000)
    else:
        data = signed(body).replace(b" HTTP", b"?" + b"x" * 17000 + b" HTTP", 1)
    with Wire(shared_bridge.port) as wire:
        wire.send(data)
        answer = wire.answer()
        assert answer.status in (400, 414, 431), answer
        is_problem(answer, answer.status)
        wire.at_end()


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"POST /webhook\r\n\r\n",
        b"POST  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nno colon\r\n\r\n",
    ],
    ids=["word", "no version", "no uri", "tls", "no colon"],
)
def test_not_http(shared_bridge, untouched, data):
    with Wire(shared_bridge.port) as wire:
        wire.send(data)
        answer = wire.answer()
        assert 400 <= answer.status < 500, answer
        is_problem(answer, answer.status)
        wire.at_end()


# ---- versions, methods, paths -----------------------------------------------


def test_http_1_0(shared_bridge):
    data = signed(click()).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with Wire(shared_bridge.port) as wire:
        wire.send(data)
        assert wire.answer().status == 200
        assert wire.at_end()


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/1.9", b"HTTP/9.9"])
def test_other_versions(shared_bridge, untouched, version):
    data = signed(click()).replace(b"HTTP/1.1", version, 1)
    answer = raw(shared_bridge.port, data)
    is_problem(answer, 505)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(shared_bridge, untouched, method):
    answer = request(shared_bridge.port, method)
    is_problem(answer, 405)
    assert answer.header("Allow") == "POST"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/webhook/", "/webhookx", "/Webhook", "/web", "/x"),
        *("//webhook", "/x/../webhook", "/./webhook", "/%77ebhook"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_other_paths(shared_bridge, untouched, method, path):
    is_problem(request(shared_bridge.port, method, path, b"x"), 404)


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz"])
def test_the_admin_pages_are_not_public(shared_bridge, path):
    is_problem(get(shared_bridge.port, path), 404)


def test_a_query_is_ignored(shared_bridge):
    assert shared_bridge.post(click(), path="/webhook?x=1").status == 200


def test_head(shared_bridge, untouched):
    with Wire(shared_bridge.port) as wire:
        wire.send(head_of(f"HEAD {PATH} HTTP/1.1", "Host: b"))
        answer = wire.answer(head_only=True)
        assert answer.status == 405
        assert answer.header("Allow") == "POST"
        if answer.closes:
            assert wire.at_end()
        else:
            wire.send(head_of("HEAD /none HTTP/1.1", "Host: b"))
            assert wire.answer(head_only=True).status == 404


# ---- connections ------------------------------------------------------------


def test_expect_100_continue(shared_bridge):
    body = click()
    with Wire(shared_bridge.port) as wire:
        wire.send(
            signed(b"", "Expect: 100-continue", length=len(body)).replace(
                sign(b"").encode(), sign(body).encode()
            )
        )
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200


def test_expect_100_continue_of_a_refused_request(shared_bridge, untouched):
    with Wire(shared_bridge.port) as wire:
        wire.send(signed(b"", "Expect: 100-continue", length=65537))
        is_problem(wire.answer(), 413)
        assert wire.at_end()


def test_a_connection_is_kept(shared_bridge):
    with Wire(shared_bridge.port) as wire:
        for _ in range(5):
            wire.send(signed(click()))
            answer = wire.answer()
            assert answer.status == 200
            assert not answer.closes


def test_a_connection_is_kept_after_an_invalid_event(shared_bridge):
    with Wire(shared_bridge.port) as wire:
        wire.send(signed(b"not json"))
        is_problem(wire.answer(), 400)
        wire.send(signed(click()))
        assert wire.answer().status == 200


def test_close_is_honoured(shared_bridge):
    with Wire(shared_bridge.port) as wire:
        wire.send(signed(click(), "Connection: close"))
        answer = wire.answer()
        assert answer.status == 200
        assert answer.closes
        assert wire.at_end()


def test_pipelined_requests(shared_bridge, kafka):
    first, second, third = click(), b"not json", click()
    with Wire(shared_bridge.port) as wire:
        wire.send(signed(first) + signed(second) + signed(third))
        assert [wire.answer().status for _ in range(3)] == [200, 400, 200]
    topic = shared_bridge.topics.clicks
    for body in (first, third):
        assert len(kafka.records_with_value(topic, body)) == 1


def test_a_request_in_many_pieces(shared_bridge):
    data = signed(click())
    with Wire(shared_bridge.port) as wire:
        for i in range(0, len(data), 7):
            wire.send(data[i : i + 7])
        assert wire.answer().status == 200


def test_a_sender_that_goes_away(shared_bridge, untouched):
    data = signed(click())
    for cut in (1, 20, len(data) // 2, len(data) - 1):
        with Wire(shared_bridge.port) as wire:
            wire.send(data[:cut])
    assert get(shared_bridge.port, "/none").status == 404


# ---- slowness ---------------------------------------------------------------


@pytest.fixture
def hasty(bridge):
    """A bridge with little patience."""
    return bridge(
        settings={
            "http.body_timeout_ms": 1000,
            "http.header_timeout_ms": 1000,
            "http.keep_alive_timeout_ms": 1000,
        }
    )


def test_slow_body(hasty, kafka):
    body = click()
    with Wire(hasty.port) as wire:
        wire.send(signed(body)[:-1])
        answer = wire.answer()
        is_problem(answer, 408)
        assert answer.closes
        assert wire.at_end()
    with Wire(hasty.port) as wire:
        data = signed(body)
        wire.send(data[: -len(body)])
        # each byte in time, the whole never
        answer = trickle(wire, body, 0.3)
        is_problem(answer, 408)
    assert kafka.count(hasty.topics.clicks) == 0


def test_slow_head(hasty):
    with Wire(hasty.port) as wire:
        wire.send(b"POST /webhook HTTP/1.1\r\nHost: b\r\n")
        try:
            answer = wire.answer()
        except EOFError:
            return
        assert answer.status in (400, 408), answer
        is_problem(answer, answer.status)
        wire.at_end()


def test_silent_and_idle_connections_are_closed(hasty):
    with Wire(hasty.port) as silent, Wire(hasty.port) as idle:
        idle.send(signed(click()))
        assert idle.answer().status == 200
        for wire in (silent, idle):
            try:
                answer = wire.answer()
            except EOFError:
                continue
            assert answer.status in (400, 408), answer
