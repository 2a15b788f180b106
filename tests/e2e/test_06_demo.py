"""`demo`: what it shows, how it stays, how it ends."""

import os
import re
import shlex
import signal
import socket
from pathlib import Path

import pytest
from harness import web
from harness.ports import free_ports
from harness.processes import spawn
from harness.programs import clean_environment, need_program, run_command
from harness.surroundings import DEADLINE, PROGRAM
from harness.waiting import wait_for


def said(*arguments, **how):
    """(exit status, standard output, standard error)"""
    done = run_command(*arguments, **how)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_demo(tmp_path):
    status, out, err = said(
        "demo",
        env={"TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
        timeout=2 * DEADLINE,
    )
    assert status == 0, out + err
    assert err == ""
    assert out.count("✓") == 6
    assert "✗" not in out
    assert "\033" not in out
    for row in (
        r"widget\.click +200 +aurix\.clicks +clicks",
        r"lead\.correlated +200 +aurix\.leads +leads",
        r"lead\.complete +200 +aurix\.leads +leads",
        r"call\.missed, .* 200 +aurix\.other +-",
        r"widget\.click, forged .* 401 +- +-",
        r"lead\.correlated, breaks .* 422 +aurix\.deadletter +-",
    ):
        assert re.search(row, out), row
    assert list(tmp_path.iterdir()) == []


def test_demo_is_not_disturbed_by_settings(tmp_path):
    config = tmp_path / "bridge.ini"
    config.write_text(
        "[kafka]\nbootstrap.servers = nobody.invalid:9\n"
        "[routes]\n* = elsewhere\n"
    )
    status, out, err = said(
        "demo",
        env={
            "BRIDGE_CONFIG": str(config),
            "BRIDGE_HTTP_MAX_BODY_BYTES": "1024",
            "TMPDIR": str(tmp_path),
            "LC_ALL": "C",
        },
        timeout=2 * DEADLINE,
    )
    assert status == 0, out + err
    assert out.isascii()


class Keep:
    """A `demo --keep` that runs."""

    def __init__(self, folder, port):
        need_program()
        self.folder = folder
        self.out = folder / "out"
        self.process = spawn(
            [str(PROGRAM), "demo", "--keep", "--set", f"http.port={port}"],
            stdout=self.out,
            stderr=folder / "err",
            env=clean_environment(TMPDIR=str(folder)),
        )

    def text(self):
        assert self.process.poll() is None, self.out.read_text()
        return self.out.read_text()

    def curl(self):
        """(url, headers, body) of the command line it offers."""
        wait_for(lambda: "What arrives:" in self.text(), "the demo stays")
        (line,) = re.findall(r"^curl .*$", self.text(), re.M)
        words = shlex.split(line)
        headers = dict(
            words[i + 1].split(": ", 1)
            for i, word in enumerate(words)
            if word == "-H"
        )
        body = words[words.index("--data-binary") + 1].encode()
        return words[-1], headers, body

    def children(self):
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}")
        return [int(pid) for pid in (path / "children").read_text().split()]


@pytest.fixture
def keep(tmp_path):
    made = []

    def start(port):
        made.append(Keep(tmp_path, port))
        return made[-1]

    yield start
    for demo in made:
        demo.process.kill()
        demo.process.wait()


def post_like(curl):
    url, headers, body = curl
    port, path = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", url).groups()
    return web.request(int(port), "POST", path, body, headers)


def test_demo_keep(keep):
    (port,) = free_ports(1)
    demo = keep(port)
    curl = demo.curl()
    assert f":{port}/" in curl[0]
    for _ in range(2):
        answer = post_like(curl)
        assert answer.json() == {"status": "received"}
    wait_for(
        lambda: (
            demo.text()
            .partition("What arrives:")[2]
            .count("clicks  widget.click ")
            == 2
        ),
        "both clicks are shown",
    )
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(DEADLINE) == 0
    assert sorted(p.name for p in demo.folder.iterdir()) == ["err", "out"]


def test_demo_keep_takes_another_port(keep):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        demo = keep(port)
        url, _, _ = curl = demo.curl()
        assert f":{port}/" not in url
        assert f"{port}: Address already in use" in demo.text()
        assert post_like(curl).status == 200
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(DEADLINE) == 0


def test_demo_interrupted_at_its_start(keep):
    (port,) = free_ports(1)
    demo = keep(port)
    wait_for(lambda: len(demo.children()) == 3, "the processes are started")
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(DEADLINE) == 1
    assert "interrupted" in (demo.folder / "err").read_text()
    assert sorted(p.name for p in demo.folder.iterdir()) == ["err", "out"]


def test_demo_leaves_no_process(keep):
    (port,) = free_ports(1)
    demo = keep(port)
    demo.curl()
    children = demo.children()
    assert len(children) == 3
    demo.process.kill()

    def all_gone():
        return not any(Path(f"/proc/{pid}/exe").exists() for pid in children)

    wait_for(all_gone, "the demo's children end with it")


def test_demo_tells_why_a_process_ended(keep):
    (port,) = free_ports(1)
    demo = keep(port)
    demo.curl()
    os.kill(demo.children()[0], signal.SIGKILL)
    assert demo.process.wait(DEADLINE) == 1
    told = (demo.folder / "err").read_text()
    assert "'serve' ended early, by signal 9" in told
    assert "http server listens" in told  # its log
