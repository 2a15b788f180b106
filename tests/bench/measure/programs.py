"""The programs that are measured, and one of them while it runs."""

import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from harness.events import sign
from harness.ports import free_ports
from harness.processes import spawn, tail
from harness.programs import clean_environment
from harness.surroundings import BUILD, PROGRAM
from harness.waiting import wait_for
from harness.web import metrics

from measure.events import bodies
from measure.syncs import SyncTimer
from measure.usage import Usage, pids_of_session, usage_of_session

HERE = Path(__file__).resolve().parents[1]
SECRET = "aurix_of_the_benchmark"
BIN = PROGRAM.parent / "bench" / "bin"
PYTHON = BUILD / "venv-bench" / "bin" / "python"


class ProgramFailed(Exception):
    pass


@dataclass(frozen=True)
class Contender:
    """`command` and the values of `env` may hold @PORT@ and @KAFKA@; ours,
    @ADMIN@ and @SPOOL@, too."""

    key: str  # by which it is chosen
    name: str  # as the table has it
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    keeps: bool = True  # in Kafka what it answers 200
    checks: bool = True  # refuses a wrong signature
    spools: bool = False  # takes events while Kafka is away
    control: bool = False  # ours, but for the spool: what that costs


def _uvicorn(application: str, *more: str) -> tuple[str, ...]:
    folder = str(HERE / "listeners")
    where = ("--host", "127.0.0.1", "--port", "@PORT@", "--app-dir", folder)
    return (str(PYTHON), "-m", "uvicorn", application, *where, *more)


_SERVE = {
    "BRIDGE_HTTP_PORT": "@PORT@",
    "BRIDGE_KAFKA_BOOTSTRAP_SERVERS": "@KAFKA@",
    "BRIDGE_ADMIN_PORT": "@ADMIN@",
}
OURS = Contender(
    "bridge",
    "aurix-bridge",
    (str(PROGRAM), "serve"),
    {**_SERVE, "BRIDGE_SPOOL_DIR": "@SPOOL@"},
    spools=True,
)
NO_SPOOL = Contender(
    "nospool",
    "aurix-bridge, no spool",
    (str(PROGRAM), "serve"),
    {**_SERVE, "BRIDGE_SPOOL_ENABLED": "false"},
    control=True,
)
BARE = Contender(
    "bare",
    "bare CivetWeb",
    (str(BIN / "bare"), "@PORT@"),
    keeps=False,
    checks=False,
)
TUTORIAL = Contender(
    "tutorial",
    "FastAPI, as in the tutorial",
    # `pip install fastapi uvicorn`, as the tutorial says, brings these
    _uvicorn("tutorial:app", "--loop", "asyncio", "--http", "h11"),
    keeps=False,
)
FASTAPI = Contender(
    "fastapi",
    "FastAPI + Kafka, 2 workers",
    _uvicorn(
        "fastapi_kafka:app",
        *("--loop", "uvloop", "--http", "httptools", "--workers", "2"),
        *("--no-access-log", "--log-level", "warning"),
    ),
)
CONTENDERS = (OURS, NO_SPOOL, BARE, TUTORIAL, FASTAPI)


def parse_more(text: str) -> list[Contender]:
    """Those of BENCH_ALSO: NAME=COMMAND, each a word for a shell."""
    found = []
    for word in shlex.split(text):
        match = re.fullmatch(r"([A-Za-z][\w.+-]*)=(.+)", word, re.DOTALL)
        command = tuple(shlex.split(match[2])) if match else ()
        if not match or not command:
            raise ValueError(f"'{word}' is not NAME=COMMAND")
        found.append(Contender(match[1], match[1], command))
    keys = [contender.key for contender in (*CONTENDERS, *found)]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"there are two programs called '{key}'")
    return found


@dataclass(frozen=True)
class SpoolCounts:
    records: int  # that are in it
    appended: int  # since the start, like the others
    commits: int
    drained: int


