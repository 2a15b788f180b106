"""What is done to bridge and Kafka while events come in.

A scenario makes its faults `count` times and leaves what it will; the stage
heals, waits and checks. Moments are chosen by answers that have come, never by
time. Whatever is wrong, some of the faults have a SIGTERM in the middle, also
in a run as short as CI's.
"""

import errno
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.waiting import wait_for
from recorder import Manner
from stage import Stage


def terminate_meanwhile(stage: Stage) -> None:
    """SIGTERM, and a new start, while what was done lasts."""
    stage.terminate_bridge()
    stage.start_bridge()
    stage.some_taken(100)


def kill_bridge(stage: Stage, count: int) -> None:
    for _ in range(count):
        stage.some_answers()
        stage.kill_bridge()
        stage.start_bridge()


def kill_spooling(stage: Stage, count: int) -> None:
    """Kafka hangs: killed while it spools, and once more in the drain."""
    kills = 0
    while kills < count:
        stage.some_answers()
        stage.pause_broker()
        for _ in range(min(3, count - kills)):
            stage.some_taken(400)
            stage.kill_bridge()
            stage.start_bridge()
            kills += 1
        stage.some_taken(400)
        before = stage.spooled()
        stage.resume_broker()
        if kills < count:
            wait_for(lambda b=before: stage.spooled() < b, "the drain begins")
            stage.kill_bridge()
            stage.start_bridge()
            kills += 1


def kill_broker(stage: Stage, count: int) -> None:
    for _ in range(count):
        stage.some_answers(200)
        stage.kill_broker()
        stage.some_taken(400)
        stage.start_broker()


def pause_broker(stage: Stage, count: int) -> None:
    """For less than the deadline, and for longer."""
    for _ in range(count):
        stage.some_answers(200)
        stage.pause_broker()
        stage.some_taken(400)
        stage.resume_broker()


def kill_both(stage: Stage, count: int) -> None:
    for _ in range(count):
        stage.some_answers(200)
        stage.kill_broker()
        if stage.chance.random() < 0.5:
            stage.some_answers()
        stage.kill_bridge()
        if stage.chance.random() < 0.5:
            stage.start_bridge()
            stage.some_taken(200)
            stage.start_broker()
        else:
            stage.start_broker()
            stage.start_bridge()


def kill_leader(stage: Stage, count: int) -> None:
    """Of three brokers that which leads the clicks' first partition. Every
    other time the bridge is terminated before it is back."""

    def in_sync() -> bool:
        topics = stage.kafka.admin.describe_topics(list(stage.topics.all))
        return all(
            len(partition["isr_nodes"]) == 3
            for topic in topics
            for partition in topic["partitions"]
        )

    for n in range(count):
        wait_for(in_sync, "all replicas are in sync")
        stage.some_answers(200)
        leader = leader_of(stage, stage.topics.clicks)
        stage.kill_broker(leader)
        if n % 2 == 0:
            stage.some_answers()  # mostly before another leads
            terminate_meanwhile(stage)
        stage.some_taken(400)
        stage.start_broker(leader)


def kill_owner(stage: Stage, count: int) -> None:
    """Of three brokers one, which has the only copy of its partitions: nobody
    leads them until it is back, and the others' events go to Kafka. Every other
    time the bridge is terminated meanwhile."""
    for n in range(count):
        stage.some_answers(200)
        stage.kill_broker(n % 3 + 1)
        stage.some_taken(400)
        stage.more_confirmed(100)
        if n % 2 == 0:
            terminate_meanwhile(stage)
            stage.more_confirmed(100)
        stage.start_broker(n % 3 + 1)


def leader_of(stage: Stage, topic: str) -> int:
    (described,) = stage.kafka.admin.describe_topics([topic])
    return described["partitions"][0]["leader_id"]


