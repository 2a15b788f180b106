"""Asking Docker: its command line, as a user has it."""

import json
import re
import shutil
import subprocess
from typing import Any

from harness.programs import clean_environment
from harness.surroundings import TOP, cannot_run

# For what hangs; a busy machine may take its time.
PATIENCE = 180.0
BUILD_PATIENCE = 1800.0


def environment(settings: dict[str, str] | None = None) -> dict[str, str]:
    """Ours, without what compose, make or the bridge would read."""
    kept = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(
            ("COMPOSE_", "BUILDKIT_", "EDGE_", "MAKE", "MFLAGS")
        )
        and not re.fullmatch(r"IMAGE(_OPTIONS)?", name)
    }
    return {**kept, **(settings or {})}


def run(
    *command: str,
    settings: dict[str, str] | None = None,
    check: bool = True,
    timeout: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Runs it in the top folder; with `check`, it has to succeed."""
    done = subprocess.run(
        command,
        cwd=TOP,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n"
            f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
        )
    return done


def docker(*arguments: str, **how: Any) -> str:
    """What `docker ...` prints."""
    return run("docker", *arguments, **how).stdout.strip()


def inspect(thing: str) -> dict[str, Any]:
    """Of a container or an image."""
    (found,) = json.loads(docker("inspect", thing))
    return found


def need_docker() -> None:
    """Skips (in CI, fails) where there is no engine, or no compose."""
    if shutil.which("docker") is None:
        cannot_run("NOT TESTED: there is no docker on this machine")
    for command in (("version",), ("compose", "version")):
        answer = run("docker", *command, check=False)
        if answer.returncode != 0:
            why = (answer.stderr or answer.stdout).strip().splitlines()[-1:]
            cannot_run(
                f"NOT TESTED: `docker {' '.join(command)}` fails on this "
                f"machine: {' '.join(why)}"
            )


def kill(process: int, image: str) -> None:
    """kill -9 of a process of the host, be it this one or a virtual one:
    `docker kill` counts as an order to stop, so that no policy restarts."""
    run(
        *("docker", "run", "--rm", "--network", "none", "--pid", "host"),
        *("--user", "0", "--entrypoint", "bash", image),
        *("-c", f"kill -KILL {process}"),
    )
