"""`spool`: what is in the spool of a bridge that is gone. Looking changes
nothing; test_06_spool_drain.py is about what does."""

import base64
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from harness.events import click, complete, correlated, unknown
from harness.processes import spawn
from harness.programs import (
    assert_no_findings,
    clean_environment,
    need_program,
    run_command,
    said,
)
from harness.spools import FIRST, change, drain, export, file_of
from harness.surroundings import DEADLINE, PROGRAM

READING = ("list", "show", "export")


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


# ---- looking at it -----------------------------------------------------------


def test_what_is_told(left, topics):
    clicks = [click("K-1"), click("K-2")]
    spool = left([*clicks, correlated("K-1"), unknown("K-3")])
    status, out, err = said("spool", "list", str(spool))
    assert (status, err) == (0, "")
    assert "spool-00000001.db" in out
    assert "sound" in out
    assert f"\n{topics.clicks}\n  2 wait, " in out
    assert f"\n{topics.leads}\n  1 wait, " in out
    assert f"\n{topics.other}\n  1 wait, " in out
    assert "in all 4 wait, 0 aside\n" in out
    assert "stored from 20" in out

    status, lines, err = said("spool", "show", str(spool))
    assert (status, err) == (0, "")
    first, second, third, _ = lines.splitlines()
    assert first.startswith(f"{FIRST}  20")
    assert f"  {topics.clicks}  K-1  {len(clicks[0])}  widget.click  " in first
    assert "  K-2  " in second
    assert "lead.correlated" in third
    # bodies are for those who ask for them
    for told in (out, lines):
        assert "15551234567" not in told
        assert "dev-7f3a" not in told

    status, whole, err = said(
        "spool", "show", str(spool), str(FIRST + 2), str(FIRST)
    )
    assert (status, err) == (0, "")
    assert whole.startswith(third)
    assert "\n  ce_type: lead.correlated\n" in whole
    assert "15551234567" in whole
    assert whole.rstrip("\n").endswith(clicks[0].decode())


def test_export_has_everything(left, topics):
    raw = b'{"event_type": "\xff'
    bodies = [click("K-1"), complete("K-1"), raw]
    spool = left(bodies)
    first, second, third = export(spool)
    assert [first["seq"], second["seq"], third["seq"]] == [
        FIRST,
        FIRST + 1,
        FIRST + 2,
    ]
    assert first["topic"] == topics.clicks
    assert second["topic"] == topics.leads
    assert first["key"] == second["key"] == "K-1"
    assert [first["value"].encode(), second["value"].encode()] == bodies[:2]
    assert third["topic"] == topics.dead
    assert third["key"] is None
    assert base64.b64decode(third["value_raw"], validate=True) == raw
    assert first["stored"].endswith("Z")
    assert (first["damaged"], first["aside"]) == (False, None)
    headers = [header["name"] for header in first["headers"]]
    assert headers[0] == "ce_specversion"
    assert {"ce_id", "x-hub-signature", "content-type"} < set(headers)