def terminate(stage: Stage, count: int) -> None:
    """SIGTERM with Kafka up, hanging, gone, and in the drain."""

    def state(n: int) -> Callable[[], None]:
        return (
            lambda: None,
            stage.pause_broker,
            stage.kill_broker,
            lambda: None,
        )[n % 4]

    for n in range(count):
        stage.some_answers(200)
        state(n)()
        stage.some_taken(400)
        if n % 4 == 3:  # in the drain of what is left from before
            stage.resume_broker()
            stage.start_broker()
        stage.terminate_bridge()
        if stage.chance.random() < 0.5:
            stage.resume_broker()
            stage.start_broker()
        stage.start_bridge()


def full(stage: Stage, count: int) -> None:
    """The spool is full and Kafka away: 503, until Kafka is back. Meanwhile
    the bridge is left alone, killed, or terminated."""
    for n in range(count):
        stage.pause_broker()
        stage.answers(50, 503)
        assert stage.spooled() > 0, "503, and nothing in the spool"
        if n % 3 == 1:
            stage.kill_bridge()
            stage.start_bridge()
            stage.answers(10, 503)
        elif n % 3 == 2:
            stage.terminate_bridge()
            stage.start_bridge()
            stage.answers(10, 503)
        stage.resume_broker()
        stage.answers(300, 200)
        stage.wait_drained()


