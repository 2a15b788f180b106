"""The programs that are measured, and one of them while it runs."""

import contextlib
import http.client
import os
import re
import shlex
import signal
from dataclasses import dataclass, field
from pathlib import Path

from harness.events import sign
from harness.ports import free_ports
from harness.processes import spawn, tail
from harness.programs import clean_environment
from harness.surroundings import BUILD, PROGRAM
from harness.waiting import wait_for

from measure.events import bodies
from measure.usage import Usage, pids_of_session, usage_of_session

HERE = Path(__file__).resolve().parents[1]
SECRET = "aurix_of_the_benchmark"
BIN = PROGRAM.parent / "bench" / "bin"
PYTHON = BUILD / "venv-bench" / "bin" / "python"


class ProgramFailed(Exception):
    pass


@dataclass(frozen=True)
class Contender:
    """`command` and the values of `env` may hold @PORT@ and @KAFKA@."""

    key: str  # by which it is chosen
    name: str  # as the table has it
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    keeps: bool = True  # in Kafka what it answers 200
    checks: bool = True  # refuses a wrong signature


def _uvicorn(application: str, *more: str) -> tuple[str, ...]:
    folder = str(HERE / "listeners")
    where = ("--host", "127.0.0.1", "--port", "@PORT@", "--app-dir", folder)
    return (str(PYTHON), "-m", "uvicorn", application, *where, *more)


OURS = Contender(
    "bridge",
    "aurix-bridge",
    (str(PROGRAM), "serve"),
    {
        "BRIDGE_HTTP_PORT": "@PORT@",
        "BRIDGE_KAFKA_BOOTSTRAP_SERVERS": "@KAFKA@",
        "BRIDGE_ADMIN_PORT": "0",
    },
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
CONTENDERS = (OURS, BARE, TUTORIAL, FASTAPI)


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


class Running:
    """A program from its start to its end, in a session of its own."""

    def __init__(
        self, contender: Contender, folder: Path, kafka: str, schemas: Path
    ):
        self.contender = contender
        self.kafka = kafka
        self.port = free_ports(1)[0]
        self.log = folder / f"{contender.key}.log"
        self.log.unlink(missing_ok=True)
        env = clean_environment(
            PORT=str(self.port),
            KAFKA=kafka,
            SCHEMAS=str(schemas),
            AURIX_WEBHOOK_SECRET=SECRET,
            **{k: self._filled(v) for k, v in contender.env.items()},
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
        return word.replace("@PORT@", str(self.port)).replace(
            "@KAFKA@", self.kafka
        )

    def __enter__(self) -> "Running":
        try:
            self._wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.log.unlink(missing_ok=True)

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
