"""One scenario's play: a bridge with a spool, a Kafka, a load, a journal.

What is done to them goes through here, so that the journal has a mark of it.
"""

import contextlib
import random
import signal
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

from checker import Verdict, check
from harness.kafka_client import Kafka, Topics
from harness.kafka_cluster import Cluster
from harness.programs import Fleet, Serve
from harness.surroundings import DEADLINE
from harness.waiting import wait_for
from journal import load
from proxy import ProxiedCluster, Proxy
from recorder import Manner, Recorder
from shims import Clock, Disk, Shim

_SHIMS = {"clock": Clock, "disk": Disk}

SPOOLED = "aurix_bridge_spool_records"
DELIVERIES = "aurix_bridge_deliveries_total"
DISORDER = "aurix_bridge_order_broken_total"


class Stage:
    """As a context. The cluster is somebody else's, and gets it back whole:
    whatever was done to it is undone."""

    reading_s = DEADLINE  # for all records of a topic

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        kafka: Kafka,
        manner: Manner,
        settings: Mapping[str, str],
        seed: int,
        replication: int = 1,
        shim: str = "",
    ):
        self.folder = folder
        self.cluster = cluster
        self.kafka = kafka
        self.chance = random.Random(seed)
        self.topics: Topics = kafka.new_topics(replication=replication)
        self.fleet = Fleet(folder, kafka.bootstrap, [])
        self.recorder = Recorder(folder / "journal", manner)
        self.faults = 0  # that were made
        self.disorder = 0  # that bridges have counted which are gone
        self.shim: Shim | None = None
        if shim:
            self.shim = _SHIMS[shim](folder / "shim")
        self.settings = {"log.level": "info", **settings}
        self.bridge: Serve | None = None

    def __enter__(self) -> "Stage":
        self.mark("begin")
        self.bridge = self.fleet.serve(
            self.topics,
            settings=self.settings,
            env=self.shim.environment() if self.shim else {},
            bootstrap=self.bootstrap,
        )
        self.recorder.__enter__()
        self.recorder.aim(self.bridge.port)
        self.recorder.wait_for_answers(50, 200)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.heal_others()
        finally:
            self.recorder.aim(None)
            if self.bridge is not None:
                self.bridge.kill()
            self.recorder.stop()
            self.recorder.writer.close()

    @property
    def bootstrap(self) -> str:
        """What the bridge is told."""
        if isinstance(self.cluster, ProxiedCluster):
            return self.cluster.proxied
        return self.cluster.bootstrap

    @property
    def proxy(self) -> Proxy:
        assert isinstance(self.cluster, ProxiedCluster)
        return self.cluster.proxy

    @property
    def clock(self) -> Clock:
        assert isinstance(self.shim, Clock)
        return self.shim

    @property
    def disk(self) -> Disk:
        assert isinstance(self.shim, Disk)
        return self.shim

    def mark(self, text: str) -> None:
        self.recorder.writer.mark(text)

    def fault(self, text: str) -> None:
        self.faults += 1
        self.mark(text)

    # ---- how far it is -------------------------------------------------

    def answers(self, more: int, *statuses: int) -> None:
        self.recorder.wait_for_answers(more, *statuses)

    def some_answers(self, most: int = 60) -> None:
        """A moment that is another each time, but never without a load."""
        self.answers(self.chance.randint(1, most))

    def some_taken(self, most: int = 60) -> None:
        self.answers(self.chance.randint(1, most), 200)

    def spooled(self) -> int:
        return int(self.bridge.metric(SPOOLED))

    def more_confirmed(self, more: int) -> None:
        """Waits until Kafka has so many more."""
        before = self._confirmed()
        wait_for(
            lambda: self._confirmed() >= before + more,
            f"{more} more records are in Kafka",
        )

    def _confirmed(self) -> int:
        return int(self.bridge.metric(DELIVERIES, outcome="delivered"))

    def wait_spooled(self, least: int) -> None:
        wait_for(
            lambda: self.spooled() >= least, f"{least} records in the spool"
        )

    def wait_drained(self) -> None:
        self.bridge.wait_drained()

    # ---- the bridge ----------------------------------------------------

    def start_bridge(self) -> None:
        """Until its port is open: that it is ready is not waited for, as
        events are taken before."""
        self.mark("start bridge")
        self.bridge.start()
        self.recorder.aim(self.bridge.port)
        self.mark("bridge has started")

    def try_to_start_bridge(self) -> None:
        """It may end itself, for a reason: then it is not running."""
        try:
            self.start_bridge()
        except AssertionError:
            if self.bridge.is_running():
                raise
            self.mark("bridge has refused to start")

    def kill_bridge(self) -> None:
        self._remember_disorder()
        self.fault("kill -9 bridge")
        self.bridge.kill()
        self.recorder.aim(None)

    def terminate_bridge(self) -> None:
        """SIGTERM, which has to end it well whatever the state it is in. Until
        then it answers requests, and may count more disorder."""
        disorder = 0

        def has_ended() -> bool:
            nonlocal disorder
            with contextlib.suppress(OSError, HTTPException, AssertionError):
                disorder = int(self.bridge.metric(DISORDER))
            return not self.bridge.is_running()

        self.fault("SIGTERM bridge")
        self.bridge.signal(signal.SIGTERM)
        wait_for(has_ended, "the bridge has ended")
        self.disorder += disorder
        status = self.bridge.wait()
        self.recorder.aim(None)
        self.mark("bridge has ended")
        assert status == 0, f"ended with {status} on SIGTERM"

    def _remember_disorder(self) -> None:
        self.disorder += int(self.bridge.metric(DISORDER))

    # ---- Kafka ---------------------------------------------------------

    def kill_broker(self, node: int | None = None) -> None:
        self.fault("kill -9 broker")
        self.cluster.kill(node)

    def start_broker(self, node: int | None = None) -> None:
        self.mark("start broker")
        self.cluster.restart(node)
        self.mark("broker has started")

    def pause_broker(self) -> None:
        self.fault("SIGSTOP broker")
        self.cluster.pause()

    def resume_broker(self) -> None:
        self.mark("SIGCONT broker")
        self.cluster.resume()

    # ---- the end -------------------------------------------------------

    def heal_others(self) -> None:
        """All but the bridge as it should be."""
        if self.shim is not None:
            self.shim.heal()
        self.cluster.resume()
        self.cluster.restart()

    def finish(self) -> Verdict:
        """Heals, waits until nothing waits any more, and checks."""
        self.mark("heal")
        self.heal_others()
        if not self.bridge.is_running():
            self.start_bridge()
        self.bridge.signal(signal.SIGCONT)
        self.answers(100, 200)
        self.bridge.wait_ready()
        self.recorder.stop()
        self.wait_drained()
        self._remember_disorder()
        self.fleet.finish()  # it ends well, and nothing has complained
        self.mark("end")
        verdict = self.judge()
        verdict.excuse_disorder(self.disorder)
        return verdict

    def judge(self) -> Verdict:
        topics = self.topics
        records = [
            record
            for topic in topics.all
            for record in self.kafka.read_topic(topic, self.reading_s)
        ]
        return check(
            load(self.folder / "journal"),
            records,
            {
                topics.clicks: "clicks",
                topics.leads: "leads",
                topics.other: "other",
            },
        )
