"""Speaking HTTP: politely with http.client, or byte by byte."""

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from harness.events import SECRET, sign
from harness.surroundings import DEADLINE

PATH = "/webhook"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only header of this name, None if there is none."""
        found = [v for k, v in self.headers if k.lower() == name.lower()]
        assert len(found) <= 1, f"{len(found)} headers {name!r}"
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def closes(self) -> bool:
        return (self.header("Connection") or "").lower() == "close"


def request(
    port: int,
    method: str,
    path: str = PATH,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = DEADLINE,
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(
            response.status, tuple(response.getheaders()), response.read()
        )
    finally:
        connection.close()


def get(port: int, path: str) -> Answer:
    return request(port, "GET", path)


def metrics(port: int) -> dict[str, float]:
    """Every sample of /metrics: `name{labels}` to value."""
    answer = get(port, "/metrics")
    assert answer.status == 200, answer
    samples = {}
    for line in answer.body.decode().splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            assert series not in samples, f"twice: {series}"
            samples[series] = float(value)
    return samples


def post(
    port: int,
    body: bytes,
    *,
    path: str = PATH,
    secret: str | None = SECRET,
    headers: dict[str, str] | None = None,
    timeout: float = DEADLINE,
) -> Answer:
    """Posts as the sender does; `secret` None leaves the signature out."""
    sent = {"Content-Type": "application/json"}
    if secret is not None:
        sent["X-Hub-Signature"] = sign(body, secret)
    return request(
        port, "POST", path, body, {**sent, **(headers or {})}, timeout
    )


def head_of(*lines: str) -> bytes:
    """A request's head from its lines."""
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def signed(body: bytes, *more: str, length: int | None = None) -> bytes:
    """A whole request, valid but for the header lines in `more`."""
    size = len(body) if length is None else length
    return (
        head_of(
            f"POST {PATH} HTTP/1.1",
            "Host: bridge",
            f"X-Hub-Signature: {sign(body)}",
            f"Content-Length: {size}",
            *more,
        )
        + body
    )


class Wire:
    """A connection used byte by byte."""

    def __init__(self, port: int, timeout: float = DEADLINE):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._pending = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._pending += data
        return bool(data)

    def answer(self, head_only: bool = False) -> Answer:
        """The next answer; EOFError if the peer closes before its end."""
        while b"\r\n\r\n" not in self._pending:
            if not self._more():
                raise EOFError(f"closed after {self._pending!r}")
        head, _, self._pending = self._pending.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        pairs = (line.partition(":") for line in rest)
        headers = tuple((k, v.strip()) for k, _, v in pairs)
        answer = Answer(status, headers, b"")
        if head_only or status < 200 or status in (204, 304):
            return answer
        length = answer.header("Content-Length")
        if length is None:
            while self._more():
                pass
            body, self._pending = self._pending, b""
        else:
            while len(self._pending) < int(length):
                if not self._more():
                    raise EOFError("closed within a body")
            body = self._pending[: int(length)]
            self._pending = self._pending[int(length) :]
        return Answer(status, headers, body)

    def at_end(self) -> bool:
        """Waits for the peer to close; True if nothing came before."""
        while self._more():
            pass
        return self._pending == b""


def raw(port: int, data: bytes, timeout: float = DEADLINE) -> Answer:
    """Sends bytes, reads one answer."""
    with Wire(port, timeout) as wire:
        # may be refused before the end; the answer is there all the same
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.send(data)
        return wire.answer()


def trickle(wire: Wire, data: bytes, pause: float) -> Answer:
    """Sends byte by byte, for as long as the peer listens, and returns what
    it says."""
    wire.socket.settimeout(pause)
    for i in range(len(data)):
        try:
            wire.send(data[i : i + 1])
        except OSError:
            break
        try:
            return wire.answer()
        except TimeoutError:
            continue
    wire.socket.settimeout(DEADLINE)
    return wire.answer()


def is_problem(answer: Answer, status: int, detail: str | None = None) -> None:
    """Asserts an error as RFC 9457 has it."""
    assert answer.status == status, answer
    assert answer.header("Content-Type") == "application/problem+json", answer
    problem = answer.json()
    assert isinstance(problem.get("detail"), str), problem
    assert problem["detail"], problem
    if "status" in problem:
        assert problem["status"] == status
    if detail is not None:
        assert problem["detail"] == detail
