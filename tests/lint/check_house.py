#!/usr/bin/env python3
"""Checks what the compiler does not: who may include whom, which library
stands behind which door, functions that are banned, sizes; and runs the
formatters and linters in check mode.

    check_house.py [--root DIR] [--tools DIR]

`--tools` is where clang-format and ruff are; without it only the house's own
rules are checked. Prints one complaint a line, exit status 1 if there is any.
Needs nothing but Python.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# ---- the rules --------------------------------------------------------------

# Which rooms of bridge/ a room may include, besides itself and base/.
LAYERS = {
    "base": set(),
    "format": set(),
    "schema": {"format"},
    "event": {"schema"},
    "kafka": set(),
    "spool": set(),
    "deliver": {"kafka", "spool"},
    "ingest": {"event", "deliver"},
    "consume": {"event", "kafka", "deliver"},
    "aurix": {"event", "kafka", "deliver"},
    "ops": set(),
}
LAYERS["cmd"] = set(LAYERS)

# Foreign headers, and the only files (or rooms, with a slash behind) that
# may include them. An empty tuple: all may.
DOORS = {
    "civetweb.h": ("ingest/server.c", "ops/admin.c"),
    "librdkafka/": ("kafka/",),
    "openssl/": ("base/digest.c",),
    "sqlite3.h": ("spool/spool_db.c",),
    "libpq-fe.h": ("consume/sink_postgres.c",),
    "curl/": ("base/http_client.c",),
    "pcre2.h": ("format/regex.c",),
    "ini.h": ("base/config.c",),
    "idn2.h": ("format/idna.c",),
    "jansson.h": (),
}

# What the C library and the kernel have; anything else is a library that
# nobody has decided on.
SYSTEM_HEADERS = """
    assert complex ctype dirent dlfcn endian errno execinfo fcntl features
    fenv float fnmatch getopt glob ifaddrs inttypes iso646 langinfo libgen
    limits locale malloc math netdb netinet/in netinet/tcp poll pthread pwd
    arpa/inet sched search semaphore setjmp signal spawn stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings
    syslog termios tgmath threads time uchar unistd wchar wctype