def test_reading_changes_nothing(left):
    bodies = [click() for _ in range(5)]
    spool = left(bodies)
    # what was committed last is in the WAL alone
    wal = spool / "spool-00000001.db-wal"
    assert wal.stat().st_size > 0
    before = contents(spool)
    for action in READING:
        status, _, err = said("spool", action, str(spool))
        assert status == 0, err
        assert contents(spool) == before
    assert [r["value"].encode() for r in export(spool)] == bodies

    # nor with the WAL folded in, where there is none to be made
    change(spool, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert not wal.exists()
    # and without a lock, which is not made either
    (spool / "lock").unlink()
    before = contents(spool)
    for action in READING:
        assert said("spool", action, str(spool))[0] == 0
        assert contents(spool) == before
    assert [r["value"].encode() for r in export(spool)] == bodies


def read_only(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs the program where the folder is a file system that cannot be
    written to."""
    need_program()
    script = (
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99; '
        '! touch "$0/x" 2> /dev/null || exit 99; exec "$@"'
    )
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", script, str(folder)),
            *(str(PROGRAM), *arguments),
        ],
        capture_output=True,
        env=clean_environment(),
        timeout=DEADLINE,
    )
    assert_no_findings(done.stderr.decode(errors="replace"))
    return done


@pytest.mark.parametrize("with_wal", [True, False])
def test_a_read_only_file_system(left, with_wal):
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    bodies = [click() for _ in range(3)]
    spool = left(bodies, kill=with_wal)
    assert (spool / "spool-00000001.db-wal").exists() == with_wal
    for action in READING:
        done = read_only(spool, "spool", action, str(spool))
        if done.returncode in (1, 99) and b"aurix" not in done.stderr:
            pytest.skip(f"no mounts of our own here: {done.stderr!r}")
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["value"].encode() for line in lines] == bodies


def test_no_such_spool(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    other = tmp_path / "spool-00000001.db"
    other.write_bytes(b"something else" * 500)
    for action in (*READING, "drain"):
        status, out, err = said("spool", action, str(tmp_path / "absent"))
        assert (status, out) == (1, "")
        assert "there is no spool" in err
        assert not (tmp_path / "absent").exists()
        status, out, err = said("spool", action, str(empty))
        assert (status, out) == (1, "")
        assert f"there is no spool in '{empty}'" in err
        assert list(empty.iterdir()) == []
    for action in READING:
        status, out, err = said("spool", action, str(other))
        assert (status, out) == (1, "")
        assert "cannot" in err


def test_an_empty_spool(left, topics, nowhere):
    spool = left([], kill=False)
    status, out, err = said("spool", "list", str(spool))
    assert (status, err) == (0, "")
    assert "nothing waits" in out
    assert said("spool", "show", str(spool)) == (0, "", "")
    assert export(spool) == []
    # there is nothing that Kafka is needed for
    assert drain(spool, nowhere, topics) == (0, "nothing waited\n", "")


def test_a_bridge_has_it(bridge, topics, nowhere):
    served = bridge(topics, bootstrap=nowhere)
    assert served.post(click()).status == 200
    spool = served.folder / "spool"
    host = socket.gethostname()
    for action in (*READING, "drain"):
        status, out, err = said("spool", action, str(spool))
        assert (status, out) == (1, "")
        assert f"process {served.process.pid} on {host} has it" in err
    status, _, err = said("spool", "export", str(file_of(spool)))
    assert status == 1
    assert "has it" in err


def test_while_it_is_looked_at(left, fleet, topics, nowhere):
    spool = left([click(key="x" * 200) for _ in range(300)])
    reader, writer = os.pipe()
    exporting = spawn(
        [str(PROGRAM), "spool", "export", str(spool)],
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    )
    os.close(writer)
    os.read(reader, 1)  # it has begun, and the pipe takes no more of it
    # others may look, but no bridge may have it
    assert said("spool", "list", str(spool))[0] == 0
    status, _, err = drain(spool, nowhere, topics)
    assert status == 1
    assert "another process looks at it" in err
    os.close(reader)
    assert exporting.wait(DEADLINE) == 1


def test_output_that_is_not_taken(left):
    spool = left([click(key="x" * 200) for _ in range(300)])
    for action in ("export", "show"):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [str(PROGRAM), "spool", action, str(spool)],
                stdout=full,
                stderr=subprocess.PIPE,
                env=clean_environment(),
            )
        assert done.returncode == 1
        assert b"cannot write standard output" in done.stderr
        assert b"exported" not in done.stderr
    done = subprocess.run(
        f"{{ {PROGRAM} spool export {spool}; echo $? >&2; }} | head -n 1",
        shell=True,
        capture_output=True,
        env=clean_environment(),
    )
    assert json.loads(done.stdout)["seq"] == FIRST
    assert b"cannot write standard output" in done.stderr
    assert done.stderr.endswith(b"\n1\n")


def test_nothing_that_a_terminal_obeys(left):
    body = click("\x1b[31mred\u009b")
    spool = left([body])
    for numbers in ([], [str(FIRST)]):
        done = run_command("spool", "show", str(spool), *numbers)
        assert done.returncode == 0
        assert rb"  \x1b[31mred\xc2\x9b  " in done.stdout
        assert b"\x1b" not in done.stdout
        assert "\u009b".encode() not in done.stdout
    (line,) = export(spool)
    assert line["key"] == "\x1b[31mred\u009b"


# ---- what is wrong with it ---------------------------------------------------


def test_a_damaged_record(left, topics, kafka):
    bodies = [click("K-1"), click("K-2"), click("K-3")]
    spool = left(bodies)
    change(
        spool,
        "UPDATE record SET value = CAST(replace(value, 'K-2', 'K-9') AS BLOB)"
        " WHERE seq = 2",
    )
    status, out, _ = said("spool", "list", str(spool))
    assert status == 1
    assert "3 wait, " in out
    assert "1 damaged" in out
    lines = export(spool, status=1)
    assert [line["damaged"] for line in lines] == [False, True, False]
    assert lines[1]["key"] == "K-2"
    assert lines[1]["value"].encode() == bodies[1].replace(b"K-2", b"K-9")
    _, shown, _ = said("spool", "show", str(spool))
    assert shown.splitlines()[1].endswith("  damaged")

    status, out, err = drain(spool, kafka.bootstrap, topics)
    assert (status, err) == (1, "")
    assert out.startswith("3 records waited, 0 wait still\n1 are aside: ")
    assert sorted(kafka.values(topics.clicks)) == sorted(bodies[::2])
    (line,) = export(spool, status=1)
    assert line["seq"] == FIRST + 1
    assert line["aside"]["reason"] == "damaged"
    # once more does not help, and says so
    status, out, _ = drain(spool, kafka.bootstrap, topics)
    assert status == 1
    assert out.startswith("nothing waited\n1 are aside: ")


def set_aside(spool: Path, where: str, reason: str) -> None:
    change(
        spool,
        f"INSERT INTO aside SELECT *, '{reason}', stored_ms + 1"
        f" FROM record WHERE {where}",
        f"DELETE FROM record WHERE {where}",
    )


def test_what_is_aside(left, topics):
    bodies = [click(f"K-{n}") for n in range(4)]
    spool = left(bodies)
    set_aside(spool, "seq IN (1, 3)", "refused")
    status, out, err = said("spool", "list", str(spool))
    assert (status, err) == (0, "")
    assert "2 wait, " in out
    assert "2 aside: 0 damaged, 2 refused by Kafka\n" in out

    def told(*options: str) -> list[tuple[bytes, bool]]:
        return [
            (line["value"].encode(), line["aside"] is not None)
            for line in export(spool, *options)
        ]

    both = [(body, n in (0, 2)) for n, body in enumerate(bodies)]
    assert told() == both  # in order, whatever has become of them
    assert told("--only", "aside") == both[::2]
    assert told("--only", "waiting") == both[1::2]
    assert export(spool)[0]["aside"]["reason"] == "refused"
    _, shown, _ = said("spool", "show", str(spool), "--only", "aside")
    assert len(shown.splitlines()) == 2
    assert "  aside: refused\n" in shown
    status, whole, _ = said("spool", "show", str(spool), str(FIRST + 2))
    assert status == 0
    assert bodies[2].decode() in whole


def test_a_damaged_file(left, topics, kafka):
    bodies = [click(f"K-{n}", pad="x" * 2500) for n in range(9)]
    spool = left(bodies)
    change(spool, "PRAGMA wal_checkpoint(TRUNCATE)")
    file = file_of(spool)
    data = bytearray(file.read_bytes())
    page = data.find(b'"K-4"') // 4096 * 4096
    assert page > 0
    data[page : page + 4096] = b"\xa5" * 4096
    file.write_bytes(data)
    before = contents(spool)

    status, out, err = said("spool", "list", str(spool))
    assert status == 1
    assert "damaged\n" in out
    assert "some of 'spool-00000001.db' is lost" in err
    read = [line["value"].encode() for line in export(spool, status=1)]
    assert 6 <= len(read) <= 8
    assert set(read) < set(bodies)
    assert contents(spool) == before

    status, out, _ = drain(spool, kafka.bootstrap, topics)
    assert sorted(kafka.values(topics.clicks)) == sorted(read)
    assert status == 1
    assert "damaged files, set aside as *.bad: 1; see" in out
    # and what was set aside can be read as it is
    (bad,) = spool.glob("*.bad")
    again = export(bad, status=1)
    assert [line["value"].encode() for line in again] == read
    assert all(line["doubtful"] for line in again)
    _, out, _ = said("spool", "list", str(spool))
    assert f"{bad.name}      " in out
    assert "set aside\n" in out


def test_a_file_with_its_wal(left, tmp_path):
    """What a person has copied by hand."""
    bodies = [click() for _ in range(3)]
    spool = left(bodies)
    copy = tmp_path / "a #?%.db"
    shutil.copy(file_of(spool), copy)
    shutil.copy(f"{file_of(spool)}-wal", f"{copy}-wal")
    before = contents(tmp_path)
    assert [line["value"].encode() for line in export(copy)] == bodies
    assert said("spool", "list", str(copy))[0] == 0
    assert contents(tmp_path) == before
    # without a WAL the file itself is all there is to read, by any name
    Path(f"{copy}-wal").unlink()
    assert said("spool", "list", str(copy))[0] in (0, 1)
    assert {path.name for path in tmp_path.iterdir()} == {copy.name}


def test_of_a_newer_version(left, topics, nowhere):
    spool = left([click()])
    change(spool, "PRAGMA user_version = 2")
    before = contents(spool)
    for action in READING:
        status, out, err = said("spool", action, str(spool))
        assert (status, out) == (1, "")
        assert "a newer version of this program made it (format 2" in err
    status, _, err = drain(spool, nowhere, topics)
    assert status == 1
    assert "a newer version" in err
    assert contents(spool) == before


# ---- wrong use ---------------------------------------------------------------

WRONG_USE = {
    "no action": ([], "expected list|show|export|drain DIR"),
    "no directory": (["list"], "expected list|show|export|drain DIR"),
    "action": (["lst", "x"], "did you mean 'list'?"),
    "no action at all": (["frobnicate", "x"], "list, show, export or drain"),
    "operand": (["export", "x", "1"], "no more, got also '1'"),
    "only": (["export", "x", "--only", "all"], "waiting or aside, got 'all'"),
    "only elsewhere": (["list", "x", "--only", "aside"], "takes no '--only'"),
    "timeout elsewhere": (["show", "x", "--timeout", "1"], "no '--timeout'"),
    "timeout": (["drain", "x", "--timeout", "-1"], "a whole number from 0"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use(case):
    arguments, expected = WRONG_USE[case]
    status, out, err = said("spool", *arguments)
    assert (status, out) == (2, "")
    assert expected in err


@pytest.mark.parametrize("number", ["0", "x", "-", "1x", "9" * 30])
def test_no_number(left, number):
    spool = left([click()])
    status, out, err = said("spool", "show", str(spool), number)
    assert (status, out) == (2, "")
    assert "expected the number of a record" in err


def test_no_record_of_that_number(left):
    spool = left([click()])
    status, out, err = said("spool", "show", str(spool), str(FIRST + 1))
    assert (status, out) == (1, "")
    assert f"there is no record {FIRST + 1}" in err