class Running:
    """A program from its start to its end, in a session of its own."""

    def __init__(
        self,
        contender: Contender,
        folder: Path,
        kafka: str,
        schemas: Path,
        timed: bool = False,
    ):
        """`timed`: its fsyncs are."""
        self.contender = contender
        self.kafka = kafka
        self.port, self.admin_port = free_ports(2)
        self.log = folder / f"{contender.key}.log"
        self.spool = folder / f"{contender.key}.spool"
        self._clear()
        self.syncs = SyncTimer(BIN / "syncs.so", folder / "syncs")
        env = clean_environment(
            PORT=str(self.port),
            KAFKA=kafka,
            SCHEMAS=str(schemas),
            AURIX_WEBHOOK_SECRET=SECRET,
            **{k: self._filled(v) for k, v in contender.env.items()},
            **(self.syncs.environment() if timed else {}),
        )
        command = [self._filled(word) for word in contender.command]
        try:
            self.process = spawn(
                command, stdout=self.log, stderr=self.log, env=env, session=True
            )
        except OSError as failure:
            raise ProgramFailed(
                f"cannot start {contender.name}: {failure}"
            ) from failure

    def _filled(self, word: str) -> str:
        for name, value in (
            ("@PORT@", self.port),
            ("@KAFKA@", self.kafka),
            ("@ADMIN@", self.admin_port),
            ("@SPOOL@", self.spool),
        ):
            word = word.replace(name, str(value))
        return word

    def _clear(self) -> None:
        self.log.unlink(missing_ok=True)
        shutil.rmtree(self.spool, ignore_errors=True)

    def __enter__(self) -> "Running":
        try:
            self._wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._clear()

    def check(self) -> None:
        if self.process.poll() is not None:
            raise ProgramFailed(
                f"{self.contender.name} ended with {self.process.returncode}:"
                f"\n{tail(self.log, 20)}"
            )

    def _wait_ready(self) -> None:
        """Until it takes an event, and shows that it looks at signatures."""

        def takes() -> bool:
            self.check()
            return self._post(SECRET) == 200

        try:
            wait_for(takes, f"{self.contender.name} answers 200", 30)
        except AssertionError as late:
            raise ProgramFailed(f"{late}\n{tail(self.log, 20)}") from late
        status = self._post("not the secret")
        if self.contender.checks and status != 401:
            raise ProgramFailed(
                f"{self.contender.name} answers {status} to a wrong signature"
            )

    def _post(self, secret: str) -> int:
        """The status; 0 if there is no answer."""
        body = next(bodies(1))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 10)
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature": sign(body, secret),
        }
        try:
            connection.request("POST", "/webhook", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def spooled(self) -> "SpoolCounts":
        """Of a program that spools."""
        told = metrics(self.admin_port)

        def count(name: str) -> int:
            return int(told[f"aurix_bridge_spool_{name}"])

        return SpoolCounts(
            count("records"),
            count("appended_total"),
            count("commits_total"),
            count("drained_total"),
        )

    def wait_drained(self, deadline: float = 30) -> None:
        """Until its spool, if it has one, is empty: what was answered 200 is
        in Kafka then."""

        def empty() -> bool:
            self.check()
            return self.spooled().records == 0

        if self.contender.spools:
            what = f"the spool of {self.contender.name} is empty"
            try:
                wait_for(empty, what, deadline)
            except AssertionError as late:
                raise ProgramFailed(
                    f"{late}: {self.spooled()}\n{tail(self.log, 20)}"
                ) from late

    def usage(self) -> Usage:
        return usage_of_session(self.process.pid)

    def kill(self) -> None:
        """All of its session. Not gracefully: what it had in hand has been
        counted, and has had its time."""
        self.process.kill()  # the first, so that it starts no others
        self.process.wait()

        def ended() -> bool:
            left = pids_of_session(self.process.pid)
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        wait_for(ended, f"{self.contender.name} has ended")
