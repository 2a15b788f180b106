"""validate: events by their schemas, any documents by any schema."""

import json
import os
import select
import subprocess
from pathlib import Path

import pytest
from harness.checking import check, fill_folder, lines, put
from harness.events import click, complete, unknown
from harness.processes import spawn
from harness.programs import (
    assert_no_findings,
    clean_environment,
    need_program,
    said,
)
from harness.surroundings import DATA, DEADLINE, PROGRAM


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands of a test run."""
    monkeypatch.chdir(tmp_path)
    fill_folder()
    return tmp_path


# ---- events ------------------------------------------------------------------


def test_lines_of_events():
    """Of standard input, what is wrong is told, and the sum."""
    given = [
        click(),
        b"",
        unknown(),
        b'{"event_type":"widget.click"',
        complete(lead_status="half"),
    ]
    status, out, err = said("validate", "-", stdin=b"\n".join(given))
    assert status == 1
    first, second, *_ = out.splitlines()
    assert first.startswith("line 4: invalid: cannot parse")
    assert second.startswith("line 5: invalid: /data/lead_status: ")
    assert "half" not in second
    assert err == (
        "standard input: 4 documents, 2 invalid, 1 of a type without a schema\n"
    )


def test_files_of_events():
    valid = sorted((DATA / "events" / "valid").glob("*.json"))
    invalid = sorted((DATA / "events" / "invalid").glob("*.json"))
    assert valid
    assert invalid
    status, out, err = said("validate", *map(str, valid))
    assert (status, err) == (0, ""), out
    assert len(out.splitlines()) == len(valid)
    for path in invalid:
        status, out, _ = said("validate", str(path))
        assert status == 1, path
        assert out.startswith(f"{path}: invalid: ")


def test_an_event_s_type_is_told(folder):
    put("click.json", click())
    put("unknown.json", unknown())
    status, out, _ = said("validate", "click.json", "unknown.json")
    assert status == 0
    assert out == (
        "click.json: valid (widget.click)\n"
        "unknown.json: valid (invoice.paid, no schema for its type)\n"
    )


def test_goes_on_after_what_it_cannot_read(folder):
    put("event.json", click())
    status, out, err = said("validate", "/nonexistent", ".", "event.json")
    assert status == 2
    assert "cannot open '/nonexistent'" in err
    assert "cannot read '.'" in err
    assert out == "event.json: valid (widget.click)\n"


def test_folder_of_event_schemas(folder):
    put("event.json", click())
    put("schemas/envelope.json", {"required": ["more"]})
    by_setting = ("--set", "schemas.dir=schemas")
    for how in (("--schemas", "schemas"), by_setting):
        status, out, _ = said("validate", *how, "event.json")
        assert status == 1
        assert out == (
            'event.json: invalid: (document): must have a member "more" '
            "(required)\n"
        )
    # the option is nearer than a setting
    put("others/envelope.json", True)
    status, _, _ = said(
        "validate", "--schemas", "others", *by_setting, "event.json"
    )
    assert status == 0


def test_event_schemas_that_are_wrong(folder):
    put("event.json", click())
    put("schemas/envelope.json", {"maxLenght": 1})
    for dir_, expected in (
        ("schemas", "envelope.json#/maxLenght"),
        ("gone", "cannot open 'gone'"),
    ):
        status, out, err = said("validate", "--schemas", dir_, "event.json")
        assert (status, out) == (2, "")
        assert expected in err


def test_errors_of_events_as_json():
    body = complete(lead_status="half")
    status, out, err = said(
        "validate", "--output", "basic", "-", stdin=click() + b"\n" + body
    )
    assert (status, err) == (1, "")
    first, second = map(json.loads, out.splitlines())
    assert first == {"line": 1, "valid": True}
    (error,) = second["errors"]
    assert error["instanceLocation"] == "/data/lead_status"
    assert error["absoluteKeywordLocation"].startswith(
        "https://aurix-bridge.example/schemas/lead.complete.json#/"
    )


def test_a_setting_that_is_wrong_is_no_answer():
    """Status 1 is kept for documents that are invalid."""
    env = {"BRIDGE_CONFIG": "/nonexistent"}
    status, out, err = said("validate", "-", env=env)
    assert (status, out) == (2, "")
    assert "/nonexistent" in err


# ---- any documents -----------------------------------------------------------


def test_text(folder):
    status, out, err = check("good.json", "bad.json")
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "good.json: valid",
        "bad.json: invalid: /name: must have at most 5 characters, "
        'found "longer" (maxLength)',
        "bad.json: invalid: /mail: must be a valid email address (RFC 5321), "
        'found "nobody" (format)',
    ]
    assert check("good.json", "good.json")[0] == 0


def test_lines(folder):
    given = lines({"name": "a"}, b" ", {"name": 1}, b'{"name":"b"}\r', b"[")
    status, out, err = check("-", stdin=given[:-1])
    assert status == 1
    assert out.splitlines() == [
        "line 3: invalid: /name: must be string, is integer (type)",
        "line 5: invalid: cannot parse it: it ends early near column 1",
    ]
    assert err == "standard input: 4 documents, 2 invalid\n"


def test_no_lines(folder):
    status, out, err = check("-")
    assert (status, out) == (0, "")
    assert err == "standard input: 0 documents, 0 invalid\n"


def test_flag(folder):
    status, out, err = check("--output", "flag", "good.json", "bad.json")
    assert (status, err) == (1, "")
    assert out == '{"valid": true}\n{"valid": false}\n'
    status, out, err = check(
        "--output=flag", "-", stdin=lines({"name": "a"}, b"", b"nothing", 1)
    )
    assert (status, err) == (1, "")
    assert out == '{"valid": true}\n' + 2 * '{"valid": false}\n'


def test_basic(folder):
    put("nested.json", {"name": "a", "parts": [{"name": 1}]})
    put("text.json", b"nothing")
    status, out, err = check(
        "--output", "basic", "good.json", "nested.json", "text.json"
    )
    assert (status, err) == (1, "")
    good, nested, text = map(json.loads, out.splitlines())
    assert good == {"file": "good.json", "valid": True}
    uri = (folder / "schema.json").resolve().as_uri()
    assert nested == {
        "file": "nested.json",
        "valid": False,
        "errors": [
            {
                "instanceLocation": "/parts/0/name",
                "keywordLocation": (
                    "/properties/parts/items/$ref/properties/name/type"
                ),
                "absoluteKeywordLocation": f"{uri}#/properties/name/type",
                "error": "must be string, is integer",
            }
        ],
    }
    (error,) = text.pop("errors")
    assert text == {"file": "text.json", "valid": False}
    assert error.pop("error").startswith("cannot parse it: ")
    assert error == {"instanceLocation": "", "keywordLocation": ""}


def test_basic_names_lines(folder):
    _, out, _ = check(
        "--output", "basic", "-", stdin=lines(1, b"", {"name": "a"}, 2)
    )
    assert [json.loads(line)["line"] for line in out.splitlines()] == [1, 3, 4]


def test_names_of_files_in_json_and_for_a_terminal(folder):
    name = 'a "b"\n\x1b[2J é.json'
    put(name, {"name": "a"})
    _, out, _ = check("--output", "basic", name)
    assert json.loads(out)["file"] == name
    _, out, _ = check(name)
    assert out == 'a "b"\\x0a\\x1b[2J é.json: valid\n'


def test_errors_are_counted_and_always_the_same(folder):
    put("many.json", {"name": "a", "parts": [{"name": i} for i in range(50)]})
    status, out, _ = check("many.json")
    assert status == 1
    *told, last = out.splitlines()
    assert len(told) == 20
    assert last == "many.json: invalid: and more"
    assert told[7].startswith("many.json: invalid: /parts/7/name: ")
    assert check("many.json")[1] == out
    _, out, _ = check("--output", "basic", "many.json")
    basic = json.loads(out)
    assert len(basic["errors"]) == 20
    assert basic["moreErrors"] is True


def test_format(folder):
    put("mail.json", {"name": "a", "mail": "nobody"})
    assert check("mail.json")[0] == 1
    assert check("--format", "assert", "mail.json")[0] == 1
    assert check("--format", "annotate", "mail.json")[0] == 0


# ---- documents of every kind -------------------------------------------------

# A document, and what is said of it, by a schema that allows all.
DOCUMENTS = {
    "a number": (b"1", None),
    "a text with NUL": (b'"\\u0000"', None),
    "white space around": (b"\r\n [] \t\r\n", None),
    "no newline at the end": (b"[\n1]", None),
    "deep": (b"[" * 1000 + b"]" * 1000, None),
    "10 MB": (b'"' + b"x" * 10_000_000 + b'"', None),
    "a million numbers": (b"[" + b"7," * 999_999 + b"7]", None),
    "empty": (b"", "it is empty"),
    "white space": (b" \n", "only white space"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "a byte order mark near line 1"),
    "invalid UTF-8": (b'[\n"\xff"]', "invalid UTF-8 near line 2, column 1"),
    "a zero byte": (b"[1\0]", "a zero byte near line 1, column 3"),
    "a name twice": (b'{"a":1,"a":1}', "a name occurs twice in an object"),
    "too deep": (b"[" * 5000 + b"]" * 5000, "nested too deep near line 1"),
    "two values": (b"1 2", "something follows the value"),
    "JSON Lines": (b"{}\n{}\n", "something follows the value near line 2"),
    "a number out of range": (b"1e999", "a number is out of range"),
    "no JSON": (b"{'a': 1}", "invalid JSON near line 1, column 2"),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_document(folder, case):
    raw, expected = DOCUMENTS[case]
    put("all.json", True)
    put("x.json", raw)
    status, out, err = check("x.json", schema="all.json")
    assert err == ""
    if expected is None:
        assert (status, out) == (0, "x.json: valid\n")
    else:
        assert status == 1
        assert out.startswith(f"x.json: invalid: cannot parse it: {expected}")


def test_lines_of_every_kind(folder):
    """Whatever a line is, the next one is judged for itself."""
    put("all.json", {"not": {"const": "wrong"}})
    given = b""
    expected = []
    for raw, what in DOCUMENTS.values():
        if b"\n" not in raw and raw:
            given += raw + b"\n" + b'"wrong"\r\n'
            expected.append(what is None)
            expected.append(False)
    status, out, _ = check("--output=flag", "-", schema="all.json", stdin=given)
    assert status == 1
    assert [json.loads(line)["valid"] for line in out.splitlines()] == expected


def test_a_line_that_is_too_long(folder):
    put("all.json", True)
    long = b'"' + b"x" * (16 << 20) + b'"'
    status, out, err = check(
        "--output=basic", "-", schema="all.json", stdin=lines(1, long, 2)
    )
    assert status == 2
    assert [json.loads(line)["line"] for line in out.splitlines()] == [1, 3]
    assert "line 2: more than 16777216 bytes" in err


def test_a_file_that_is_too_long(folder):
    put("x.json", b'"' + b"x" * (16 << 20) + b'"')
    status, out, err = check("x.json", "good.json")
    assert (status, out) == (2, "good.json: valid\n")
    assert "x.json" in err


def test_deeper_than_a_schema_is_followed(folder):
    put("s.json", {"allOf": [{"allOf": [{"items": {"$ref": "#"}}]}]})
    put("x.json", b"[" * 2000 + b"]" * 2000)
    status, out, _ = check("x.json", schema="s.json")
    assert status == 1
    assert out.startswith("x.json: invalid: ")


def test_files_and_lines_together(folder):
    status, out, err = check(
        "good.json", "-", "bad.json", "gone.json", stdin=lines(1)
    )
    assert status == 2  # one could not be read, whatever the others are
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        "good.json",
        "line 1",
        "bad.json",
        "bad.json",
    ]
    assert "standard input: 1 document, 1 invalid\n" in err
    assert "cannot open 'gone.json'" in err


# ---- what is around it -------------------------------------------------------


def run_into(folder, stdout, *arguments, stdin):
    need_program()
    process = spawn(
        [str(PROGRAM), "validate", "--schema", "schema.json", *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=folder / "err",
        env=clean_environment(),
    )
    status = process.wait(DEADLINE)
    err = (folder / "err").read_text()
    assert_no_findings(err)
    return status, err


@pytest.mark.parametrize("count", [1, 100_000])
def test_output_that_cannot_be_written(folder, count):
    put("lines", lines({"name": "a"}) * count)
    with Path("/dev/full").open("w") as full, Path("lines").open() as given:
        status, err = run_into(
            folder, full.fileno(), "--output=flag", "-", stdin=given.fileno()
        )
    assert status == 2
    assert "cannot write standard output: No space left" in err


def test_files_once_nothing_can_be_written(folder):
    """What nobody will be told need not be looked at."""
    many = ["good.json"] * 2000  # more than stdio keeps back
    with Path("/dev/full").open("w") as full:
        status, err = run_into(
            folder, full.fileno(), *many, "gone.json", stdin=subprocess.DEVNULL
        )
    assert status == 2
    assert "cannot write standard output: No space left" in err
    assert "gone.json" not in err


def test_nobody_reads_any_more(folder):
    """It ends at once, with an error."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    put("lines", lines({"name": "a"}) * 100_000)
    with Path("lines").open() as given, os.fdopen(write_end, "w") as out:
        status, err = run_into(
            folder, out.fileno(), "--output=flag", "-", stdin=given.fileno()
        )
    assert status == 2
    assert "cannot write standard output: Broken pipe" in err


def test_input_that_cannot_be_read(folder):
    fd = os.open(".", os.O_RDONLY)
    with os.fdopen(os.open("out", os.O_WRONLY | os.O_CREAT), "w") as out:
        status, err = run_into(folder, out.fileno(), "-", stdin=fd)
    os.close(fd)
    assert status == 2
    assert "cannot read standard input: Is a directory" in err


def test_what_is_said_does_not_wait(folder):
    """In a pipe, an answer comes before the next document does."""
    need_program()
    reading, writing = os.pipe()
    answers, said_to = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as documents:
        process = spawn(
            [
                str(PROGRAM),
                "validate",
                "--schema=schema.json",
                "--output=flag",
                "-",
            ],
            stdin=reading,
            stdout=said_to,
            stderr=folder / "err",
            env=clean_environment(),
        )
        os.close(reading)
        os.close(said_to)
        for _ in range(3):
            documents.write(lines({"name": "a"}))
            assert select.select([answers], [], [], DEADLINE)[0]
            assert os.read(answers, 100) == b'{"valid": true}\n'
    assert process.wait(DEADLINE) == 0
    os.close(answers)
