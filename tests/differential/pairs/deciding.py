"""Does a keyword decide? It does if the verdict is another one without it.

A test with pairs whose verdict never depends on a keyword says nothing about
that keyword.
"""

from collections.abc import Iterator

from . import keywords

DROPPED = [
    *("type", "const", "enum"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minLength", "maxLength", "pattern"),
    *("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    *("contains", "minContains", "maxContains"),
    *("properties", "patternProperties", "additionalProperties"),
    *("propertyNames", "required", "minProperties", "maxProperties"),
    *("dependentRequired", "dependentSchemas"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("unevaluatedItems", "unevaluatedProperties", "$dynamicRef"),
]
REFERENCES = [
    *("$ref to the root", "$ref to a place", "$ref to an anchor"),
    *("$ref to a resource", "$ref to a place in another resource"),
    *("$ref to an anchor of another resource", "$ref to the metaschema"),
]
# As "$anchor" it is found, but not by its dynamic scope.
DYNAMIC = "$dynamicAnchor"
ALL = [*DROPPED, *REFERENCES, DYNAMIC]


def kind_of(reference: str) -> str:
    uri, _, fragment = reference.partition("#")
    if "json-schema.org" in uri:
        return "$ref to the metaschema"
    if uri == "":
        if fragment == "":
            return "$ref to the root"
        place = fragment.startswith("/")
        return "$ref to a place" if place else "$ref to an anchor"
    if fragment == "":
        return "$ref to a resource"
    if fragment.startswith("/"):
        return "$ref to a place in another resource"
    return "$ref to an anchor of another resource"


def variants(schema: object) -> Iterator[tuple[str, object]]:
    """(keyword, `schema` without it) of all that it has."""
    has = set()
    kinds = set()
    for each in keywords.everywhere(schema):
        has |= each.keys()
        if "$ref" in each:
            kinds.add(kind_of(each["$ref"]))
    for name in DROPPED:
        if name in has:
            yield name, keywords.rewritten(schema, _dropping(name))
    for kind in sorted(kinds):
        yield kind, keywords.rewritten(schema, _not_referring(kind))
    if DYNAMIC in has:
        yield DYNAMIC, keywords.rewritten(schema, _static)


def _dropping(name: str):
    return lambda schema: {k: v for k, v in schema.items() if k != name}


def _not_referring(kind: str):
    return lambda schema: {
        k: v for k, v in schema.items() if k != "$ref" or kind_of(v) != kind
    }


def _static(schema: dict) -> dict:
    return {"$anchor" if k == DYNAMIC else k: v for k, v in schema.items()}
