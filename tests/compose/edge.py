"""The edge, as a sender meets it: HTTPS, its certificate checked."""

import http.client
import ssl
from collections import Counter
from contextlib import ExitStack, closing
from typing import Any

from engine import PATIENCE
from feeder import Feeder
from harness.events import sign
from harness.ports import free_ports
from harness.waiting import wait_for
from harness.web import PATH, Answer
from stack import DEVELOPMENT_SECRET, Stack

ROOT = "/data/caddy/pki/authorities/local/root.crt"


class Line(http.client.HTTPConnection):
    """A kept connection, that is made anew when the edge has closed it."""

    def __init__(self, port: int, domain: str, context: ssl.SSLContext):
        super().__init__("127.0.0.1", port, timeout=PATIENCE)
        self.domain = domain
        self.context = context

    def connect(self) -> None:
        super().connect()
        self.sock = self.context.wrap_socket(
            self.sock, server_hostname=self.domain
        )

    def ask(
        self,
        method: str,
        path: str = PATH,
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        try:
            self.request(method, path, body, {"Host": self.domain, **headers})
            response = self.getresponse()
            return Answer(
                response.status, tuple(response.getheaders()), response.read()
            )
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def post(self, body: bytes, secret: str = DEVELOPMENT_SECRET) -> Answer:
        signature = {"X-Hub-Signature": sign(body, secret)}
        return self.ask("POST", PATH, body, **signature)


class Edge(Stack):
    """The compose file with the profile `edge`."""

    def __init__(self, *how: Any):
        super().__init__(*how)
        self.edge_port = free_ports(1)[0]
        self.options = ("--profile", "edge")
        self.settings = {
            "EDGE_PUBLISH_PORT": str(self.edge_port),
            # However long a busy machine needs to start a container.
            "EDGE_HOLD": "100s",
        }

    def line(self, domain: str = "localhost") -> Line:
        """To the edge, which is trusted for its own authority alone."""
        root = wait_for(
            lambda: self.execute("edge", "cat", ROOT, check=False),
            "the edge has an authority",
            PATIENCE,
        )
        return Line(
            self.edge_port, domain, ssl.create_default_context(cadata=root)
        )

    def ask(
        self, *request: str, domain: str = "localhost", **headers: str
    ) -> Answer:
        """On a connection of its own."""
        with closing(self.line(domain)) as line:
            return line.ask(*request, **headers)

    def send(
        self,
        body: bytes,
        domain: str = "localhost",
        secret: str = DEVELOPMENT_SECRET,
    ) -> Answer:
        with closing(self.line(domain)) as line:
            return line.post(body, secret)


class Crowd:
    """Several feeders at a time, each on a kept connection to the edge. As a
    context: they post until its end."""

    def __init__(self, edge: Edge, prefix: str, size: int = 6):
        self._lines = [edge.line() for _ in range(size)]
        self.feeders = [
            Feeder(edge, f"{prefix}{i}", line.post)
            for i, line in enumerate(self._lines)
        ]
        self._running = ExitStack()

    def __enter__(self) -> "Crowd":
        for line in self._lines:
            self._running.enter_context(closing(line))
        for feeder in self.feeders:
            self._running.enter_context(feeder)
        return self

    def __exit__(self, *_: object) -> None:
        for feeder in self.feeders:
            feeder.stopping.set()
        self._running.close()

    def wait_for_more(self, events: int = 20) -> None:
        """Until each has had so many answers more."""
        before = [feeder.count for feeder in self.feeders]
        wait_for(
            lambda: all(
                feeder.count >= count + events
                for feeder, count in zip(self.feeders, before, strict=True)
            ),
            "events are answered",
            PATIENCE,
        )

    def answers(self) -> Counter[int]:
        return Counter(
            status for feeder in self.feeders for status in feeder.answers
        )

    def wait_printed(self) -> None:
        """Until everything that was answered 200 is printed."""
        wait_for(
            lambda: not any(feeder.missing() for feeder in self.feeders),
            "everything is printed",
            PATIENCE,
        )
