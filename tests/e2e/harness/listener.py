"""A server that answers as a test wants, in the place of the bridge."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    number: int  # from 0, in the order in which they came
    connection: int
    body: bytes


# What to answer: a status, or the bytes after which the connection is closed
Answering = Callable[[Call], int | bytes]


class Listener:
    """Takes connections on a port of its own, a thread each, while it is
    entered; after that nobody listens there, until it is entered again."""

    def __init__(self, answering: Answering = lambda call: 200):
        self.answering = answering
        self.calls: list[Call] = []
        self.port = 0
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._server: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    def __enter__(self) -> "Listener":
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = self._server.getsockname()[1]
        threading.Thread(
            target=self._accept, args=(self._server,), daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        with self._lock:
            ended = [self._server, *self._connections]
            self._server = None
        for each in ended:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with self._lock:
                if self._server is not server:
                    connection.close()
                    return
                number = len(self._connections)
                self._connections.append(connection)
            threading.Thread(
                target=self._serve, args=(connection, number), daemon=True
            ).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with (
            contextlib.suppress(OSError),
            connection,
            connection.makefile("rb") as stream,
        ):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (body := _request(stream)) is not None:
                with self._lock:
                    call = Call(len(self.calls), number, body)
                    self.calls.append(call)
                answer = self.answering(call)
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                    return
                text = f"said {answer}"
                connection.sendall(
                    f"HTTP/1.1 {answer} Said\r\n"
                    f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
                )


def _request(stream) -> bytes | None:
    """The body of the next request, None at the end of the connection."""
    length = 0
    line = stream.readline()
    if not line:
        return None
    while line not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        line = stream.readline()
    return stream.read(length)
