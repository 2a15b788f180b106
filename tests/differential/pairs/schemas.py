"""Schemas over the whole of draft 2020-12."""

from random import Random

from . import values
from .plan import ANYWHERE, Plan, Resource, Target

KINDS = ["object", "array", "string", "number", "any"]
TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"]
METASCHEMA = "https://json-schema.org/draft/2020-12/schema"

ASSERT = {
    "number": ["bounds", "bounds", "multiple", "multiple", "equal"],
    "string": ["length", "length", "pattern", "pattern", "equal"],
    "array": ["items", "items", "contains", "contains", "count", "unique"],
    "object": [
        *("properties", "properties", "patterns", "required", "names"),
        *("members", "dependent_required", "dependent_schemas"),
    ],
    "any": ["equal", "type"],
}
# Where no more schemas are to be inside.
FLAT = {
    **ASSERT,
    "array": ["count", "unique", "type"],
    "object": ["required", "members", "dependent_required"],
}
MAKES = {
    "items": {"prefixItems", "items"},
    "contains": {"contains"},
    "properties": {"properties", "additionalProperties"},
    "patterns": {"patternProperties", "additionalProperties"},
    "names": {"propertyNames"},
    "dependent_schemas": {"dependentSchemas"},
    "tagged": {"anyOf", "oneOf"},
    "all": {"allOf"},
    "any": {"anyOf"},
    "one": {"oneOf"},
    "not": {"not"},
    "if": {"if", "then", "else"},
}
LOGIC = ["all", "any", "one", "not", "if", "ref", "ref", "dynamic", "dynamic"]


class Where:
    """Where a schema stands: in which resource, with which stamp."""

    def __init__(self, resource: Resource, stamp: float, depth: int):
        self.resource = resource
        self.stamp = stamp
        self.depth = depth

    def same(self) -> "Where":
        return Where(self.resource, self.stamp, self.depth - 1)

    def part(self) -> "Where":
        return Where(self.resource, ANYWHERE, self.depth - 1)


