"""The compose file as a user gets it, under a project name of its own."""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import BUILD_PATIENCE, PATIENCE, docker, inspect, run
from harness import web
from harness.ports import free_ports
from harness.processes import spawn
from harness.surroundings import TOP
from harness.waiting import wait_for

COMPOSE_FILE = TOP / "docker-compose.yml"
DEVELOPMENT_SECRET = (TOP / "docker" / "development-secret").read_text()[:-1]
PARTITIONS = 6  # of each topic, unless topics.partitions is set
OURS = ("bridge", "clicks-consumer", "leads-consumer")


class Output:
    """What a container says, from its first line on and beyond its end. What
    it printed and what it logged are kept apart."""

    def __init__(self, container: str, folder: Path):
        self.container = container
        self.stdout = folder / f"{container[:12]}.stdout"
        self.stderr = folder / f"{container[:12]}.stderr"
        self._events: list[dict[str, Any]] = []
        self._read = 0  # bytes of stdout that are in _events
        self.process = spawn(
            ["docker", "logs", "--follow", container],
            stdout=self.stdout,
            stderr=self.stderr,
        )

    def events(self) -> list[dict[str, Any]]:
        """The lines that it printed, whole ones only, as JSON."""
        with self.stdout.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        self._events += [json.loads(line) for line in whole.splitlines()]
        return self._events

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Stack:
    image: str
    folder: Path
    name: str = field(default_factory=lambda: f"bridge-{uuid.uuid4().hex[:8]}")
    port: int = field(default_factory=lambda: free_ports(1)[0])
    outputs: dict[str, Output] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # of `docker compose` itself
    settings: dict[str, str] = field(default_factory=dict)

    def compose(
        self,
        *arguments: str,
        settings: dict[str, str] | None = None,
        check: bool = True,
        timeout: float = PATIENCE,
    ) -> str:
        """What `docker compose ...` prints. Nobody's .env is read, and no
        override."""
        done = run(
            *("docker", "compose", "--file", str(COMPOSE_FILE)),
            *("--env-file", "/dev/null", "--project-name", self.name),
            *self.options,
            *arguments,
            settings={
                "BRIDGE_IMAGE": self.image,
                "BRIDGE_PUBLISH_PORT": str(self.port),
                **self.settings,
                **(settings or {}),
            },
            check=check,
            timeout=timeout,
        )
        return done.stdout + done.stderr

    def up(self, *arguments: str, **how: Any) -> str:
        """Builds the image where it is missing."""
        said = self.compose(
            "up", "--wait", *arguments, timeout=BUILD_PATIENCE, **how
        )
        self.follow()
        return said

    def down(self, *arguments: str) -> None:
        self.compose("down", *arguments)

    # ---- containers -----------------------------------------------------

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--all", "--quiet", service).split()

    def container(self, service: str) -> str:
        (only,) = self.containers(service)
        return only

    def state(self, service: str) -> dict[str, Any]:
        return inspect(self.container(service))["State"]

    def execute(self, service: str, *command: str, check: bool = True) -> str:
        return self.compose("exec", "-T", service, *command, check=check)

    def wait_healthy(self, service: str) -> None:
        wait_for(
            lambda: (
                self.state(service).get("Health", {}).get("Status") == "healthy"
            ),
            f"{service} is healthy",
            PATIENCE,
        )

    def wait_refused(self) -> None:
        """Until the bridge has said that nobody may reach it from elsewhere
        with the secret that everybody knows."""
        wait_for(
            lambda: "http.published_on" in self.compose("logs", "bridge"),
            "the bridge refuses to start",
            PATIENCE,
        )
        assert "http server listens" not in self.compose("logs", "bridge")

    def own_secret(self) -> tuple[str, dict[str, str]]:
        """A secret that nobody else knows, and the settings that give it to
        the bridge, which is another user than the file's owner."""
        secret = f"aurix_{os.urandom(16).hex()}"
        file = self.folder / f"{self.name}.secret"
        file.write_text(f"{secret}\n")
        file.chmod(0o444)
        return secret, {"AURIX_WEBHOOK_SECRET_FILE": str(file)}

    def left(self) -> list[str]:
        """Containers, volumes and networks of this project."""
        mine = ("--filter", f"label=com.docker.compose.project={self.name}")
        return [
            *docker("ps", "--all", "--quiet", *mine).split(),
            *docker("volume", "ls", "--quiet", *mine).split(),
            *docker("network", "ls", "--quiet", *mine).split(),
        ]

    # ---- what they say --------------------------------------------------

    def follow(self) -> None:
        """Begins to listen to consumers that were not there before."""
        for service in ("clicks-consumer", "leads-consumer"):
            for container in self.containers(service):
                if container not in self.outputs:
                    self.outputs[container] = Output(container, self.folder)

    def printed(self, *containers: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(container, line) of those, or of all consumers there ever were."""
        for container in containers or self.outputs:
            for line in self.outputs[container].events():
                yield container, line

    def wait_printed(self, key: str) -> str:
        """Waits until a consumer has printed an event of this correlation
        id; which container that was."""
        return wait_for(
            lambda: next(
                (who for who, line in self.printed() if line["key"] == key),
                None,
            ),
            f"an event of {key} is printed",
            PATIENCE,
        )

    def close(self) -> None:
        for output in self.outputs.values():
            output.close()

    # ---- events in ------------------------------------------------------

    def post(
        self, body: bytes, secret: str | None = DEVELOPMENT_SECRET
    ) -> web.Answer:
        return web.post(self.port, body, secret=secret, timeout=PATIENCE)

    # ---- groups, as Kafka sees them -------------------------------------

    def group(self, name: str) -> dict[int, str]:
        """Partition to member's address; empty while the group is not of one
        mind about every partition."""
        said = self.compose(
            *("exec", "-T", "-e", "KAFKA_HEAP_OPTS=-Xmx64m", "kafka"),
            "/opt/kafka/bin/kafka-consumer-groups.sh",
            *("--bootstrap-server", "localhost:9092"),
            *("--describe", "--group", name),
            check=False,
        )
        if "rebalancing" in said:
            return {}
        rows = [line.split() for line in said.splitlines()]
        owners = {
            int(row[2]): row[7].removeprefix("/")
            for row in rows
            if len(row) >= 9 and row[0] == name
        }
        whole = len(owners) == PARTITIONS and "-" not in owners.values()
        return owners if whole else {}

    def wait_settled(self, name: str, members: int) -> dict[int, str]:
        """Waits until so many members have all partitions."""

        def settled() -> dict[int, str]:
            owners = self.group(name)
            return owners if len(set(owners.values())) == members else {}

        return wait_for(
            settled, f"group {name} has settled with {members}", PATIENCE
        )
