"""Does run_suite notice what it is for? Small suites, each with one thing
that is right or wrong; and suite_page, with pages."""

import json
import os
import subprocess
from pathlib import Path

import pytest

RUN_SUITE = os.environ["RUN_SUITE"]
SUITE_PAGE = os.environ["SUITE_PAGE"]
PAGE = Path(__file__).parents[2] / "docs" / "json-schema.md"
LIST = Path(__file__).parents[1] / "data" / "schema" / "suite-exceptions.json"

PASSES = {"description": "passes", "data": 1, "valid": True}
REFUSED = {"description": "refused", "data": "x", "valid": False}
WRONG = {"description": "wrong", "data": 1, "valid": False}
WRONG_TOO = {"description": "wrong, too", "data": "x", "valid": True}
FILE = "optional/a.json"


def group(*tests, schema=None, about="group"):
    return {
        "description": about,
        "schema": {"type": "integer"} if schema is None else schema,
        "tests": list(tests),
    }


def entry(**more):
    listed = {"file": FILE, "group": "group", "reason": "because"}
    return {**listed, **more}


@pytest.fixture
def run(tmp_path):
    """run(files, exceptions, names): files by their path below the draft's
    folder, as text or as what becomes JSON."""

    def run_suite(files, exceptions=(), names=(), ci="false"):
        suite = tmp_path / "suite"
        (suite / "remotes").mkdir(parents=True)
        for name, content in files.items():
            path = suite / "tests" / "draft2020-12" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not isinstance(content, str):
                content = json.dumps(content)
            path.write_text(content)
        listed = tmp_path / "exceptions.json"
        listed.write_text(json.dumps(list(exceptions)))
        return subprocess.run(
            [RUN_SUITE, suite, listed, *names],
            capture_output=True,
            text=True,
            env={**os.environ, "CI": ci},
            timeout=60,
            check=False,
        )

    return run_suite


def totals(result):
    words = result.stdout.splitlines()[-1].split()
    return int(words[1]), int(words[3]), int(words[5])


def test_all_pass(run):
    result = run(
        {
            "type.json": [group(PASSES, REFUSED)],
            "moved.json": [],
            FILE: [group(PASSES)],
            "optional/format/b.json": [group(REFUSED)],
        }
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert totals(result) == (4, 0, 0)


@pytest.mark.parametrize("test", [WRONG, WRONG_TOO])
def test_a_wrong_verdict_fails(run, test):
    result = run({"type.json": [group(PASSES, test)]})
    assert result.returncode == 1
    assert totals(result) == (1, 0, 1)
    assert f"type.json: group: {test['description']}: " in result.stderr


def test_only_the_files_that_are_named_run(run):
    files = {"type.json": [group(PASSES)], FILE: [group(WRONG)]}
    assert run(files, names=["type.json"]).returncode == 0


def test_a_listed_failure_is_excepted(run):
    files = {FILE: [group(PASSES, WRONG)]}
    result = run(files, [entry(test="wrong")])
    assert result.returncode == 0, result.stderr
    assert totals(result) == (1, 1, 0)


def test_all_of_a_group_can_be_listed(run):
    files = {FILE: [group(WRONG, WRONG_TOO), group(PASSES, about="other")]}
    result = run(files, [entry()])
    assert result.returncode == 0, result.stderr
    assert totals(result) == (1, 2, 0)


@pytest.mark.parametrize("listed", [entry(), entry(test="passes")])
def test_what_passes_must_not_be_listed(run, listed):
    result = run({FILE: [group(PASSES, WRONG)]}, [listed, entry(test="wrong")])
    assert result.returncode == 1
    assert "group: passes: passes, and is listed" in result.stderr


@pytest.mark.parametrize(
    "unknown",
    [entry(test="no"), entry(group="no"), entry(file="optional/no.json")],
)
def test_what_is_listed_exists_or_says_where(run, unknown):
    files = {FILE: [group(PASSES)]}
    assert run(files, [unknown]).returncode == 1


@pytest.mark.parametrize(
    "unknown",
    [entry(test="no"), entry(group="no"), entry(file="optional/no.json")],
)
def test_another_version_may_have_it(run, unknown):
    files = {FILE: [group(PASSES)]}
    result = run(files, [{**unknown, "suite": "Debian 99"}])
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        entry(file="type.json"),
        entry(file="a/optional/b.json"),
        entry(reason=""),
        entry(test=1),
        entry(suite=""),
        entry(sweet="Debian 12"),
        {"file": FILE, "group": "group"},
        [],
    ],
)
def test_a_list_that_is_refused(run, wrong):
    files = {"type.json": [group(WRONG)], FILE: [group(PASSES)]}
    result = run(files, [wrong])
    assert result.returncode == 1
    assert "exceptions.json: exception 0: " in result.stderr
    assert result.stdout == ""


