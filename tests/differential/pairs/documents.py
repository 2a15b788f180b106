"""Documents that are aimed at a schema: near to being valid."""

import math
from random import Random

from . import values
from .scope import Index, join

MADE = {
    "null": lambda rng: None,
    "boolean": lambda rng: rng.random() < 0.5,
    "integer": lambda rng: rng.choice(
        [*values.INTEGERS, rng.randint(0, 9), 1.0, 4.0, 1e20]
    ),
    "number": values.number,
    "string": lambda rng: rng.choice(values.TEXTS),
}


class Aim:
    """Makes documents for one schema."""

    def __init__(self, rng: Random, schema: object):
        self.rng = rng
        self.schema = schema
        self.index = Index(schema)

    def document(self) -> object:
        made = self._make(self.schema, 5)
        for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2])):
            made = self._change(made)
        return made

    # ---- changing one thing --------------------------------------------------

    def _change(self, item: object) -> object:
        rng = self.rng
        if isinstance(item, list) and item and rng.random() < 0.8:
            i = rng.randrange(len(item))
            return [*item[:i], self._change(item[i]), *item[i + 1 :]]
        if isinstance(item, dict) and rng.random() < 0.85:
            return self._change_member(item)
        roll = rng.random()
        if roll < 0.6:
            return values.nearly(rng, item)
        return values.value(rng)

    def _change_member(self, item: dict) -> dict:
        rng = self.rng
        roll = rng.random()
        if not item or roll < 0.25:
            return {**item, values.name(rng): values.value(rng, 1)}
        name = rng.choice(list(item))
        if roll < 0.5:
            return {k: v for k, v in item.items() if k != name}
        return {**item, name: self._change(item[name])}

    # ---- making one that may be valid ----------------------------------------

    def _parts(self, schema: object, depth: int) -> list[dict]:
        """The schemas that are to hold together for a value."""
        if not isinstance(schema, dict) or depth == 0:
            return []
        rng = self.rng
        parts = [schema]
        inside = list(schema.get("allOf", []))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                inside.append(rng.choice(schema[keyword]))
        if "if" in schema:
            if rng.random() < 0.5:
                inside += [schema["if"], schema.get("then", True)]
            else:
                inside.append(schema.get("else", True))
        for keyword in ("$ref", "$dynamicRef"):
            if keyword in schema:
                base = self.index.base_of(schema)
                uri = join(base or "", schema[keyword])
                inside.append(self.index.find(uri)[0])
        dependent = list(schema.get("dependentSchemas", {}).values())
        inside += [each for each in dependent if rng.random() < 0.5]
        for each in inside:
            parts += self._parts(each, depth - 1)
        return parts

    def _make(self, schema: object, depth: int) -> object:
        rng = self.rng
        if depth == 0 or rng.random() < 0.04:
            return values.value(rng, min(depth, 2))
        parts = self._parts(schema, 6)
        if not parts:
            return values.value(rng, min(depth, 2))
        for part in parts:
            if "const" in part and rng.random() < 0.85:
                return part["const"]
            if "enum" in part and rng.random() < 0.85:
                return rng.choice(part["enum"])
        kind = self._kind(parts)
        if kind == "array":
            return self._array(parts, depth)
        if kind == "object":
            return self._object(parts, depth)
        if kind in ("number", "integer"):
            return self._number(parts, kind)
        if kind == "string":
            return self._string(parts)
        return MADE[kind](rng)

    def _kind(self, parts: list[dict]) -> str:
        rng = self.rng
        found: list[str] = []
        for part in parts:
            types = part.get("type", [])
            found += [types] if isinstance(types, str) else types
        if found and rng.random() < 0.8:
            return rng.choice(found)
        has = {keyword for part in parts for keyword in part}
        for kind, keywords in HINTS.items():
            if has & keywords:
                found += [kind] * 4
        return rng.choice(found or [*MADE, "array", "object"])

    def _number(self, parts: list[dict], kind: str) -> object:
        rng = self.rng
        found = [MADE[kind](rng) for _ in range(3)]
        for part in parts:
            for keyword in HINTS["number"] - {"multipleOf"}:
                if keyword in part:
                    limit = part[keyword]
                    found += [limit, limit + 1, limit - 1, limit + 0.5]
            if "multipleOf" in part:
                found += self._multiples(part["multipleOf"])
        found = [each for each in found if math.isfinite(each)]
        rng.shuffle(found)
        best = max(found, key=lambda each: fitness(each, parts))
        return values.representable(
            best if rng.random() < 0.7 else rng.choice(found)
        )

    def _multiples(self, divisor: int | float) -> list:
        rng = self.rng
        factors = [rng.randint(-3, 9), rng.randint(10, 2000), 2**53]
        whole = [divisor * factor for factor in factors]
        tenths = [
            float(f"{divisor * factor:.12g}")
            for factor in (3, 7, rng.randint(2, 10**6), 0.5)
        ]
        return whole + tenths

    def _string(self, parts: list[dict]) -> str:
        rng = self.rng
        found = [rng.choice(values.TEXTS) for _ in range(4)]
        for part in parts:
            found += values.PATTERNS.get(part.get("pattern"), [])
            for keyword in ("minLength", "maxLength"):
                if keyword in part:
                    size = int(part[keyword]) + rng.choice([-1, 0, 0, 1])
                    found += [rng.choice("aé😀") * size] * 4
        return rng.choice(found)

    def _size(self, parts, least: str, most: str, default: int) -> int:
        low = max([int(p[least]) for p in parts if least in p], default=0)
        high = min([int(p[most]) for p in parts if most in p], default=default)
        if self.rng.random() < 0.2:  # just out of bounds
            return self.rng.choice([max(low - 1, 0), high + 1])
        return self.rng.randint(low, max(low, high))

    def _array(self, parts: list[dict], depth: int) -> list:
        rng = self.rng
        size = self._size(parts, "minItems", "maxItems", 4)
        made: list = []
        for i in range(size):
            wanted = []
            for part in parts:
                prefix = part.get("prefixItems", [])
                if i < len(prefix):
                    wanted.append(prefix[i])
                elif "items" in part:
                    wanted.append(part["items"])
                for keyword in ("contains", "unevaluatedItems"):
                    if keyword in part and rng.random() < 0.5:
                        wanted.append(part[keyword])
            made.append(self._make(rng.choice(wanted or [True]), depth - 1))
        if rng.random() < 0.04:  # so many that they are hashed
            made += [values.value(rng) for _ in range(rng.randint(14, 30))]
        unique = any("uniqueItems" in part for part in parts)
        if made and rng.random() < (0.7 if unique else 0.05):
            i, k = rng.randrange(len(made)), rng.randrange(len(made) + 1)
            twin = made[i] if rng.random() < 0.5 else self._twin(made[i])
            made[k : k + rng.randint(0, 1)] = [twin]
        return made

    def _twin(self, item: object) -> object:
        """The same or nearly the same, perhaps deep inside."""
        if isinstance(item, list):
            return [self._twin(each) for each in item]
        if isinstance(item, dict):
            return {k: self._twin(item[k]) for k in reversed(list(item))}
        if isinstance(item, bool | int | float):
            return self.rng.choice([item, values.nearly(self.rng, item)])
        return item

    def _object(self, parts: list[dict], depth: int) -> dict:
        rng = self.rng
        names = self._names(parts, depth)
        made = {}
        for name in names:
            wanted = []
            for part in parts:
                if name in part.get("properties", {}):
                    wanted.append(part["properties"][name])
                for pattern, each in part.get("patternProperties", {}).items():
                    if name in values.PATTERNS.get(pattern, []):
                        wanted.append(each)
                for keyword in (
                    "additionalProperties",
                    "unevaluatedProperties",
                ):
                    if keyword in part and not wanted:
                        wanted.append(part[keyword])
            made[name] = self._make(rng.choice(wanted or [True]), depth - 1)
        return made

    def _names(self, parts: list[dict], depth: int) -> list[str]:
        rng = self.rng
        must: list[str] = []
        may: list[str] = [values.name(rng)]
        for part in parts:
            must += part.get("required", [])
            may += part.get("properties", {})
            may += part.get("dependentSchemas", {})
            for pattern in part.get("patternProperties", {}):
                may.append(rng.choice(values.PATTERNS.get(pattern, ["a"])))
            for name, others in part.get("dependentRequired", {}).items():
                may.append(name)
                if rng.random() < 0.5:
                    may += others
            if "propertyNames" in part:
                made = self._make(part["propertyNames"], min(depth - 1, 1))
                # Jansson has no names with a NUL inside.
                may += [made] * (isinstance(made, str) and "\0" not in made)
        chosen = [each for each in must if rng.random() < 0.93]
        chosen += [each for each in may if rng.random() < 0.6]
        if rng.random() < 0.04:
            chosen += rng.sample(values.MANY, rng.randint(3, 30))
            rng.shuffle(chosen)
        return list(dict.fromkeys(chosen))


HINTS = {
    "number": {
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        "multipleOf",
    },
    "string": {"minLength", "maxLength", "pattern"},
    "array": {
        *("items", "prefixItems", "contains", "minItems", "maxItems"),
        *("uniqueItems", "unevaluatedItems"),
    },
    "object": {
        *("properties", "patternProperties", "additionalProperties"),
        *("required", "propertyNames", "minProperties", "maxProperties"),
        *("dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    },
}


def fitness(number: int | float, parts: list[dict]) -> int:
    """Of how many bounds a number keeps to."""
    return sum(
        (number >= part.get("minimum", number))
        + (number <= part.get("maximum", number))
        + (number > part.get("exclusiveMinimum", number - 1))
        + (number < part.get("exclusiveMaximum", number + 1))
        for part in parts
    )
