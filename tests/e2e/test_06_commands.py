"""The commands for people: what they say, and their exit status."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest
from harness.events import SECRET
from harness.ports import free_ports
from harness.processes import spawn
from harness.programs import clean_environment, need_program, said
from harness.surroundings import DEADLINE, PROGRAM
from harness.waiting import wait_for

WITH_SECRET = {"AURIX_WEBHOOK_SECRET": SECRET}

# A command, and a setting that its help has to name.
COMMANDS = {
    "serve": "http.port",
    "consume": "consume.sink",
    "demo": "http.port",
    "topics": "topics.partitions",
    "send": "http.port",
    "verify": "source.NAME.secret",
    "validate": "schemas.dir",
    "check": "kafka.bootstrap.servers",
    "health": "admin.port",
    "spool": "kafka.bootstrap.servers",
}


# ---- help, version, wrong use ------------------------------------------------


def test_list_of_commands():
    status, out, err = said("--help")
    assert (status, err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", out, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    # settings that are wrong do not keep anyone from reading about them
    status, out, err = said(
        command, "--help", env={"BRIDGE_CONFIG": "/nonexistent"}
    )
    assert (status, err) == (0, "")
    assert f"Usage: aurix-bridge {command} " in out
    assert COMMANDS[command] in out
    for option in ("--config FILE", "--set SECTION.KEY=VALUE", "--help"):
        assert option in out
    assert max(map(len, out.splitlines())) < 80


def test_version():
    status, out, _ = said("--version")
    assert status == 0
    assert re.match(r"aurix-bridge \d+\.\d+\.\d+\n", out)
    for library in (
        "librdkafka",
        "CivetWeb",
        "OpenSSL",
        "jansson",
        "PCRE2",
        "libcurl",
        "SQLite",
    ):
        assert re.search(rf"^{library}[ /]\d", out, re.M), library


WRONG_USE = {
    "no command": ([], "Usage:"),
    "command": (["serv"], "did you mean 'serve'?"),
    "global option": (["--hlep"], "did you mean '--help'?"),
    "option": (["send", "--conut", "3"], "did you mean '--count'?"),
    "abbreviation": (["send", "--coun", "3"], "did you mean '--count'?"),
    "setting": (
        ["health", "--set", "admin.prot=1"],
        "did you mean 'admin.port'?",
    ),
    "setting's value": (["health", "--set", "admin.port=x"], "'x'"),
    "setting without value": (["health", "--set", "admin.port"], "=value"),
    "kind": (["consume", "click"], "clicks"),
    "no kind": (["consume"], "clicks|leads"),
    "operand": (["health", "now"], "'now'"),
    "missing operand": (["validate"], "FILE"),
    "missing option": (["verify", "x"], "--signature"),
    "missing value": (["verify", "x", "--signature"], "needs a value: HEX"),
    "value too many": (["demo", "--keep=1"], "takes no value"),
    "number": (["send", "--count", "0"], "from 1 to"),
    "example": (
        ["send", "--example", "widget.clik"],
        "did you mean 'widget.click'?",
    ),
    "source": (
        ["send", "--example", "all", "--source", "auriks"],
        "did you mean 'aurix'?",
    ),
    "nothing to send": (["send"], "--example"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use(case):
    arguments, expected = WRONG_USE[case]
    status, out, err = said(*arguments, env=WITH_SECRET)
    assert status == 2
    assert out == ""
    assert expected in err


def test_wrong_installation_is_no_wrong_use(tmp_path):
    config = tmp_path / "bridge.ini"
    config.write_text("[http]\nprot = 1\n")
    for how in (
        {"env": {"BRIDGE_ADMIN_PORT": "x"}},
        {"env": {"BRIDGE_CONFIG": str(config)}},
        {"env": {"BRIDGE_CONFIG": "/nonexistent"}},
    ):
        status, _, err = said("health", **how)
        assert status == 1, err
        assert err.startswith("aurix-bridge health: ")


def test_unknown_variable_is_a_warning():
    _, _, err = said("health", env={"BRIDGE_ADMIN_PROT": "1"})
    assert "BRIDGE_ADMIN_PROT" in err
    assert "BRIDGE_ADMIN_PORT" in err


def test_output_that_cannot_be_written():
    need_program()
    with Path("/dev/full").open("w") as full:
        process = spawn(
            [str(PROGRAM), "--version"],
            stdout=full.fileno(),
            stderr=Path(os.devnull),
            env=clean_environment(),
        )
        assert process.wait(DEADLINE) == 1


def test_ctrl_c_ends_what_has_nothing_to_tidy_up(tmp_path):
    need_program()
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as lines:
        process = spawn(
            [str(PROGRAM), "validate", "-"],
            stdin=reading,
            stdout=tmp_path / "out",
            stderr=tmp_path / "err",
            env=clean_environment(),
        )
        lines.write("nothing\n" * 1000)  # more than stdio keeps back
        lines.flush()
        wait_for((tmp_path / "out").read_text, "it has begun")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == -signal.SIGINT


# ---- health ------------------------------------------------------------------


def health(port, *arguments):
    return said("health", "--set", f"admin.port={port}", *arguments)


def test_health(shared_bridge):
    port = shared_bridge.admin_port
    assert health(port) == (0, "ready\n", "")
    assert health(port, "--live") == (0, "alive\n", "")


def test_health_by_port_file(shared_bridge):
    port_file = shared_bridge.folder / "admin.port"
    status, out, _ = health(0, "--set", f"admin.port_file={port_file}")
    assert (status, out) == (0, "ready\n")


def test_health_says_what_is_missing(bridge, topics):
    (port,) = free_ports(1)
    lonely = bridge(topics, ready=False, bootstrap=f"127.0.0.1:{port}")
    assert lonely.port  # serves all the same
    status, out, _ = health(lonely.admin_port)
    assert status == 1
    assert out.startswith("not ready: kafka: ")
    assert health(lonely.admin_port, "--live")[0] == 0


def test_health_of_nobody():
    (port,) = free_ports(1)
    status, _, err = health(port)
    assert status == 1
    assert "cannot connect" in err


# ---- check -------------------------------------------------------------------


def check(*arguments, env=WITH_SECRET):
    ports = free_ports(2)
    status, out, _ = said(
        "check",
        "--set",
        f"http.port={ports[0]}",
        "--set",
        f"admin.port={ports[1]}",
        *arguments,
        env=env,
    )
    lines = out.splitlines()
    assert re.fullmatch(r"\d+ failures?, \d+ warnings?", lines[-1])
    assert all(re.match(r"(ok  |warn|FAIL) ", line) for line in lines[:-1])
    return status, lines[:-1]


def lines_with(lines, *parts):
    return [line for line in lines if all(part in line for part in parts)]


def topic_sets(kafka, topics, leads=None):
    leads = leads or topics.leads
    return [
        word
        for setting in (
            f"kafka.bootstrap.servers={kafka.bootstrap}",
            f"routes.widget.*={topics.clicks}",
            f"routes.lead.*={leads}",
            f"routes.*={topics.other}",
            f"topics.other={topics.other}",
            f"topics.dead_letter={topics.dead}",
            f"consume.clicks_topic={topics.clicks}",
            f"consume.leads_topic={topics.leads}",
        )
        for word in ("--set", setting)
    ]


def test_check(kafka, topics):
    status, lines = check(*topic_sets(kafka, topics))
    assert status == 0, lines
    assert lines_with(lines, "ok", "brokers: ")
    for topic in topics.all:
        assert lines_with(lines, "ok", f"'{topic}' has 3 partitions")
        assert lines_with(lines, "warn", f"'{topic}' has 1 replica")


def test_check_goes_through_all(kafka, topics, tmp_path):
    (tmp_path / "envelope.json").write_text("{")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, lines = check(
            *topic_sets(kafka, topics),
            "--set",
            f"topics.other={topics.prefix}.missing",
            "--set",
            f"schemas.dir={tmp_path}",
            "--set",
            "http.host=127.0.0.1",
            "--set",
            f"http.port={port}",
            env={},
        )
    assert status == 1
    assert lines_with(lines, "FAIL", "secrets", "AURIX_WEBHOOK_SECRET")
    assert lines_with(lines, "FAIL", "schemas", "envelope.json")
    assert lines_with(lines, "FAIL", "http.port", str(port))
    assert lines_with(
        lines, "FAIL", ".missing' does not exist", "aurix-bridge topics"
    )


def test_check_partitions_that_differ(kafka, topics):
    wide = f"{topics.prefix}.wide"
    kafka.create_topics([wide], 4)
    status, lines = check(*topic_sets(kafka, topics, leads=wide))
    assert status == 1
    assert lines_with(lines, "FAIL", f"'{wide}' has 4 partitions")


def test_check_without_brokers():
    (port,) = free_ports(1)
    status, lines = check("--set", f"kafka.bootstrap.servers=127.0.0.1:{port}")
    assert status == 1
    (line,) = lines_with(lines, "FAIL")
    assert "brokers" in line
    assert str(port) in line


def test_check_warns_of_secrets_and_routes():
    (port,) = free_ports(1)
    _, lines = check(
        "--set",
        f"kafka.bootstrap.servers=127.0.0.1:{port}",
        "--set",
        "routes.widget.*=elsewhere",
        "--set",
        "routes.lead.*=aurix.other",
        env={"AURIX_WEBHOOK_SECRET": "s3crt"},
    )
    assert lines_with(lines, "warn", "secrets", "5 bytes")
    assert lines_with(lines, "warn", "`consume clicks`", "'aurix.clicks'")
    assert lines_with(lines, "warn", "'lead.complete'", "'aurix.other'")
    assert not lines_with(lines, "widget.* goes to 'aurix.clicks'")
    assert not any("s3crt" in line for line in lines)