"""
SYSTEM_FOLDERS = ("sys/", "linux/", "net/", "sanitizer/")

# Function, and what to take in its place.
BANNED = {
    "strcpy": "memcpy with a known length, or a struct buf",
    "strcat": "a struct buf",
    "sprintf": "snprintf or buf_addf",
    "vsprintf": "vsnprintf or buf_vaddf",
    "gets": "fgets",
    "atoi": "strtol, checked",
    "atol": "strtol, checked",
    "strtok": "strcspn",
    "alloca": "an arena",
}

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 80

# ---- looking at files -------------------------------------------------------

IGNORED_FOLDERS = {"build", ".git", "__pycache__", ".cache", ".venv"}


@dataclass(frozen=True, order=True)
class Complaint:
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def files_below(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in IGNORED_FOLDERS:
                yield from files_below(path)
        elif path.is_file():
            yield path


def c_files(root: Path) -> list[Path]:
    return [
        path
        for folder in ("bridge", "tests")
        if (root / folder).is_dir()
        for path in files_below(root / folder)
        if path.suffix in (".c", ".h")
    ]


def shell_files(root: Path) -> list[Path]:
    found = []
    for path in files_below(root):
        if path.suffix in (".sh", ".bash"):
            found.append(path)
        elif path.suffix == "":
            with path.open("rb") as file:
                first = file.readline(80)
            if re.match(rb"#!.*\b(ba|da)?sh\b", first):
                found.append(path)
    return found


_NOISE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)


def code_only(text: str) -> str:
    """Without comments and literals, the lines where they were."""
    return _NOISE.sub(lambda m: " " + "\n" * m[0].count("\n"), text)


# ---- the checks -------------------------------------------------------------

_INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def check_includes(inside: Path, lines: list[str]) -> Iterator[tuple[int, str]]:
    """`inside` is the path within bridge/."""
    room = inside.parts[0]
    if len(inside.parts) != 2 or room not in LAYERS:
        yield 1, f"not in a room: {', '.join(sorted(LAYERS))}"
        return
    may = LAYERS[room] | {room, "base"}
    for number, line in enumerate(lines, 1):
        match = _INCLUDE.match(line)
        if match is None:
            continue
        quote, name = match.groups()
        if quote == '"':
            other = name.partition("/")[0]
            if "/" not in name or other not in LAYERS:
                yield number, f'"{name}" should read "ROOM/{Path(name).name}"'
            elif other not in may:
                yield number, f"{room} may not use {other}: {name}"
        else:
            yield from ((number, text) for text in check_door(inside, name))


def check_door(inside: Path, header: str) -> Iterator[str]:
    for foreign, doors in DOORS.items():
        if header == foreign or (
            foreign.endswith("/") and header.startswith(foreign)
        ):
            path = inside.as_posix()
            if doors and not any(
                path == door or (door.endswith("/") and path.startswith(door))
                for door in doors
            ):
                yield f"<{header}> belongs behind {' and '.join(doors)} alone"
            return
    known = header.removesuffix(".h") in SYSTEM_HEADERS.split()
    if not known and not header.startswith(SYSTEM_FOLDERS):
        yield f"<{header}> is of no library that this project has"


_CALL = re.compile(rf"(?<![\w.>])({'|'.join(BANNED)})\s*\(")


def check_calls(code: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(code, 1):
        for match in _CALL.finditer(line):
            name = match[1]
            yield number, f"{name}() is banned; take {BANNED[name]}"


def check_sizes(code: list[str]) -> Iterator[tuple[int, str]]:
    """A function's braces stand alone at the start of a line."""
    if len(code) > FILE_LINES_MAX:
        yield len(code), f"{len(code)} lines, more than {FILE_LINES_MAX}"
    start = 0
    for number, line in enumerate(code, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start:
            length = number - start - 1
            if length > FUNCTION_LINES_MAX:
                yield (
                    start,
                    f"a function of {length} lines, more than "
                    f"{FUNCTION_LINES_MAX}",
                )
            start = 0


def check_c_file(root: Path, path: Path) -> Iterator[Complaint]:
    where = path.relative_to(root)
    text = path.read_text(errors="replace")
    lines, code = text.splitlines(), code_only(text).splitlines()
    found = list(check_calls(code))
    if where.parts[0] == "bridge":
        # includes are strings, so from the text; those in comments are not
        kept = [
            line if "#" in bare else ""
            for line, bare in zip(lines, code, strict=False)
        ]
        found += check_includes(Path(*where.parts[1:]), kept)
        found += check_sizes(code)
    for number, complaint in found:
        yield Complaint(where.as_posix(), number, complaint)


def check_tree(root: Path) -> list[Complaint]:
    """All complaints by the house's own rules."""
    return sorted(
        complaint
        for path in c_files(root)
        for complaint in check_c_file(root, path)
    )


# ---- others' tools ----------------------------------------------------------


def run(command: list[str], root: Path) -> bool:
    """Runs a checker, whose complaints go where ours go."""
    sys.stdout.flush()
    return subprocess.run(command, cwd=root, check=False).returncode == 0


def run_tools(root: Path, tools: Path) -> list[str]:
    """Names of those that complained."""

    def names(paths: list[Path]) -> list[str]:
        return [path.relative_to(root).as_posix() for path in paths]

    failed = []
    sources = names(c_files(root))
    command = [str(tools / "clang-format"), "--dry-run", "--Werror"]
    if sources and not run([*command, *sources], root):
        failed.append("clang-format (make format)")
    ruff = str(tools / "ruff")
    if not run([ruff, "check", "--quiet", "."], root):
        failed.append("ruff check")
    if not run([ruff, "format", "--check", "--quiet", "."], root):
        failed.append("ruff format (make format)")
    scripts = names(shell_files(root))
    if shutil.which("shellcheck") is None:
        failed.append("shellcheck, which is not installed")
    elif scripts and not run(["shellcheck", *scripts], root):
        failed.append("shellcheck")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    top = Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=Path, default=top)
    parser.add_argument("--tools", type=Path)
    options = parser.parse_args()

    root = options.root.resolve()
    complaints = check_tree(root)
    for complaint in complaints:
        print(complaint)
    failed = []
    if options.tools is not None:
        failed = run_tools(root, options.tools.resolve())
    for name in failed:
        print(f"lint: {name} complains")
    count = len(complaints) + len(failed)
    files = len(c_files(root))
    print(f"lint: {files} C files, {count} complaint{'s'[: count != 1]}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
