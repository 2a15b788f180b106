"""Kafka for the scenarios: made when one needs it, kept for those behind."""

from pathlib import Path

from harness.kafka_client import Kafka
from harness.kafka_cluster import Cluster
from proxy import ProxiedCluster

# The kinds, how many brokers each has, and how many copies of a topic.
BROKERS = {"one": 1, "three": 3, "spread": 3, "proxied": 1}
REPLICATION = {"one": 1, "three": 3, "spread": 1, "proxied": 1}


class Clusters:
    def __init__(self, folder: Path):
        self.folder = folder
        self._made: dict[str, tuple[Cluster, Kafka]] = {}
        self._count = 0

    def __enter__(self) -> "Clusters":
        return self

    def __exit__(self, *_: object) -> None:
        for kind in list(self._made):
            self.drop(kind)

    def get(self, kind: str) -> tuple[Cluster, Kafka]:
        """Two cores: what is not in use does not run."""
        for other in list(self._made):
            if other != kind:
                self.drop(other)
        if kind not in self._made:
            self._count += 1
            folder = self.folder / f"kafka-{self._count}"
            cluster = (
                ProxiedCluster(folder)
                if kind == "proxied"
                else Cluster(folder, BROKERS[kind])
            )
            try:
                cluster.start()
            finally:  # so that it is ended, whatever came of it
                self._made[kind] = cluster, Kafka(cluster.bootstrap)
        return self._made[kind]

    def drop(self, kind: str) -> None:
        """It is not wanted any more, or is not what it was."""
        if kind in self._made:
            cluster, kafka = self._made.pop(kind)
            kafka.close()
            cluster.resume()
            cluster.destroy()
            if isinstance(cluster, ProxiedCluster):
                cluster.close()
