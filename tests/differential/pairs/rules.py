"""Where python3-jsonschema is wrong by the specification.

A rule is a keyword's function that takes the place of python3-jsonschema's,
or a resolver that does, and says which clause decides. A difference counts as
explained by a rule if python3-jsonschema comes to our verdict with it.

"Core" and "Validation" are the two documents of draft 2020-12.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema._utils import equal
from referencing.jsonschema import DRAFT202012

from .scope import Index, Scope, without_dialect


def wrong(holds: bool) -> Iterator[ValidationError]:
    if not holds:
        yield ValidationError("")


# Core, 4.2.1: a JSON number is a decimal one, without a limit of precision;
# Validation, 6.2.1: dividing has to result in an integer. 0.3 is a multiple
# of 0.1, and 1e300 of 7 is not. python3-jsonschema divides doubles.
def multiple_of(validator, divisor, instance, schema):
    if validator.is_type(instance, "number"):
        ratio = _decimal(instance) / _decimal(divisor)
        yield from wrong(ratio.denominator == 1)


def _decimal(number: int | float) -> Fraction:
    return Fraction(Decimal(repr(number)))


# Validation, 6.4.3: all elements are unique; Core, 4.2.2: false is not 0.
# python3-jsonschema sorts and compares neighbours; but Python takes [0] and
# [false] for the same when it sorts, and others cannot be sorted.
def unique_items(validator, unique, instance, schema):
    if unique and validator.is_type(instance, "array"):
        yield from wrong(
            not any(
                equal(instance[i], instance[k])
                for i in range(len(instance))
                for k in range(i)
            )
        )


# Core, 10.3.2.3: names that no expression of "patternProperties" matches.
# python3-jsonschema joins the expressions with "|": an empty one alone is
# lost, and groups get other numbers.
def additional_properties(validator, rest, instance, schema):
    if validator.is_type(instance, "object"):
        for name in _additional(instance, schema):
            yield from validator.descend(instance[name], rest)


def _additional(instance: dict, schema: dict) -> list[str]:
    return [
        name
        for name in instance
        if name not in schema.get("properties", {})
        and not _matched(name, schema)
    ]


def _matched(name: str, schema: dict) -> bool:
    return any(
        re.search(each, name) for each in schema.get("patternProperties", {})
    )


# Core, 8.2.1: "$id" is the base of what is in its schema, also where that
# schema stands right behind one of these keywords. python3-jsonschema does
# not look at it there.
def not_(validator, schema_not, instance, schema):
    yield from wrong(not holds(validator, instance, schema_not))


def if_(validator, condition, instance, schema):
    keyword = "then" if holds(validator, instance, condition) else "else"
    yield from validator.descend(instance, schema.get(keyword, True))


def one_of(validator, schemas, instance, schema):
    count = sum(holds(validator, instance, each) for each in schemas)
    yield from wrong(count == 1)


def contains(validator, wanted, instance, schema):
    if validator.is_type(instance, "array"):
        count = sum(holds(validator, each, wanted) for each in instance)
        least = schema.get("minContains", 1)
        most = schema.get("maxContains", len(instance))
        yield from wrong(least <= count <= most)


def unevaluated_items(validator, rest, instance, schema):
    if validator.is_type(instance, "array"):
        done = evaluated(validator, instance, schema)
        for i, each in enumerate(instance):
            if i not in done:
                yield from validator.descend(each, rest)


def unevaluated_properties(validator, rest, instance, schema):
    if validator.is_type(instance, "object"):
        done = evaluated(validator, instance, schema)
        for name, each in instance.items():
            if name not in done:
                yield from validator.descend(each, rest)


def holds(validator, instance, schema, resolver=None) -> bool:
    errors = validator.descend(instance, schema, resolver=resolver)
    return next(errors, None) is None


# Core, 11: what adjacent keywords evaluated, and subschemas in place, if they
# hold. `schema` itself is known to be in force; `validator` is where it is.
def evaluated(validator, instance, schema) -> set:
    if isinstance(instance, list):
        done = _own_items(validator, instance, schema)
    else:
        done = _own_members(instance, schema)
    for each, resolver in _in_place(validator, instance, schema):
        if each in (True, False) or not holds(
            validator, instance, each, resolver
        ):
            continue
        inner = validator.evolve(schema=each, _resolver=resolver)
        done |= evaluated(inner, instance, each)
        for keyword in ("unevaluatedItems", "unevaluatedProperties"):
            if keyword in each and isinstance(instance, list) == (
                keyword == "unevaluatedItems"
            ):
                done |= _all(instance)
    return done


def _all(instance) -> set:
    return set(range(len(instance)) if isinstance(instance, list) else instance)


def _own_items(validator, instance, schema) -> set:
    if "items" in schema:
        return _all(instance)
    done = set(range(len(schema.get("prefixItems", []))))
    if "contains" in schema:
        done |= {
            i
            for i, each in enumerate(instance)
            if holds(validator, each, schema["contains"])
        }
    return done


def _own_members(instance, schema) -> set:
    if "additionalProperties" in schema:
        return _all(instance)
    return _all(instance) - set(_additional(instance, schema))


def _in_place(validator, instance, schema) -> Iterator[tuple[object, object]]:
    """Schemas for the same value whose annotations count, and a resolver."""
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            found = follow(validator, keyword, schema[keyword])
            yield found.contents, found.resolver
    inside = []
    for keyword in ("allOf", "anyOf", "oneOf"):
        inside += schema.get(keyword, [])
    for name, each in schema.get("dependentSchemas", {}).items():
        if name in instance:
            inside.append(each)
    if "if" in schema:
        inside.append(schema["if"])
        branch = "then" if holds(validator, instance, schema["if"]) else "else"
        inside.append(schema.get(branch, True))
    for each in inside:
        resource = DRAFT202012.create_resource(each)
        yield each, validator._resolver.in_subresource(resource)


# Core, 8.2.3.1 and 8.2.2: "$ref" takes a "$dynamicAnchor" as if it were an
# "$anchor". python3-jsonschema takes it dynamically.
def ref(validator, reference, instance, schema):
    found = follow(validator, "$ref", reference)
    yield from validator.descend(
        instance, found.contents, resolver=found.resolver
    )


# Core, 8.2.3.2 and 7.1: the dynamic scope begins where the evaluation does,
# and one enters a resource also by evaluating a schema that it is embedded
# in. python3-jsonschema only knows of resources that references led to.
def dynamic_ref(validator, reference, instance, schema):
    found = follow(validator, "$dynamicRef", reference)
    yield from validator.descend(
        instance, found.contents, resolver=found.resolver
    )


def follow(validator, keyword: str, reference: str):
    resolver = validator._resolver
    if keyword == "$dynamicRef" and isinstance(resolver, Scope):
        return resolver.lookup_dynamic(reference)
    return resolver.lookup(reference)


@dataclass
class Rule:
    """`scope`: does a Scope resolve, and does it know embedded resources?"""

    keywords: dict[str, Callable] = field(default_factory=dict)
    scope: str | None = None


class Loop(Exception):
    """References that lead nowhere: python3-jsonschema's are wrong."""


