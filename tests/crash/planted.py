#!/usr/bin/env python3
"""Plants a bug, runs what has to catch it, and expects red.

For each patch in a folder: copies the source into build/planted, applies the
patch there, builds it, and runs what the patch's header names. Before, the
same is run without any patch and has to be green: what is red anyway proves
nothing. `make crash-planted` and `make schema-planted` start it.

A header is lines in front of the first file of the patch:

    What: an event is answered 200 before its COMMIT
    Run: crash CRASH_ONLY=kill-spooling CRASH_COUNT=20
    Expect: lost: [0-9a-f]+-[0-9]+, number

`Run` is `crash` with settings of crash.py, or `unit` and the name of a unit
test, as in `unit spool`. `Expect` is a regular expression that what is said
has to match, so that it is red for the right reason.

PLANTED_DIR=DIR     the folder, tests/crash/planted if it is not given
PLANTED_ONLY=A,B    only these patches, by their names without .patch
PLANTED_CONTROL=0   without the runs that have to be green

Exit status: 0; 1 if a bug was not caught; 2 if it could not be tried.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness.command import Unusable, run_to_end
from harness.surroundings import BUILD, TOP

HERE = Path(__file__).resolve().parent
PATCHES = TOP / os.environ.get("PLANTED_DIR", "tests/crash/planted")
PLACE = BUILD / "planted"
SOURCE = PLACE / "source"
BUILT = PLACE / "build"
FIELDS = ("What", "Run", "Expect")
PATIENCE_S = 1200  # for one run
SAID = 15  # lines of a run, where it was not as expected


@dataclass(frozen=True)
class Planted:
    path: Path
    what: str
    run: str
    expect: str

    @property
    def name(self) -> str:
        return self.path.stem


def read(path: Path) -> Planted:
    head, _, _ = path.read_text().partition("\ndiff ")
    found = dict(re.findall(rf"^({'|'.join(FIELDS)}): (.+)$", head, re.M))
    for field in FIELDS:
        if field not in found:
            raise Unusable(f"{path.name}: no '{field}:' in its header")
    try:
        re.compile(found["Expect"])
    except re.error as wrong:
        raise Unusable(f"{path.name}: Expect: {wrong}") from wrong
    command(found["Run"])
    return Planted(path, found["What"], found["Run"], found["Expect"])


def wanted() -> list[Planted]:
    names = os.environ.get("PLANTED_ONLY", "").replace(",", " ").split()
    known = {path.stem: path for path in sorted(PATCHES.glob("*.patch"))}
    for name in names:
        if name not in known:
            raise Unusable(f"PLANTED_ONLY: no '{name}' in {', '.join(known)}")
    return [
        read(path) for name, path in known.items() if name in names or not names
    ]


# ---- the copy ---------------------------------------------------------------


def copy_source() -> None:
    """Makes the copy what the source is now. What is the same keeps its age,
    so that little is built again."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    )
    names = {n for n in listed.stdout.decode().split("\0") if n}
    names = {n for n in names if (TOP / n).is_file()}
    for old in list(SOURCE.rglob("*")):
        if old.is_file() and old.relative_to(SOURCE).as_posix() not in names:
            old.unlink()
    for name in names:
        source, copy = TOP / name, SOURCE / name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)  # its age is now


def git_apply(path: Path, root: Path, *options: str) -> str:
    """What it complains of; nothing if the patch applies."""
    # Below a repository it would take the paths for the repository's.
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)}
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, str(path)],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else done.stderr or "git apply failed"


def build(target: str) -> None:
    log = PLACE / "build.log"
    with log.open("w") as file:
        for arguments in (
            ["cmake", "-S", str(SOURCE), "-B", str(BUILT), "-G", "Ninja"],
            ["cmake", "--build", str(BUILT), "--target", target],
        ):
            done = subprocess.run(
                arguments, stdout=file, stderr=subprocess.STDOUT
            )
            if done.returncode != 0:
                lines = log.read_text(errors="replace").splitlines()[-SAID:]
                raise Unusable("cannot build:\n" + "\n".join(lines))


