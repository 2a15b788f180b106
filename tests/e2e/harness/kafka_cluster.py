"""A real Apache Kafka, in KRaft mode, from its jars: one broker or several.

The client port of a broker opens only when it serves, so a connection that
is accepted means that it is ready. A node keeps its ports and its data for
its life: after stop() or kill(), start() brings it back with what it had.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness.ports import free_ports, is_open
from harness.processes import spawn, tail
from harness.surroundings import DEADLINE, KAFKA_JARS, cannot_run
from harness.tls import Security
from harness.waiting import wait_for

CLUSTER_ID = "YnJpZGdlLXRlc3RzLTAwMQ"

# Small and quick to start rather than fast.
SMALL_JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
    "-Xmx160m",
)


class KafkaFailed(Exception):
    pass


def _java(*arguments: str, jvm: tuple[str, ...] = SMALL_JVM) -> list[str]:
    return [
        "java",
        *jvm,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        f"{KAFKA_JARS}/*",
        *arguments,
    ]


class Node:
    """One broker, which is a controller too."""

    def __init__(
        self,
        number: int,
        ports: tuple[int, int],
        folder: Path,
        jvm: tuple[str, ...] = SMALL_JVM,
    ):
        self.number = number
        self.port, self.controller_port = ports
        self.folder = folder
        self.jvm = jvm
        self.log = folder / "broker.log"
        self.process: subprocess.Popen | None = None

    def format(
        self, settings: dict[str, str], security: Security | None = None
    ) -> None:
        self.folder.mkdir(parents=True)
        path = self.folder / "server.properties"
        path.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        done = subprocess.run(
            [
                *_java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID),
                "-c",
                str(path),
                *(security.format_arguments() if security else ()),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise KafkaFailed(f"cannot format: {done.stdout}{done.stderr}")

    def launch(self) -> None:
        properties = self.folder / "server.properties"
        self.process = spawn(
            _java("kafka.Kafka", str(properties), jvm=self.jvm),
            stdout=self.log,
            stderr=self.log,
        )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, deadline: float = DEADLINE) -> None:
        def serves() -> bool:
            if not self.is_running():
                raise KafkaFailed(f"node {self.number} died:\n{tail(self.log)}")
            return is_open(self.port)

        wait_for(serves, f"Kafka node {self.number} serves", deadline)

    def send(self, number: signal.Signals) -> None:
        if self.is_running():
            self.process.send_signal(number)

    def stop(self) -> None:
        """Gracefully, which takes up to five seconds."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def pause(self) -> None:
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)


class Cluster:
    def __init__(
        self,
        folder: Path,
        nodes: int = 1,
        settings: dict[str, str] | None = None,
        jvm: tuple[str, ...] = SMALL_JVM,
        security: Security | None = None,
    ):
        self.folder = folder
        self.extra = settings or {}
        self.jvm = jvm
        self.security = security  # None: plain text, for anybody
        self.nodes = self._lay_out(nodes)

    def _lay_out(self, count: int) -> list[Node]:
        ports = free_ports(2 * count)
        return [
            Node(
                i + 1,
                (ports[2 * i], ports[2 * i + 1]),
                self.folder / f"{i}",
                self.jvm,
            )
            for i in range(count)
        ]

    @property
    def bootstrap(self) -> str:
        """What bootstrap.servers wants."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """The first start; a port that was taken meanwhile costs a try."""
        if not KAFKA_JARS.is_dir() or shutil.which("java") is None:
            cannot_run("no Kafka for the tests: `make test-deps` brings it")
        for attempt in range(3):
            try:
                for node in self.nodes:
                    node.format(self._settings(node), self.security)
                    node.launch()
                for node in self.nodes:
                    node.wait_ready()
                return
            except KafkaFailed:
                self.destroy()
                if attempt == 2:
                    raise
                self.nodes = self._lay_out(len(self.nodes))

    def _settings(self, node: Node) -> dict[str, str]:
        copies = str(min(3, len(self.nodes)))
        in_sync = str(max(1, int(copies) - 1))
        voters = ",".join(
            f"{n.number}@127.0.0.1:{n.controller_port}" for n in self.nodes
        )
        security = self.security
        listener = security.listener if security else "PLAINTEXT"
        return {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{listener}://127.0.0.1:{node.port},"
            f"CONTROLLER://127.0.0.1:{node.controller_port}",
            "log.dirs": str(node.folder / "data"),
            "num.partitions": "1",
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": "0",
            # the default would take 128 MiB of heap
            "log.cleaner.dedupe.buffer.size": "2097152",
            # a broker that was killed waits out its own old session
            "broker.session.timeout.ms": "1500",
            "broker.heartbeat.interval.ms": "300",
            **(security.broker_settings() if security else {}),
            **self.extra,
        }

    def restart(self, node: int | None = None) -> None:
        """Starts what is not running, with the data it had."""
        chosen = self._chosen(node)
        for n in chosen:
            if not n.is_running():
                n.launch()
        for n in chosen:
            n.wait_ready()

    def stop(self, node: int | None = None) -> None:
        for n in self._chosen(node):
            n.stop()

    def kill(self, node: int | None = None) -> None:
        for n in self._chosen(node):
            n.kill()

    def pause(self, node: int | None = None) -> None:
        for n in self._chosen(node):
            n.pause()

    def resume(self, node: int | None = None) -> None:
        for n in self._chosen(node):
            n.resume()

    def _chosen(self, node: int | None) -> list[Node]:
        return self.nodes if node is None else [self.nodes[node - 1]]

    def destroy(self) -> None:
        self.kill()
        # Java may still be writing in the moment it dies
        for _ in range(5):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                return
            time.sleep(0.05)