def test_a_schema_that_is_refused_fails_its_tests(run):
    result = run({"a.json": [group(PASSES, REFUSED, schema={"type": "no"})]})
    assert result.returncode == 1
    assert totals(result) == (0, 0, 2)


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "{}",
        [1],
        [group()],
        [group({"description": "no verdict", "data": 1})],
        [group({"description": "no data", "valid": True})],
        [{"schema": True, "tests": [PASSES]}],
    ],
)
def test_what_is_no_file_of_tests_fails(run, content):
    result = run({"type.json": content})
    assert result.returncode == 1
    assert totals(result) == (0, 0, 1)


def test_a_file_that_is_not_there_fails(run):
    files = {"type.json": [group(PASSES)]}
    assert run(files, names=["typo.json"]).returncode == 1


def test_a_suite_without_tests_fails(run):
    assert run({"type.json": []}).returncode == 1


def test_an_integer_too_big_fails_its_test_only(run):
    big, text = 2**63, '"\\" 9223372036854775808'
    tests = [
        {"description": "big", "data": [big], "valid": True},
        {"description": "negative", "data": {"a": -big - 1}, "valid": True},
        {"description": "biggest", "data": big - 1, "valid": True},
        {"description": "smallest", "data": -big, "valid": True},
        {"description": "a double", "data": 1e300, "valid": True},
        {"description": text, "data": text, "valid": True},
    ]
    result = run(
        {
            FILE: [
                group(*tests, schema=True),
                group(PASSES, schema={"const": big}, about="in the schema"),
            ]
        }
    )
    assert totals(result) == (4, 0, 3)
    for name in ("group: big", "group: negative", "in the schema: passes"):
        assert f"{name}: an integer beyond 64 bits" in result.stderr


def test_formats_are_asserted_in_their_folder_only(run):
    schema = {"format": "ipv4"}
    valid = {"description": "annotates", "data": "x", "valid": True}
    invalid = {"description": "asserts", "data": "x", "valid": False}
    files = {
        "format.json": [group(valid, schema=schema)],
        "optional/format/ipv4.json": [group(invalid, schema=schema)],
    }
    result = run(files)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("ci", "status"), [("false", 77), ("true", 1)])
def test_no_suite_is_said_aloud(run, ci, status):
    result = run({}, ci=ci)
    assert result.returncode == status
    assert result.stderr.startswith("NOT TESTED: ")


# ---- suite_page -------------------------------------------------------------


def page(*arguments):
    return subprocess.run(
        [SUITE_PAGE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_page_is_made_right(tmp_path):
    copy = tmp_path / "page.md"
    text = PAGE.read_text()
    copy.write_text(text.replace("| `optional/bignum.json` |", "| gone |"))
    assert page(LIST, copy).returncode == 1
    assert page("--write", LIST, copy).returncode == 0
    assert page(LIST, copy).returncode == 0
    assert copy.read_text() == text


def test_a_list_that_grew_makes_another_page(tmp_path):
    listed = tmp_path / "exceptions.json"
    grown = [*json.loads(LIST.read_text()), entry(test="a|b", suite="now")]
    listed.write_text(json.dumps(grown))
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text())
    assert page(listed, copy).returncode == 1
    assert page("--write", listed, copy).returncode == 0
    row = f"| `{FILE}` | group: a\\|b (now) | because |\n"
    assert row in copy.read_text()


def test_a_page_without_a_place_is_left_alone(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text("# Page\n")
    assert page("--write", LIST, copy).returncode == 1
    assert copy.read_text() == "# Page\n"