# ---- the runs ---------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    target: str  # to be built before
    arguments: tuple[str, ...]
    env: tuple[tuple[str, str], ...]


def command(run: str) -> Command:
    kind, *rest = run.split()
    if kind == "crash":
        pairs = [word.partition("=") for word in rest]
        if not all(name.startswith("CRASH") and eq for name, eq, _ in pairs):
            raise Unusable(f"Run: not settings of crash.py: '{run}'")
        return Command(
            "aurix-bridge",
            (sys.executable, str(HERE / "crash.py")),
            (
                ("BRIDGE_PROGRAM", str(BUILT / "aurix-bridge")),
                *((name, value) for name, _, value in pairs),
            ),
        )
    if kind == "unit" and len(rest) == 1:
        return Command(
            f"test_{rest[0]}", (str(BUILT / "unit" / f"test_{rest[0]}"),), ()
        )
    raise Unusable(
        f"Run: neither 'crash NAME=VALUE...' nor 'unit NAME': '{run}'"
    )


def ran(run: str) -> tuple[bool, str]:
    """Whether it is green, and what it has said."""
    how = command(run)
    build(how.target)
    env = {k: v for k, v in os.environ.items() if not k.startswith("CRASH")}
    process = subprocess.Popen(
        how.arguments,
        env={**env, **dict(how.env)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    except BaseException as failure:
        process.send_signal(signal.SIGTERM)  # it ends what it has started
        process.communicate()
        if isinstance(failure, subprocess.TimeoutExpired):
            raise Unusable(f"'{run}' does not end") from None
        raise
    if process.returncode not in (0, 1) and how.target == "aurix-bridge":
        raise Unusable(f"'{run}' could not be run:\n{end_of(said)}")
    return process.returncode == 0, said


def end_of(said: str) -> str:
    return "\n".join(f"    {line}" for line in said.splitlines()[-SAID:])


def is_green_without(run: str) -> bool:
    copy_source()
    green, said = ran(run)
    print(f"{'green' if green else 'RED'}, with nothing planted: {run}")
    if not green:
        print(end_of(said))
    sys.stdout.flush()
    return green


def is_caught(planted: Planted) -> bool:
    begin = time.monotonic()
    copy_source()
    complaint = git_apply(planted.path, SOURCE)
    if complaint:
        raise Unusable(f"{planted.path.name} does not apply: {complaint}")
    green, said = ran(planted.run)
    match = re.search(planted.expect, said, re.M)
    caught = not green and match is not None
    verdict = "caught" if caught else "NOT CAUGHT"
    took = time.monotonic() - begin
    print(f"{planted.name:<24} {verdict:<10} {took:>4.0f} s  {planted.what}")
    if caught:
        line = next(x for x in said[match.start() :].splitlines() if x)
        print(f"    {line[:160]}")
    else:
        if not green:
            print(f"    it is red, but nothing matches '{planted.expect}':")
        print(end_of(said))
    sys.stdout.flush()
    return caught


def run() -> int:
    todo = wanted()
    if shutil.which("git") is None:
        raise Unusable("there is no git, which applies the patches")
    PLACE.mkdir(parents=True, exist_ok=True)
    SOURCE.mkdir(exist_ok=True)
    sound = True
    if os.environ.get("PLANTED_CONTROL") != "0":
        for each in sorted({planted.run for planted in todo}):
            sound = is_green_without(each) and sound
    caught = [is_caught(planted) for planted in todo]
    copy_source()
    print(f"planted: {sum(caught)} caught, {len(caught) - sum(caught)} not")
    return 0 if sound and all(caught) else 1


if __name__ == "__main__":
    sys.exit(run_to_end("planted", run, subprocess.CalledProcessError))
