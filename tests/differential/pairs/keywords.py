"""Which keywords have schemas inside, and which keep the value."""

from collections.abc import Iterator

ONE = [
    *("items", "contains", "additionalProperties", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    *("not", "if", "then", "else"),
]
LIST = ["allOf", "anyOf", "oneOf", "prefixItems"]
MAP = ["properties", "patternProperties", "dependentSchemas", "$defs"]


def children(schema: object) -> Iterator[tuple[tuple, object]]:
    """The schemas right inside `schema`, each with the way to it."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in ONE:
            yield (keyword,), value
        elif keyword in LIST:
            for i, each in enumerate(value):
                yield (keyword, i), each
        elif keyword in MAP:
            for name, each in value.items():
                yield (keyword, name), each


def everywhere(schema: object) -> Iterator[dict]:
    """`schema` and all inside, without the booleans."""
    if isinstance(schema, dict):
        yield schema
    for _, each in children(schema):
        yield from everywhere(each)


def rewritten(schema: object, change) -> object:
    """A copy where each schema object became what `change` makes of it."""
    if not isinstance(schema, dict):
        return schema
    made = {}
    for keyword, value in change(schema).items():
        if keyword in ONE:
            made[keyword] = rewritten(value, change)
        elif keyword in LIST:
            made[keyword] = [rewritten(each, change) for each in value]
        elif keyword in MAP:
            made[keyword] = {
                name: rewritten(each, change) for name, each in value.items()
            }
        else:
            made[keyword] = value
    return made