class Limit:
    """References on the way to here. Without a limit, Python's is reached;
    and where that is, python3-jsonschema's map in Rust ends the process."""

    MOST = 60

    def __init__(self):
        self.depth = 0

    def around(self, function: Callable) -> Callable:
        def limited(validator, reference, instance, schema):
            if self.depth == self.MOST:
                raise Loop
            self.depth += 1
            try:
                yield from function(validator, reference, instance, schema)
            finally:
                self.depth -= 1

        return limited


REFERENCES = {"$ref": ref, "$dynamicRef": dynamic_ref}
RULES = {
    "multipleOf is exact": Rule({"multipleOf": multiple_of}),
    "uniqueItems compares all": Rule({"uniqueItems": unique_items}),
    "each pattern by itself": Rule(
        {"additionalProperties": additional_properties}
    ),
    "$id behind any keyword": Rule(
        {
            "not": not_,
            "if": if_,
            "oneOf": one_of,
            "contains": contains,
            "unevaluatedItems": unevaluated_items,
            "unevaluatedProperties": unevaluated_properties,
        }
    ),
    "$ref is static": Rule(REFERENCES, "references"),
    "dynamic scope": Rule(REFERENCES, "embedded"),
}


class Judge:
    """python3-jsonschema with some of the rules."""

    def __init__(self, names: list[str]):
        rules = [RULES[name] for name in names]
        functions = {
            keyword: Draft202012Validator.VALIDATORS[keyword]
            for keyword in REFERENCES
        }
        for rule in rules:
            functions |= rule.keywords
        self.limit = Limit()
        for keyword in REFERENCES:
            functions[keyword] = self.limit.around(functions[keyword])
        scopes = [rule.scope for rule in rules]
        self.scope = any(scopes)
        self.embedded = "embedded" in scopes
        self.validator = validators.extend(Draft202012Validator, functions)

    def prepare(self, schema: object) -> Callable[[object], str]:
        """A function from documents to verdicts."""
        schema = without_dialect(schema)
        resolver = None
        if self.scope:
            index = Index(schema)
            resolver = Scope(index, (index.root,), self.embedded)
        validator = self.validator(schema, _resolver=resolver)

        def verdict(document: object) -> str:
            self.limit.depth = 0
            try:
                return "valid" if validator.is_valid(document) else "invalid"
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as problem:  # Rust's panics are such
                return f"failed: {type(problem).__name__}"

        return verdict


PLAIN = Judge([])
RIGHT = Judge(list(RULES))


def explain(schema: object, document: object, wanted: str) -> str:
    """By which rule python3-jsonschema says `wanted`."""
    for name in RULES:
        if Judge([name]).prepare(schema)(document) == wanted:
            return name
    return "several of these"