class Maker:
    """Makes one schema document."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.theme = rng.choice(["", "", "unevaluated", "logic", "dynamic"])
        dynamic = self.theme == "dynamic"
        kinds = [rng.choice(["object", "array"])] if dynamic else KINDS
        self.plan = Plan(rng, kinds, dynamic)
        self.left = rng.choice([4, 8, 8, 15, 30])  # schemas inside

    def document(self) -> object:
        depth = self.rng.choice([1, 2, 2, 3])
        return self._fill(self.plan.root, depth)

    def _fill(self, target: Target, depth: int) -> object:
        resource = target.resource
        where = Where(resource, target.stamp, depth)
        body = self._object(where, target.kind)
        if self.theme == "dynamic" and not target.pointer:
            self._extend(body, where, target.kind)
        head = {}
        if target.pointer == "" and resource.written:
            head["$id"] = resource.written
        whole = resource.written or target is self.plan.root
        if target.pointer == "" and whole and self.rng.random() < 0.2:
            head["$schema"] = METASCHEMA
        if target.anchor:
            keyword = "$dynamicAnchor" if target.dynamic else "$anchor"
            head[keyword] = target.anchor
        parts = [head, body]
        if target.defs:
            defs = {
                name: self._fill(each, max(depth - 1, 1))
                for name, each in target.defs.items()
            }
            parts.append({"$defs": defs})
        self.rng.shuffle(parts)
        return {k: v for part in parts for k, v in part.items()}

    def schema(self, where: Where, kind: str | None = None) -> object:
        rng = self.rng
        kind = kind or rng.choice(KINDS)
        self.left -= 1
        if self.left < 0:
            where = Where(where.resource, where.stamp, 0)
        if rng.random() < 0.07:
            return rng.random() < 0.6
        if where.depth > 0 and rng.random() < 0.06:
            return self._inline(where, kind)
        return self._object(where, kind)

    def _inline(self, where: Where, kind: str) -> object:
        """A resource in the middle of another."""
        plan = self.plan
        step = plan.below(where.stamp) - where.stamp
        target = plan.embedded(where.resource, where.stamp, step, kind)
        return self._fill(target, where.depth)

    def _object(self, where: Where, kind: str) -> dict:
        rng = self.rng
        schema: dict = {}
        if rng.random() < 0.3:
            self._type(schema, kind)
        groups = (ASSERT if where.depth > 0 else FLAT)[kind]
        for _ in range(rng.choice([0, 1, 1, 1, 2, 2])):
            self._group(rng.choice(groups), schema, where, kind)
        chance = 0.8 if self.theme in ("logic", "dynamic") else 0.45
        while where.depth > 0 and rng.random() < chance:
            self._group(self._logic(kind), schema, where, kind)
            chance *= 0.6
        if kind in ("object", "array", "any"):
            self._unevaluated(schema, where, kind)
        if rng.random() < 0.08:
            self._annotate(schema)
        members = list(schema.items())
        rng.shuffle(members)
        return dict(members)

    def _logic(self, kind: str) -> str:
        if self.theme == "dynamic" and self.rng.random() < 0.5:
            return "dynamic"
        if kind == "object" and self.rng.random() < 0.15:
            return "tagged"
        return self.rng.choice(LOGIC)

    def _group(self, group, schema, where, kind) -> None:
        made: dict = {}
        # A schema that something may refer to must not be replaced.
        if not schema.keys() & MAKES.get(group, set()):
            getattr(self, "_" + group)(made, where, kind)
            schema |= {k: v for k, v in made.items() if k not in schema}

    def _unevaluated(self, schema, where, kind) -> None:
        rng = self.rng
        if rng.random() > (0.7 if self.theme == "unevaluated" else 0.1):
            return
        if where.depth > 0 and rng.random() < 0.6:
            self._group(self._logic(kind), schema, where, kind)
        rest = rng.random() < 0.1
        if rng.random() < 0.5:
            rest = self.schema(where.part()) if where.depth > 0 else False
        if kind == "array" or (kind == "any" and rng.random() < 0.5):
            schema["unevaluatedItems"] = rest
        else:
            schema["unevaluatedProperties"] = rest

    def _annotate(self, schema) -> None:
        rng = self.rng
        more = rng.choice(
            [
                {"title": "a", "description": "b", "$comment": "$ref"},
                {"default": {"$id": "no", "$ref": "#/no"}},
                {"examples": [1, {"$anchor": "node"}]},
                {"deprecated": True, "readOnly": False, "writeOnly": True},
                {"format": rng.choice(["ipv4", "regex", "none-such"])},
                {"contentEncoding": "base64", "contentMediaType": "a/b"},
                {"contentSchema": {"type": "null"}},
                {"x-own": {"$id": "no", "$dynamicAnchor": "node"}},
                {"then": False},
                {"else": {"not": {}}},
                {"minContains": 3},
                {"maxContains": 0},
            ]
        )
        schema |= {k: v for k, v in more.items() if k not in schema}

    def _extend(self, schema, where, kind) -> None:
        """A tree whose nodes another resource may say more of."""
        more: dict = {}
        chosen = self.plan.choose_dynamic(where.resource, ANYWHERE)
        if chosen is not None and self.rng.random() < 0.7:
            node = {"$dynamicRef": chosen}
            if kind == "array":
                more["items"] = node
            else:
                more["properties"] = {"a": node, "b": node.copy()}
        if self.rng.random() < 0.7:
            self._ref(more, where, kind)
        schema |= {k: v for k, v in more.items() if k not in schema}

    # ---- assertions ---------------------------------------------------------

    def _type(self, schema, kind, *_) -> None:
        rng = self.rng
        if isinstance(kind, Where) or kind == "any" or rng.random() < 0.1:
            types = rng.sample(TYPES, rng.randint(1, 4))
            schema["type"] = types if len(types) > 1 else types[0]
            return
        if kind == "number" and rng.random() < 0.5:
            kind = "integer"
        others = rng.sample(TYPES, rng.randint(0, 2))
        several = [kind, *(each for each in others if each != kind)]
        schema["type"] = several if rng.random() < 0.3 else kind

    def _equal(self, schema, where, kind) -> None:
        rng = self.rng
        make = {
            "number": lambda: values.number(rng),
            "string": lambda: rng.choice(values.TEXTS),
        }.get(kind, lambda: values.value(rng))
        if rng.random() < 0.3:
            schema["const"] = make()
            return
        if kind in ("string", "any") and rng.random() < 0.15:
            schema["enum"] = rng.sample(values.TEXTS, rng.randint(6, 20))
            return
        found = [make() for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            found.append(values.nearly(rng, found[0]))
        schema["enum"] = found

    def _bounds(self, schema, *_) -> None:
        names = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
        for name in self.rng.sample(names, self.rng.choice([1, 1, 1, 2])):
            schema[name] = values.number(self.rng)

    def _multiple(self, schema, *_) -> None:
        schema["multipleOf"] = self.rng.choice(values.DIVISORS)

    def _size(self, low: int, high: int) -> int | float:
        size = self.rng.randint(low, high)
        return float(size) if self.rng.random() < 0.15 else size

    def _range(self, schema, least: str, most: str) -> None:
        roll = self.rng.random()
        if roll < 0.7:
            schema[least] = self._size(self.rng.choice([0, 1, 1, 1]), 3)
        if roll > 0.4:
            schema[most] = self._size(0, 4)

    def _length(self, schema, *_) -> None:
        self._range(schema, "minLength", "maxLength")

    def _count(self, schema, *_) -> None:
        self._range(schema, "minItems", "maxItems")

    def _members(self, schema, *_) -> None:
        self._range(schema, "minProperties", "maxProperties")

    def _pattern(self, schema, *_) -> None:
        schema["pattern"] = self.rng.choice(list(values.PATTERNS))

    def _unique(self, schema, *_) -> None:
        schema["uniqueItems"] = self.rng.random() < 0.95

    def _some_names(self, least: int, most: int) -> list[str]:
        count = self.rng.randint(least, most)
        return list(dict.fromkeys(values.name(self.rng) for _ in range(count)))

    def _required(self, schema, *_) -> None:
        schema["required"] = self._some_names(0, 3)

    def _dependent_required(self, schema, *_) -> None:
        names = self._some_names(1, 2)
        schema["dependentRequired"] = {
            name: self._some_names(0, 2) for name in names
        }

    # ---- applicators --------------------------------------------------------

    def _items(self, schema, where, kind) -> None:
        roll = self.rng.random()
        if roll < 0.7:
            count = self.rng.randint(1, 3)
            schema["prefixItems"] = [
                self.schema(where.part()) for _ in range(count)
            ]
        if roll > 0.4:
            schema["items"] = self.schema(where.part())

    def _contains(self, schema, where, kind) -> None:
        schema["contains"] = self.schema(where.part())
        if self.rng.random() < 0.6:
            self._range(schema, "minContains", "maxContains")

    def _properties(self, schema, where, kind) -> None:
        names = self._some_names(1, 3)
        if self.rng.random() < 0.05:  # so many that they are hashed
            names += self.rng.sample(values.MANY, self.rng.randint(5, 30))
        schema["properties"] = {
            name: self.schema(where.part()) for name in dict.fromkeys(names)
        }
        if self.rng.random() < 0.25:
            self._additional(schema, where)

    def _patterns(self, schema, where, kind) -> None:
        count = self.rng.randint(1, 2)
        patterns = self.rng.sample(list(values.PATTERNS), count)
        schema["patternProperties"] = {
            each: self.schema(where.part()) for each in patterns
        }
        if self.rng.random() < 0.4:
            self._additional(schema, where)

    def _additional(self, schema, where) -> None:
        rest = self.schema(where.part()) if self.rng.random() < 0.6 else False
        schema["additionalProperties"] = rest

    def _names(self, schema, where, kind) -> None:
        schema["propertyNames"] = self.schema(where.part(), "string")

    def _dependent_schemas(self, schema, where, kind) -> None:
        names = self._some_names(1, 2)
        schema["dependentSchemas"] = {
            name: self.schema(where.same(), kind) for name in names
        }

    def _several(self, where, kind) -> list:
        count = self.rng.randint(1, 3)
        return [self.schema(where.same(), kind) for _ in range(count)]

    def _all(self, schema, where, kind) -> None:
        schema["allOf"] = self._several(where, kind)

    def _any(self, schema, where, kind) -> None:
        schema["anyOf"] = self._several(where, kind)

    def _one(self, schema, where, kind) -> None:
        schema["oneOf"] = self._several(where, kind)

    def _tagged(self, schema, where, kind) -> None:
        """Forms of an object that the text of a member tells apart."""
        rng = self.rng
        tag = values.name(rng)
        texts = rng.sample(values.NAMES, rng.randint(2, 5))
        forms = []
        for text in texts:
            tagged = rng.choice([{"const": text}, {"enum": [text, texts[0]]}])
            names = [tag, *self._some_names(0, 2)]
            rng.shuffle(names)
            form = {
                "properties": {
                    name: tagged if name == tag else self.schema(where.part())
                    for name in names
                }
            }
            if rng.random() < 0.5:
                form["required"] = [tag]
            if rng.random() < 0.5:
                form["additionalProperties"] = rng.random() < 0.2
            forms.append(form)
        schema[rng.choice(["anyOf", "oneOf"])] = forms

    def _not(self, schema, where, kind) -> None:
        schema["not"] = self.schema(where.same(), kind)

    def _if(self, schema, where, kind) -> None:
        roll = self.rng.random()
        schema["if"] = self.schema(where.same(), kind)
        if roll < 0.75:
            schema["then"] = self.schema(where.same(), kind)
        if roll > 0.35:
            schema["else"] = self.schema(where.same(), kind)

    def _ref(self, schema, where, kind) -> None:
        if self.rng.random() < 0.015:
            schema["$ref"] = METASCHEMA
            return
        chosen = self.plan.choose(where.resource, where.stamp, kind)
        if chosen is not None:
            schema["$ref"] = chosen

    def _dynamic(self, schema, where, kind) -> None:
        chosen = self.plan.choose_dynamic(where.resource, where.stamp)
        if chosen is not None:
            schema["$dynamicRef"] = chosen
