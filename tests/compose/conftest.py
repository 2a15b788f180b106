"""Fixtures of the tests of image and compose file, which need Docker.

`image`     the image as `make image` builds it, and what the build said
`stack`     the compose file, up; one for all tests of a file, in their order
`edge`      the same with the profile `edge`

BRIDGE_KEEP    keeps what the containers have said, in build/compose
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from edge import Edge
from engine import BUILD_PATIENCE, docker, need_docker, run
from harness.processes import tail
from harness.surroundings import BUILD
from stack import Stack

_stacks: list[Stack] = []  # that the running test can have used


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for stack in _stacks:
            report.sections.append(
                ("containers", stack.compose("ps", "--all", check=False))
            )
            report.sections += [
                (
                    f"log of {service}",
                    stack.compose("logs", "--tail", "30", service, check=False),
                )
                for service in ("kafka", "topics", "bridge", "edge")
            ]
            report.sections += [
                (f"log of consumer {who[:12]}", tail(output.stderr, 15))
                for who, output in stack.outputs.items()
            ]
    return report


@pytest.fixture(scope="session", autouse=True)
def engine_there() -> None:
    need_docker()


@pytest.fixture(scope="session")
def workplace(engine_there: None) -> Iterator[Path]:
    # its name is in those of images, where not every character may end one
    folder = BUILD / "compose" / secrets.token_hex(4)
    folder.mkdir(parents=True)
    yield folder
    if not os.environ.get("BRIDGE_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Image:
    name: str
    version: str
    built: str  # what the build said


@pytest.fixture(scope="session")
def image(workplace: Path) -> Iterator[Image]:
    """From nothing, so that all of the build can be read."""
    name = f"bridge-image-{workplace.name}"
    try:
        done = run(
            *("make", "image", f"IMAGE={name}"),
            "IMAGE_OPTIONS=--no-cache --progress=plain",
            timeout=BUILD_PATIENCE,
        )
        tags = docker("images", "--format", "{{.Tag}}", name).split()
        (version,) = set(tags) - {"latest"}
        yield Image(f"{name}:latest", version, done.stdout + done.stderr)
    finally:
        for tag in docker("images", "--format", "{{.Tag}}", name).split():
            docker("rmi", f"{name}:{tag}")


@contextlib.contextmanager
def running(stack: Stack) -> Iterator[None]:
    """Its image is not there before: compose builds it."""
    _stacks.append(stack)
    try:
        stack.up()
        yield
    finally:
        stack.close()
        stack.down("--volumes", "--remove-orphans", "--timeout", "5")
        docker("rmi", "--force", stack.image, check=False)
        _stacks.remove(stack)


@pytest.fixture(scope="module")
def stack(workplace: Path) -> Iterator[Stack]:
    stack = Stack(f"bridge-stack-{workplace.name}", workplace)
    with running(stack):
        yield stack


@pytest.fixture(scope="module")
def edge(workplace: Path) -> Iterator[Edge]:
    edge = Edge(f"bridge-edge-{workplace.name}", workplace)
    with running(edge):
        yield edge