def cut(stage: Stage, count: int) -> None:
    """Connections end, and packets are held, or lost, on either way; each
    once with the bridge terminated meanwhile, and once without."""

    def silence(*ways: str) -> Callable[[], None]:
        def hold() -> None:
            stage.proxy.hold(*ways)
            stage.some_taken(400)

        return hold

    before: tuple[tuple[str, Callable[[], None]], ...] = (
        ("nothing", lambda: None),
        ("both ways", silence("requests", "answers")),
        ("requests", silence("requests")),
        ("answers", silence("answers")),  # Kafka has them, nobody knows
    )
    for n in range(count):
        stage.some_answers(200)
        held, hold = before[n % 4]
        stage.fault(f"{held} held")
        hold()
        if n // 4 % 2 == 0:
            stage.mark("connections cut")
            stage.proxy.cut()
        if n // 8 % 2 == 1:
            stage.mark("connections refused")
            stage.proxy.refuse()
            stage.proxy.cut()
            stage.some_taken(200)
        if (n + n // 16) % 2 == 1:
            terminate_meanwhile(stage)
        stage.mark("nothing held")
        stage.proxy.heal()


def slow(stage: Stage, count: int) -> None:
    """A broker whose answers come around the deadline, some after it, and
    after the end of a bridge that is terminated meanwhile."""
    for n in range(count):
        most_s = (0.6, 1.5, 0.05, 0.3)[n % 4]
        stage.fault(f"up to {most_s} s each way")
        stage.proxy.delay(most_s)
        stage.some_taken(400)
        if (n + n // 4) % 2 == 1:
            terminate_meanwhile(stage)
        stage.mark("no delay")
        stage.proxy.heal()
        stage.some_taken(200)


def clock(stage: Stage, count: int) -> None:
    """The wall clock steps back, sometimes forward, while events wait. Then
    the bridge is left alone, killed, or terminated."""
    for n in range(count):
        seconds = stage.chance.choice([-0.5, -60, -86400, -86400, 3600])
        stage.pause_broker()
        stage.some_taken(400)
        stage.fault(f"the clock steps by {seconds} s")
        stage.clock.step(seconds)
        stage.some_taken(400)
        oldest = stage.bridge.metric("aurix_bridge_spool_oldest_age_seconds")
        assert oldest >= 0, f"the oldest record's age is {oldest}"
        if n % 3 == 1:
            stage.kill_bridge()
            stage.start_bridge()
        elif n % 3 == 2:
            terminate_meanwhile(stage)
        stage.resume_broker()
        stage.some_taken(400)


def disk(stage: Stage, count: int) -> None:
    """The 1st, the 2nd, ... the `count`th write, and sync, behind a start,
    at some moment of an outage, at the begin of a drain, and behind a SIGTERM
    fails; once, or from then on for a while, in which the bridge may be
    terminated."""
    every = itertools.product(
        range(1, count + 1),
        (at_start, while_spooling, while_draining, while_ending),
        ("write", "sync"),
    )
    manners = tuple(
        itertools.product(
            (True, False), (errno.EIO, errno.ENOSPC), (True, False)
        )
    )
    for i, (number, moment, what) in enumerate(every):
        # In eight numbers each moment has all manners. A number has both
        # errors, and with the first alone there is some SIGTERM in each.
        terminated, error, lasts = manners[(i + number - 2) % len(manners)]
        stage.pause_broker()
        stage.some_taken(100)
        stage.fault(
            f"{errno.errorcode[error]} at {what} {number}, "
            f"{'lasting' if lasts else 'once'}, {moment.__name__}"
        )
        moment(
            stage,
            lambda w=what, n=number, e=error, x=lasts: stage.disk.fail(
                w, n, e, x
            ),
        )
        if terminated and stage.bridge.is_running():
            stage.terminate_bridge()
            stage.try_to_start_bridge()
        stage.mark("the disk is well")
        stage.disk.heal()
        if not stage.bridge.is_running():
            stage.start_bridge()
        stage.some_taken(100)  # with Kafka away or not
        stage.resume_broker()
        stage.wait_drained()


def at_start(stage: Stage, fail: Callable[[], None]) -> None:
    """It may refuse to start; not if the fault lies behind that."""
    stage.kill_bridge()
    fail()
    stage.try_to_start_bridge()
    if stage.bridge.is_running():
        stage.disk.wait_failed()
        stage.some_answers()


def while_spooling(stage: Stage, fail: Callable[[], None]) -> None:
    fail()
    stage.disk.wait_failed()
    stage.some_answers()


def while_draining(stage: Stage, fail: Callable[[], None]) -> None:
    stage.some_taken(400)
    fail()
    stage.resume_broker()
    wait_for(
        lambda: stage.disk.failed() or stage.spooled() == 0,
        "the fault, or an empty spool",
    )
    stage.some_answers()


def while_ending(stage: Stage, fail: Callable[[], None]) -> None:
    """The fault comes behind SIGTERM or, if it does not come to that, in the
    start behind it."""
    stage.some_taken(400)
    fail()
    stage.terminate_bridge()
    stage.try_to_start_bridge()


@dataclass(frozen=True)
class Scenario:
    name: str  # `kill-bridge` counts as CRASH_KILL_BRIDGE
    act: Callable[[Stage, int], None]
    count: int
    short: int  # for CI
    cluster: str = "one"  # of clusters.BROKERS
    shim: str = ""  # what the bridge is run with: "clock", "disk"
    manner: Manner = field(default_factory=Manner)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        return f"CRASH_{self.name.upper().replace('-', '_')}"


SCENARIOS = (
    Scenario("kill-bridge", kill_bridge, 200, 8),
    Scenario("kill-spooling", kill_spooling, 80, 4, manner=Manner(rate=800)),
    Scenario("kill-broker", kill_broker, 25, 1),
    Scenario("pause-broker", pause_broker, 50, 3),
    Scenario("kill-both", kill_both, 20, 1, manner=Manner(again=0.25)),
    Scenario("terminate", terminate, 40, 4),
    Scenario(
        "full",
        full,
        9,
        3,
        manner=Manner(padding=4000),
        settings={
            "spool.max_bytes": str(1 << 20),
            "deliver.patience_ms": "3000",
        },
    ),
    Scenario("clock", clock, 21, 3, shim="clock"),
    Scenario(
        "disk",
        disk,
        24,
        1,
        shim="disk",
        settings={"deliver.patience_ms": "1500"},
    ),
    Scenario("kill-leader", kill_leader, 20, 1, cluster="three"),
    Scenario("kill-owner", kill_owner, 20, 1, cluster="spread"),
    Scenario("cut", cut, 48, 4, cluster="proxied"),
    Scenario("slow", slow, 20, 2, cluster="proxied", manner=Manner(senders=32)),
)
