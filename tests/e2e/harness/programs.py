"""aurix-bridge's commands as the tests run them."""

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import web
from harness.events import SECRET
from harness.kafka_client import Topics
from harness.processes import spawn, tail
from harness.surroundings import DEADLINE, PROGRAM, cannot_run
from harness.waiting import wait_for

# What a sanitizer prints when it found something.
_FINDINGS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "FATAL: ThreadSanitizer",
    "runtime error:",
    "Assertion `",
)

_CALM = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:detect_leaks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
}


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything the program would read."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("BRIDGE_", "AURIX_", "NO_COLOR"))
        and not k.lower().endswith("_proxy")
    }
    return {**_CALM, **kept, **more}


def need_program() -> None:
    if not PROGRAM.exists():
        cannot_run(f"{PROGRAM} is not built")


def assert_no_findings(stderr: str) -> None:
    """That no sanitizer and no assertion has complained."""
    for finding in _FINDINGS:
        assert finding not in stderr, stderr


def run_command(
    *arguments: str,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    timeout: float = DEADLINE,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess:
    """Runs a command to its end, its output as bytes."""
    need_program()
    with tempfile.TemporaryDirectory() as folder:
        # never the machine's own
        own = {"BRIDGE_SPOOL_DIR": f"{folder}/spool"}
        done = subprocess.run(
            [str(PROGRAM), *arguments],
            input=stdin,
            capture_output=True,
            env=clean_environment(**{**own, **(env or {})}),
            timeout=timeout,
            cwd=cwd,
        )
    assert_no_findings(done.stderr.decode(errors="replace"))
    return done


def said(*arguments: str, **how: Any) -> tuple[int, str, str]:
    """Runs a command: (exit status, standard output, standard error)"""
    done = run_command(*arguments, **how)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def settings_file(path: Path, settings: dict[str, str]) -> Path:
    """Writes {"section.key": "value"} as an INI file. The section is what
    comes before the first dot; "source NAME.key" makes [source NAME]."""
    sections: dict[str, list[str]] = {}
    for name, value in settings.items():
        section, _, key = name.partition(".")
        sections.setdefault(section, []).append(f"{key} = {value}\n")
    path.write_text(
        "\n".join(
            f"[{section}]\n{''.join(lines)}"
            for section, lines in sections.items()
        )
    )
    return path


def topic_settings(topics: Topics) -> dict[str, str]:
    return {
        "routes.widget.*": topics.clicks,
        "routes.lead.*": topics.leads,
        "routes.*": topics.other,
        "topics.other": topics.other,
        "topics.dead_letter": topics.dead,
        "consume.clicks_topic": topics.clicks,
        "consume.leads_topic": topics.leads,
        "consume.clicks_group": f"{topics.prefix}.clicks-group",
        "consume.leads_group": f"{topics.prefix}.leads-group",
    }


@dataclass
class Program:
    """A running command. `folder` gets its settings, ports and output."""

    folder: Path
    arguments: list[str]
    settings: dict[str, str]
    env: dict[str, str] = field(default_factory=dict)
    topics: Topics | None = None
    stderr_to: int | None = None  # a descriptor in the place of stderr_path
    process: subprocess.Popen | None = None
    _checked: int = 0

    @property
    def name(self) -> str:
        return " ".join(self.arguments)

    @property
    def stderr_path(self) -> Path:
        return self.folder / "stderr"

    @property
    def stdout_path(self) -> Path:
        return self.folder / "stdout"

    @property
    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    # ---- life ----------------------------------------------------------

    def start(self) -> None:
        need_program()
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in self.folder.glob("*.port"):
            stale.unlink()
        config = settings_file(self.folder / "bridge.ini", self.settings)
        command = [str(PROGRAM), *self.arguments, "--config", str(config)]
        for key in ("http", "admin"):
            command += ["--set", f"{key}.port=0"]
            command += ["--set", f"{key}.port_file={self._port_file(key)}"]
        self.process = spawn(
            command,
            stdout=self.stdout_path,
            stderr=(
                self.stderr_path if self.stderr_to is None else self.stderr_to
            ),
            env=clean_environment(**self.env),
        )

    def _port_file(self, key: str) -> Path:
        return self.folder / f"{key}.port"

    def _port(self, key: str) -> int:
        def written() -> str:
            assert self.is_running(), f"{self.name} died:\n{self.stderr}"
            path = self._port_file(key)
            return path.read_text().strip() if path.exists() else ""

        return int(wait_for(written, f"{self.name} opens its {key} port"))

    @property
    def admin_port(self) -> int:
        return self._port("admin")

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        return web.get(self.admin_port, "/readyz").status == 200

    def wait_ready(self, deadline: float = DEADLINE) -> None:
        def ready() -> bool:
            assert self.is_running(), f"{self.name} died:\n{self.stderr}"
            return self.is_ready()

        try:
            wait_for(ready, f"{self.name} is ready", deadline)
        except AssertionError as slow:
            checks = web.get(self.admin_port, "/readyz").body.decode()
            raise AssertionError(
                f"{slow}\n{checks}\n{tail(self.stderr_path)}"
            ) from slow

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, deadline: float = DEADLINE) -> int:
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.name} did not end:\n{tail(self.stderr_path)}"
            ) from None

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9."""
        if self.is_running():
            self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """The same again, after stop() or kill()."""
        self.start()
        self.wait_ready()

    def check(self) -> None:
        """Asserts that no sanitizer and no assertion has complained."""
        text = self.stderr if self.stderr_path.exists() else ""
        for finding in _FINDINGS:
            assert finding not in text, f"{self.name}:\n{text}"

    def finish(self) -> None:
        """At the end of a test: SIGTERM and exit status 0 if it still
        runs, and no findings at all."""
        if self.process is None:
            return
        if self.is_running():
            self.signal(signal.SIGCONT)
            status = self.stop()
            self.check()
            assert status == 0, (
                f"{self.name} ended with {status}:\n{tail(self.stderr_path)}"
            )
        self.check()

    # ---- what it says --------------------------------------------------

    def log_lines(self, *parts: str) -> list[str]:
        """Lines of its log that contain all parts."""
        return [
            line
            for line in self.stderr.splitlines()
            if all(part in line for part in parts)
        ]

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics: `name{labels}` to value."""
        return web.metrics(self.admin_port)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name with these labels."""
        wanted = [f'{k}="{v}"' for k, v in labels.items()]
        return sum(
            value
            for series, value in self.metrics().items()
            if series.partition("{")[0] == name
            and all(label in series for label in wanted)
        )


class Serve(Program):
    @property
    def port(self) -> int:
        return self._port("http")

    def post(self, body: bytes, **how: Any) -> web.Answer:
        return web.post(self.port, body, **how)

    def wait_drained(self) -> None:
        """Until nothing is in its spool."""
        try:
            wait_for(
                lambda: self.metric("aurix_bridge_spool_records") == 0,
                "the spool is empty",
            )
        except AssertionError as stuck:
            said = {
                name: value
                for name, value in self.metrics().items()
                if value and "bucket" not in name
            }
            raise AssertionError(f"{stuck}\n{said}") from stuck


class Consume(Program):
    """`consume clicks|leads`, with the sink stdout."""

    def lines(self) -> list[dict[str, Any]]:
        """What it has printed, whole lines only."""
        if not self.stdout_path.exists():
            return []
        whole, _, _ = self.stdout_path.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def wait_lines(self, count: int) -> list[dict[str, Any]]:
        """Waits until it has printed so many, and returns them all."""

        def enough() -> list[dict[str, Any]]:
            assert self.is_running(), f"{self.name} died:\n{self.stderr}"
            lines = self.lines()
            return lines if len(lines) >= count else []

        return wait_for(enough, f"{self.name} prints {count} lines")


class Fleet:
    """Starts programs, and ends and checks all of them."""

    def __init__(self, folder: Path, bootstrap: str, registry: list[Program]):
        self.folder = folder
        self.bootstrap = bootstrap
        self.registry = registry  # those whose logs a failed test shows
        self.programs: list[Program] = []

    def _launch(
        self,
        kind: type[Program],
        arguments: list[str],
        topics: Topics | None,
        settings: dict[str, Any] | None,
        env: dict[str, str] | None,
        ready: bool,
        bootstrap: str | None,
    ) -> Any:
        merged: dict[str, str] = {
            "kafka.bootstrap.servers": bootstrap or self.bootstrap,
            "log.level": "debug",
            "deliver.notice_ms": "0",
        }
        folder = self.folder / f"{len(self.programs)}-{arguments[0]}"
        if kind is Serve:
            merged["spool.dir"] = str(folder / "spool")
        if topics is not None:
            merged |= topic_settings(topics)
        merged |= {k: str(v) for k, v in (settings or {}).items()}
        with_secret = {"AURIX_WEBHOOK_SECRET": SECRET}
        if any(name.startswith("source ") for name in merged):
            with_secret = {}
        program = kind(
            folder,
            arguments,
            merged,
            {**with_secret, **(env or {})},
            topics,
        )
        self.programs.append(program)
        self.registry.append(program)
        program.start()
        if ready:
            program.wait_ready()
        return program

    def serve(
        self,
        topics: Topics | None = None,
        settings: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
        ready: bool = True,
        bootstrap: str | None = None,
    ) -> Serve:
        return self._launch(
            Serve, ["serve"], topics, settings, env, ready, bootstrap
        )

    def consume(
        self,
        kind: str,
        topics: Topics | None = None,
        settings: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
        ready: bool = True,
        bootstrap: str | None = None,
    ) -> Consume:
        return self._launch(
            Consume,
            ["consume", kind],
            topics,
            settings,
            env,
            ready,
            bootstrap,
        )

    def finish(self) -> None:
        """Ends all, and only then says what was wrong with any."""
        complaints = []
        for program in self.programs:
            if program.is_running():
                program.signal(signal.SIGCONT)
                program.signal(signal.SIGTERM)
        for program in self.programs:
            try:
                program.finish()
            except AssertionError as complaint:
                complaints.append(str(complaint))
            finally:
                if program.is_running():
                    program.kill()
        self.programs.clear()
        assert not complaints, "\n\n".join(complaints)
