"""validate --schema: what may be a schema, and what it refers to."""

import json

import pytest
from harness.checking import check, fill_folder, put
from harness.programs import said


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands of a test run."""
    monkeypatch.chdir(tmp_path)
    fill_folder()
    return tmp_path


# ---- the schema --------------------------------------------------------------


def test_the_schema_alone(folder):
    assert check() == (0, "schema.json: can be used as a schema\n", "")
    for form in ("flag", "basic"):
        assert check("--output", form) == (0, "", "")
    put("schema.json", {"type": "strin"})
    status, out, err = check()
    assert (status, out) == (2, "")
    assert "schema.json#/type" in err


WRONG_SCHEMAS = {
    "no JSON": (b"nothing", "s.json: line 1, column"),
    "empty": (b"", "s.json: is empty"),
    "neither object nor boolean": (3, "s.json: a schema must be"),
    "a name twice": (b'{"type":"null","type":"null"}', "s.json: line 1"),
    "a misspelt keyword": ({"maxLenght": 3}, "did you mean 'maxLength'?"),
    "a wrong value": ({"maxLength": "3"}, "s.json#/maxLength"),
    "a pattern": ({"pattern": "("}, "s.json#/pattern"),
    "a missing definition": ({"$ref": "#/$defs/a"}, "s.json#/$ref"),
    "a missing file": ({"$ref": "gone.json"}, "/gone.json'"),
    "a file that is a folder": ({"$ref": "sub"}, "/sub'"),
    "a file that is none": ({"$ref": "sub/text.json"}, "sub/text.json: line"),
    "a file outside": ({"$ref": "../outside.json"}, "/outside.json'"),
    "the network": ({"$ref": "http://localhost:1234/a.json"}, "1234/a.json'"),
}


@pytest.mark.parametrize("case", WRONG_SCHEMAS)
def test_wrong_schema(folder, case):
    schema, expected = WRONG_SCHEMAS[case]
    put(folder.parent / "outside.json", True)
    put("sub/text.json", b"nothing")
    put("s.json", schema)
    status, out, err = check("good.json", schema="s.json")
    assert (status, out) == (2, "")
    assert expected in err


def test_schema_that_is_not_there(folder):
    for path in ("gone.json", "gone/schema.json", "", "."):
        status, out, err = check("good.json", schema=path)
        assert (status, out) == (2, "")
        assert f"'{path}'" in err


def test_unknown_keywords_and_formats_annotate(folder):
    put("s.json", {"unit": "metre", "format": "colour"})
    assert check("good.json", schema="s.json")[0] == 0


def test_references_beside_and_below(folder):
    put("a b/schema.json", {"$ref": "text%20s.json"})
    put("a b/text s.json", {"items": {"$ref": "sub/number.json"}})
    put("a b/sub/number.json", {"type": "number"})
    put("list.json", [1, "a"])
    for path in ("a b/schema.json", str(folder / "a b" / "schema.json")):
        status, out, _ = check("--output=basic", "list.json", schema=path)
        assert status == 1
        (error,) = json.loads(out)["errors"]
        assert error["instanceLocation"] == "/1"
        assert error["absoluteKeywordLocation"].endswith(
            "/a%20b/sub/number.json#/type"
        )


def test_base(folder):
    put("s.json", {"$ref": "http://localhost:1234/sub/number.json"})
    put("remotes/sub/number.json", {"$ref": "../text.json"})
    put("remotes/text.json", {"type": "number"})
    put("one.json", 1)
    base = "http://localhost:1234/=remotes"
    assert check("--base", base, "one.json", schema="s.json")[0] == 0
    # more of them, and the longest counts
    put("special/number.json", {"type": "string"})
    status, _, _ = check(
        "--base",
        base,
        "--base=http://localhost:1234/sub/=special",
        "one.json",
        schema="s.json",
    )
    assert status == 1


WRONG_BASES = {
    "no folder": (["http://x/"], "expected URI=DIR, got 'http://x/'"),
    "no '/'": (["http://x/a=sub"], "absolute URI that ends in '/'"),
    "relative": (["x/=sub"], "absolute URI that ends in '/'"),
    "missing": (["http://x/=gone"], "cannot open 'gone'"),
    "a file": (["http://x/=good.json"], "'good.json' is not a folder"),
    "twice": (["http://x/=sub", "http://x/=sub"], "'http://x/' is given twice"),
}


@pytest.mark.parametrize("case", WRONG_BASES)
def test_wrong_base(folder, case):
    bases, expected = WRONG_BASES[case]
    put("sub/a.json", True)
    status, out, err = check(*(f"--base={base}" for base in bases), "good.json")
    assert (status, out) == (2, "")
    assert "option '--base': " in err
    assert expected in err


WRONG_USE = {
    "nothing": ([], "expected FILE...|-, got nothing"),
    "an output": (
        ["--output", "xml", "-"],
        "option '--output': expected text, basic or flag, got 'xml'",
    ),
    "a format": (
        ["--schema", "schema.json", "--format", "no"],
        "option '--format': expected assert or annotate, got 'no'",
    ),
    "schema and schemas": (
        ["--schema", "schema.json", "--schemas", "."],
        "exclude each other",
    ),
    "a base for events": (["--base", "http://x/=.", "-"], "needs '--schema'"),
    "a format for events": (["--format", "assert", "-"], "needs '--schema'"),
    "no schema": (["--schema"], "needs a value: FILE"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use(folder, case):
    arguments, expected = WRONG_USE[case]
    status, out, err = said("validate", *arguments)
    assert (status, out) == (2, "")
    assert expected in err
