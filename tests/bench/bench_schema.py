#!/usr/bin/env python3
"""Measures our validator beside others, in one run; docs/json-schema.md has
the results. `make bench-schema` brings what it needs and starts it.

Exit status: 0 whatever the speed; 1 if a verdict is wrong that should not be,
ours or another's; 2 if it could not be measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness.command import Unusable, run_to_end
from harness.surroundings import BUILD, SCHEMAS, TOP
from measure import contest_report, machine, report
from measure.contest import Contest, Entrant, Results, Subject, Timing, Trouble
from measure.programs import BIN

HERE = Path(__file__).resolve().parent / "schema"
MADE = BUILD / "bench" / "schema"
PYTHON = BUILD / "venv-schema" / "bin" / "python"
BEGIN = "<!-- bench-schema: begin -->"
END = "<!-- bench-schema: end -->"

# The click's are the project's own; the others have one beside them.
SUBJECTS = {
    "click": (SCHEMAS / "envelope.json", SCHEMAS / "widget.click.json"),
    "large": (HERE / "large" / "schema.json",),
    "deep": (HERE / "deep" / "schema.json",),
    "choices": (HERE / "choices" / "schema.json",),
}

# fastjsonschema takes the schemas for draft-07, which lacks what these have.
CANNOT = {("choices", "fastjsonschema")}


def subjects() -> list[Subject]:
    return [
        Subject(
            name,
            schemas,
            tuple(sorted((HERE / name / "valid").glob("*.json"))),
            tuple(sorted((HERE / name / "invalid").glob("*.json"))),
        )
        for name, schemas in SUBJECTS.items()
    ]


# ---- who takes part ---------------------------------------------------------


def _made(folder: Path, *command: str) -> str:
    """Runs it in there. Why that could not be done, "" if it could."""
    if shutil.which(command[0]) is None:
        return f"no {command[0]}"
    print(f"bench-schema: {' '.join(command[:2])}", file=sys.stderr)
    log = folder / "make.log"
    with log.open("w") as file:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return "" if done.returncode == 0 else f"{command[0]} failed, see {log}"


def _ajv(make: bool) -> Entrant:
    folder = MADE / "node"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", folder)
    missing = ""
    if shutil.which("node") is None:
        missing = "no node"
    elif make:
        quiet = ("--no-package-lock", "--no-audit", "--no-fund")
        missing = _made(folder, "npm", "install", *quiet)
    elif not (folder / "node_modules" / "ajv").exists():
        missing = "not installed"
    command = ("node", str(HERE / "validate.js"))
    return Entrant("ajv", "ajv", command, folder, missing)


def _rust(make: bool) -> Entrant:
    folder = MADE / "rust"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name in ("Cargo.toml", "src/main.rs"):
        shutil.copy(HERE / "rust" / name, folder / name)
    program = folder / "target" / "release" / "validate"
    target = ("--target-dir", str(folder / "target"))
    missing = ""
    if make:
        missing = _made(folder, "cargo", "build", "--release", *target)
    elif not program.exists():
        missing = "not built"
    command = (str(program),)
    return Entrant("rust", "jsonschema (Rust)", command, None, missing)


def _python(library: str, name: str) -> Entrant:
    missing = "" if PYTHON.exists() else f"no {PYTHON}"
    command = (str(PYTHON), str(HERE / "validate.py"), library)
    return Entrant(library, name, command, None, missing)


def entrants(make: bool) -> list[Entrant]:
    """`make`: installs and builds those that are not there."""
    ours = BIN / "validate"
    if not ours.exists():
        raise Unusable(f"no {ours}; `make bench-schema` builds it")
    return [
        Entrant("ours", "aurix-bridge", (str(ours),)),
        _ajv(make),
        _rust(make),
        _python("fastjsonschema", "fastjsonschema"),
        _python("jsonschema", "jsonschema (Python)"),
    ]


# ---- the run ----------------------------------------------------------------


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round: shows that all works and verdicts are right",
    )
    for name, default, text in (
        ("ms", "100", "milliseconds of each measurement"),
        ("rounds", "15", "in which every contender has its turn"),
        ("out", str(MADE), "folder for the results"),
        ("docs", "", "1: puts them into docs/json-schema.md, too"),
    ):
        parser.add_argument(
            f"--{name}",
            default=os.environ.get(f"BENCH_{name.upper()}") or default,
            help=f"{text} (default: {default or 'none'})",
        )
    return parser.parse_args()


def timing_of(options: argparse.Namespace) -> Timing:
    if options.quick:
        return Timing(rounds=1, milliseconds=20, warmup=0)
    try:
        rounds, milliseconds = int(options.rounds), int(options.ms)
    except ValueError as wrong:
        raise Unusable(f"rounds, ms: expected numbers: {wrong}") from wrong
    if rounds < 1 or milliseconds < 1:
        raise Unusable("rounds, ms: expected 1 or more")
    return Timing(rounds, milliseconds, warmup=1000)


def write(results: Results, timing: Timing, out: Path, quick: bool) -> str:
    out.mkdir(parents=True, exist_ok=True)
    about = machine.description()
    commit = machine.commit()
    text = contest_report.markdown(results, timing, about, commit, quick)
    (out / "table.md").write_text(text)
    (out / "results.json").write_text(
        contest_report.as_json(results, timing, about, commit)
    )
    return text


def run(options: argparse.Namespace) -> int:
    timing = timing_of(options)

    def tell(text: str) -> None:
        print(f"bench-schema: {text}", file=sys.stderr)

    contest = Contest(
        subjects(), entrants(make=not options.quick), timing, tell
    )
    results = contest.run()
    out = Path(options.out).resolve()
    text = write(results, timing, out, options.quick)
    print(f"\n{text}")
    if set(results.wrong) - CANNOT:
        tell("WRONG VERDICTS: see above")
        return 1
    if not options.quick and options.docs not in ("", "0"):
        report.put_into(TOP / "docs" / "json-schema.md", text, BEGIN, END)
    tell(f"results are in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(run_to_end("bench-schema", lambda: run(read_options()), Trouble))
