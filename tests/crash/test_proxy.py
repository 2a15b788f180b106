"""The wire does what it is told."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from harness.surroundings import DEADLINE
from harness.waiting import wait_for
from proxy import Proxy


class Echo:
    """Says what it hears, and has it written down."""

    def __init__(self):
        self.heard = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(
                    target=self._serve, args=(connection,), daemon=True
                ).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(100):
                self.heard += data
                connection.sendall(data)

    def close(self):
        self._listening.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy(echo) -> Iterator[Proxy]:
    proxy = Proxy()
    proxy.upstream = echo.port
    yield proxy
    proxy.close()


@contextlib.contextmanager
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(
        ("127.0.0.1", proxy.port), DEADLINE
    ) as connection:
        yield connection


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_it_leads_there_and_back(proxy):
    with client(proxy) as one, client(proxy) as other:
        one.sendall(b"1")
        other.sendall(b"2")
        assert (one.recv(9), other.recv(9)) == (b"1", b"2")


def test_cut(proxy):
    with client(proxy) as one:
        one.sendall(b"1")
        assert one.recv(9) == b"1"
        proxy.cut()
        assert is_closed(one)
    with client(proxy) as other:
        other.sendall(b"2")
        assert other.recv(9) == b"2"


def test_held_requests(proxy, echo):
    with client(proxy) as one:
        one.sendall(b"1")
        assert one.recv(9) == b"1"
        proxy.hold("requests")
        one.sendall(b"2")
        proxy.heal()
        assert one.recv(9) == b"2"  # they are late, not lost
        proxy.hold("requests")
        one.sendall(b"3")
        proxy.cut()
        assert is_closed(one)
    proxy.heal()
    with client(proxy) as other:
        other.sendall(b"4")
        assert other.recv(9) == b"4"
    assert echo.heard == b"124"


def test_held_answers(proxy, echo):
    with client(proxy) as one:
        one.sendall(b"1")
        assert one.recv(9) == b"1"
        proxy.hold("answers")
        one.sendall(b"2")
        wait_for(lambda: echo.heard == b"12", "it got there")
        proxy.cut()
        assert is_closed(one)  # and the answer is lost


def test_delay_keeps_the_order(proxy):
    proxy.delay(0.02)
    said = bytes(range(100))
    with client(proxy) as one:
        heard = b""
        for i in range(len(said)):
            one.sendall(said[i : i + 1])
        while len(heard) < len(said):
            heard += one.recv(100)
    assert heard == said


def test_refused(proxy):
    proxy.refuse()
    with contextlib.suppress(ConnectionError), client(proxy) as one:
        assert is_closed(one)
    proxy.heal()
    with client(proxy) as other:
        other.sendall(b"1")
        assert other.recv(9) == b"1"


def test_nobody_behind_it(proxy, echo):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        proxy.upstream = gone.getsockname()[1]
    with contextlib.suppress(ConnectionError), client(proxy) as one:
        assert is_closed(one)
