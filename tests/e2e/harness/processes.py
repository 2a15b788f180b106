"""Child processes that never outlive the tests."""

import ctypes
import os
import signal
import subprocess
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(
    command: list[str],
    *,
    stdout: Path | int,
    stderr: Path | int,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    session: bool = False,
) -> subprocess.Popen:
    """Starts a process, its output appended to files; the kernel kills it
    should we die first. To be called from the main thread: the kernel takes
    the end of the calling thread for the end of the parent. `session` gives
    it a session of its own, by which its children are found."""
    opened = []

    def target(where: Path | int) -> int:
        if not isinstance(where, Path):
            return where
        fd = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        opened.append(fd)
        return fd

    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=target(stdout),
            stderr=target(stderr),
            env=env,
            cwd=cwd,
            start_new_session=session,
            preexec_fn=_die_with_parent,
        )
    finally:
        for fd in opened:
            os.close(fd)


def tail(path: Path, lines: int = 60) -> str:
    """The last lines of a file, for people."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return "(nothing)"
    return "\n".join(text.splitlines()[-lines:])
