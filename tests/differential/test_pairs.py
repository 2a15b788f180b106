"""What makes and judges pairs."""

import json
import os
import re
from pathlib import Path
from random import Random

import differential
import pytest
from jsonschema import Draft202012Validator
from pairs import deciding, keywords, rules, values
from pairs.engine import Engine
from pairs.scope import Index, join
from pairs.shrink import shrink
from pairs.text import render

ROOT = "https://example.test/s/root"
SCHEMAS = [json.loads(differential.make(5, i)[0]) for i in range(300)]


def test_the_same_seed_makes_the_same():
    assert differential.make(3, 4) == differential.make(3, 4)
    assert differential.make(3, 4) != differential.make(4, 4)


def test_texts_read_back():
    rng = Random(1)
    for item in [*values.INTEGERS, *values.REALS, *values.TEXTS] * 20:
        text = render(item, rng)
        again = json.loads(text)
        assert repr(again) == repr(item), text
        assert "\n" not in text and "\t" not in text


@pytest.mark.parametrize(("pattern", "texts"), values.PATTERNS.items())
def test_patterns_find(pattern, texts):
    assert all(re.search(pattern, text) for text in texts)


def test_schemas_are_schemas():
    for schema in SCHEMAS:
        Draft202012Validator.check_schema(schema)


def test_references_lead_somewhere():
    count = 0
    for schema in SCHEMAS:
        index = Index(schema)
        for each in keywords.everywhere(schema):
            for keyword in ("$ref", "$dynamicRef"):
                if keyword in each:
                    index.find(join(index.base_of(each), each[keyword]))
                    count += 1
    assert count > len(SCHEMAS)


def test_all_keywords_occur():
    found = {
        name
        for schema in SCHEMAS
        for each in keywords.everywhere(schema)
        for name in each
    }
    wanted = {each for each in deciding.ALL if " " not in each}
    assert wanted | {"$id", "$anchor", "$defs", "$schema", "format"} <= found


WRONG = [
    ("multipleOf is exact", {"multipleOf": 0.1}, 0.3, "valid"),
    ("multipleOf is exact", {"multipleOf": 7.0}, 1e300, "invalid"),
    (
        "uniqueItems compares all",
        {"uniqueItems": True},
        [[1], [True], [1]],
        "invalid",
    ),
    (
        "each pattern by itself",
        {"patternProperties": {"": {}}, "additionalProperties": False},
        {"a": 1},
        "valid",
    ),
    (
        "$id behind any keyword",
        {
            "$id": ROOT,
            "not": {
                "$id": "r1",
                "$ref": "#/$defs/x",
                "$defs": {"x": {"type": "string"}},
            },
        },
        1,
        "valid",
    ),
    (
        "$ref is static",
        {
            "$id": ROOT,
            "$dynamicAnchor": "node",
            "$ref": "r1#node",
            "$defs": {
                "x": {"$id": "r1", "$dynamicAnchor": "node", "type": "null"}
            },
        },
        1,
        "invalid",
    ),
    (
        "dynamic scope",
        {
            "$id": ROOT,
            "$dynamicAnchor": "node",
            "type": "object",
            "properties": {
                "a": {
                    "$id": "r1",
                    "$dynamicAnchor": "node",
                    "properties": {"b": {"$dynamicRef": "#node"}},
                }
            },
        },
        {"a": {"b": 1}},
        "invalid",
    ),
]


@pytest.mark.parametrize(("rule", "schema", "document", "right"), WRONG)
def test_rules_are_needed(rule, schema, document, right):
    assert rules.PLAIN.prepare(schema)(document) != right
    assert rules.RIGHT.prepare(schema)(document) == right
    assert rules.explain(schema, document, right) == rule


EVALUATED = [
    ({"prefixItems": [True], "unevaluatedItems": False}, [1], "valid"),
    ({"prefixItems": [True], "unevaluatedItems": False}, [1, 2], "invalid"),
    ({"contains": {"const": 1}, "unevaluatedItems": False}, [1, 1], "valid"),
    (
        {"anyOf": [{"properties": {"a": False}}, True]}
        | {"unevaluatedProperties": False},
        {"a": 1},
        "invalid",
    ),
    (
        {"if": {"patternProperties": {"a": True}}, "else": False}
        | {"unevaluatedProperties": False},
        {"a": 1},
        "valid",
    ),
    (
        {"not": {"not": {"properties": {"a": True}}}}
        | {"unevaluatedProperties": False},
        {"a": 1},
        "invalid",
    ),
]


@pytest.mark.parametrize(("schema", "document", "right"), EVALUATED)
def test_unevaluated(schema, document, right):
    assert rules.RIGHT.prepare(schema)(document) == right


def test_a_wrong_verdict_is_a_difference():
    result = differential.Result()
    text = '{"type": "string"}'
    differential.compare(result, text, [("1", "valid"), ("1", "invalid")])
    assert result.differences == [(text, "1", "valid")]


def test_a_difference_shrinks():
    schema = {"allOf": [{"items": {"type": "null", "title": "x"}}, True]}
    small = shrink(
        schema, [[1, None], {}], lambda s, d: "null" in str(s) and "1" in str(d)
    )
    assert small == ({"type": "null"}, 1)


def test_a_keyword_that_decides():
    schema = {
        "allOf": [{"const": 1}],
        "properties": {"const": {"type": "null"}},
    }
    made = dict(deciding.variants(schema))
    assert made.keys() == {"allOf", "const", "properties", "type"}
    assert made["const"] == {"allOf": [{}], "properties": schema["properties"]}


def test_our_program_answers():
    program = os.environ.get("SCHEMA_VERDICTS", differential.PROGRAM)
    engine = Engine(Path(program))
    pairs = [("true", "1"), ("false", "1"), ('{"$ref": "#"}', "1")]
    verdicts = engine.many(pairs)
    assert verdicts[:2] == ["valid", "invalid"]
    assert verdicts[2].startswith("refused: schema#/$ref: leads back")
    assert engine.one({"type": "null"}, None) == "valid"
    engine.close()


def test_a_program_that_ends_is_noticed(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho valid\nexit 3\n")
    program.chmod(0o755)
    verdicts = Engine(program).many([("true", "1"), ("true", "2")])
    assert verdicts == ["valid", "crashed: "]


def test_a_difference_is_shown_shrunk(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nwhile read -r line; do echo valid; done\n")
    program.chmod(0o755)
    schema = '{"title": "x", "allOf": [true, {"type": "string"}]}'
    shown = differential.describe(program, (schema, "[[1]]", "valid"))
    assert shown.splitlines() == [
        "ours: valid",
        "right: invalid, and python3-jsonschema: invalid",
        '    {"type": "string"}',
        "    1",
    ]
