"""Every rule of the house, broken once on purpose."""

import subprocess
import sys
from pathlib import Path

import check_house
import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def complaints(tmp_path):
    """complaints(path, text) -> what is said about a tree of this file"""

    def about(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return [c.text for c in check_house.check_tree(tmp_path)]

    return about


FINE = [
    ("bridge/event/a.c", '#include "base/buf.h"\n#include "schema/schema.h"'),
    ("bridge/event/a.c", '#include "event/event.h"\n#include <jansson.h>'),
    ("bridge/deliver/a.c", '#include "kafka/producer.h"'),
    ("bridge/ingest/a.h", '#include "event/event.h"'),
    ("bridge/ingest/a.h", '#include "deliver/delivery.h"'),
    ("bridge/consume/a.c", '#include "kafka/member.h"'),
    ("bridge/aurix/a.c", '#include "deliver/delivery.h"'),
    ("bridge/ops/admin.c", '#include "base/ready.h"\n#include <civetweb.h>'),
    *(("bridge/cmd/a.c", f'#include "{r}/x.h"') for r in check_house.LAYERS),
    ("bridge/ingest/server.c", "#include <civetweb.h>"),
    ("bridge/kafka/any.h", "#include <librdkafka/rdkafka.h>"),
    ("bridge/base/digest.c", "#include <openssl/hmac.h>"),
    ("bridge/base/a.c", "#include <stdio.h>\n#include <sys/stat.h>"),
    ("bridge/base/a.c", "/* strcpy(a, b) */ // atoi(x)\n"),
    ("bridge/base/a.c", 'x = "sprintf(";\nmy_strcpy(a);\nsp->gets(b);\n'),
    ("bridge/base/a.c", '/*\n#include "kafka/producer.h"\n*/\n'),
    ("bridge/base/a.c", "void a(void)\n{\n" + "x();\n" * 80 + "}\n"),
    ("bridge/base/a.c", "x();\n" * 500),
    ("bridge/base/a.c", "static int t[] = {\n" + "1,\n" * 200 + "};\n"),
    ("tests/unit/test_a.c", "#include <librdkafka/rdkafka.h>"),
    ("tests/unit/test_a.c", "x();\n" * 600),
]


@pytest.mark.parametrize(("path", "text"), FINE)
def test_fine(complaints, path, text):
    assert complaints(path, text) == []


LAYERING = [
    ("base", "schema"),
    ("base", "kafka"),
    ("schema", "event"),
    ("event", "kafka"),
    ("event", "deliver"),
    ("kafka", "event"),
    ("kafka", "deliver"),
    ("spool", "deliver"),
    ("spool", "kafka"),
    ("deliver", "event"),
    ("deliver", "ingest"),
    ("ingest", "kafka"),
    ("ingest", "spool"),
    ("ingest", "schema"),
    ("ingest", "ops"),
    ("consume", "ingest"),
    ("consume", "schema"),
    ("aurix", "ingest"),
    ("ops", "kafka"),
    ("ops", "deliver"),
    ("ingest", "cmd"),
]


@pytest.mark.parametrize(("room", "other"), LAYERING)
@pytest.mark.parametrize("suffix", ["c", "h"])
def test_layering(complaints, room, other, suffix):
    text = f'#include "base/buf.h"\n#  include "{other}/x.h" /* why */\n'
    (complaint,) = complaints(f"bridge/{room}/a.{suffix}", text)
    assert complaint == f"{room} may not use {other}: {other}/x.h"


@pytest.mark.parametrize("name", ["a.h", "../base/buf.h", "none/x.h"])
def test_an_include_names_its_room(complaints, name):
    (complaint,) = complaints("bridge/base/a.c", f'#include "{name}"')
    assert "should read" in complaint


@pytest.mark.parametrize("path", ["bridge/a.c", "bridge/new/a.c"])
def test_a_file_is_in_a_room(complaints, path):
    (complaint,) = complaints(path, "")
    assert "not in a room" in complaint


BEHIND = [
    ("civetweb.h", "bridge/ingest/guard.c"),
    ("civetweb.h", "bridge/cmd/serve.c"),
    ("librdkafka/rdkafka.h", "bridge/deliver/delivery.c"),
    ("librdkafka/rdkafka_mock.h", "bridge/cmd/demo.c"),
    ("openssl/evp.h", "bridge/ingest/signature.c"),
    ("sqlite3.h", "bridge/deliver/drain.c"),
    ("libpq-fe.h", "bridge/consume/consumer.c"),
    ("curl/curl.h", "bridge/aurix/client.c"),
    ("pcre2.h", "bridge/schema/set.c"),
    ("ini.h", "bridge/base/settings.c"),
    ("idn2.h", "bridge/format/regex.c"),
    ("glib.h", "bridge/base/buf.c"),
]


@pytest.mark.parametrize(("header", "path"), BEHIND)
def test_doors(complaints, header, path):
    (complaint,) = complaints(path, f"#include <{header}>")
    assert header in complaint


@pytest.mark.parametrize("name", check_house.BANNED)
@pytest.mark.parametrize("path", ["bridge/base/a.c", "tests/unit/test_a.c"])
def test_banned(complaints, name, path):
    (complaint,) = complaints(path, f"int x;\ny = {name} (a, b);\n")
    assert complaint.startswith(f"{name}() is banned")


def test_long_file(complaints):
    (complaint,) = complaints("bridge/base/a.c", "x();\n" * 501)
    assert complaint == "501 lines, more than 500"


def test_long_function(complaints):
    text = "void a(void)\n{\n" + "x();\n" * 81 + "}\n"
    (complaint,) = complaints("bridge/base/a.c", text + text[:20] + "}\n")
    assert complaint == "a function of 81 lines, more than 80"


def run_checker(*arguments):
    return subprocess.run(
        [sys.executable, check_house.__file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_exit_status(tmp_path):
    folder = tmp_path / "bridge" / "base"
    folder.mkdir(parents=True)
    (folder / "a.c").write_text("int a;\n")
    done = run_checker("--root", str(tmp_path))
    assert (done.returncode, done.stdout) == (
        0,
        "lint: 1 C files, 0 complaints\n",
    )
    (folder / "a.c").write_text("#include <glib.h>\n")
    done = run_checker("--root", str(tmp_path))
    assert done.returncode == 1
    assert "bridge/base/a.c:1: <glib.h>" in done.stdout


def test_shell_is_found(tmp_path):
    for name, text in [
        ("a.sh", ""),
        ("run", "#!/usr/bin/env bash\n"),
        ("tool", "#!/bin/sh -eu\n"),
        ("script", "#!/usr/bin/python3\n"),
        ("b.py", "#!/bin/sh\n"),
        ("build/x.sh", ""),
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {p.name for p in check_house.shell_files(tmp_path)}
    assert found == {"a.sh", "run", "tool"}
