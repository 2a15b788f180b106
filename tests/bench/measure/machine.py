"""What a run was measured on, and with which versions."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from harness.surroundings import KAFKA_JARS, PROGRAM, TOP

from measure.programs import PYTHON

PYTHON_PACKAGES = ("fastapi", "uvicorn", "confluent-kafka", "fastjsonschema")


def _said(*command: str) -> str:
    """Both outputs of a command; empty if there is no such."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=TOP,
    )
    return done.stdout.strip()


def _found(pattern: str, text: str, otherwise: str = "unknown") -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else otherwise


def _kafka() -> str:
    jars = " ".join(path.name for path in KAFKA_JARS.glob("kafka_*.jar"))
    return _found(r"kafka_[\d.]+-([\d.]+)\.jar", jars)


def _python_packages() -> dict[str, str]:
    listed = _said(str(PYTHON), "-m", "pip", "freeze")
    return {
        name: _found(rf"^{re.escape(name)}==(.+)$", listed)
        for name in PYTHON_PACKAGES
    }


def commit() -> str:
    return _found(r"^(\S+)$", _said("git", "describe", "--always", "--dirty"))


def versions() -> dict[str, str]:
    ours = _said(str(PROGRAM), "--version").splitlines() or ["aurix-bridge"]
    told = dict(
        re.split(r"[ /]", line, maxsplit=1) for line in ours if " " in line
    )
    wanted = ("aurix-bridge", "CivetWeb", "librdkafka", "jansson", "OpenSSL")
    return {
        **{name: told.get(name, "unknown").split()[0] for name in wanted},
        "commit": commit(),
        "Kafka": _kafka(),
        "Java": _found(r'version "([^"]+)"', _said("java", "-version")),
        "wrk": _found(r"^wrk (?:debian/)?(\S+)", _said("wrk", "-v")),
        "Python": _found(r"Python (\S+)", _said(str(PYTHON), "--version")),
        **_python_packages(),
    }


def description() -> dict[str, str]:
    cpus = Path("/proc/cpuinfo").read_text()
    memory = Path("/proc/meminfo").read_text()
    kib = int(_found(r"^MemTotal:\s*(\d+)", memory, "0"))
    system = platform.freedesktop_os_release()
    return {
        "cpu": _found(r"^model name\s*:\s*(.+)$", cpus),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{kib / 2**20:.0f} GiB",
        "kernel": platform.release(),
        "system": system.get("PRETTY_NAME", platform.system()),
    }
