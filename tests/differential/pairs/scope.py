"""Identifiers, references and the dynamic scope, by the specification.

python3-jsonschema's own are wrong in places (rules.py). A Scope takes the
place of its resolver.
"""

from urllib.parse import unquote, urldefrag, urljoin

from jsonschema_specifications import REGISTRY

from . import keywords

DRAFT = "https://json-schema.org/draft/2020-12/"
BUNDLED = [
    DRAFT + "schema",
    *(
        f"{DRAFT}meta/{name}"
        for name in (
            *("core", "applicator", "unevaluated", "validation"),
            *("meta-data", "format-annotation", "content"),
        )
    ),
]


def join(base: str, reference: str) -> str:
    if reference.startswith("#"):  # which urljoin() cannot, of a URN
        return urldefrag(base)[0] + reference
    return urljoin(base, reference)


def without_dialect(schema: object) -> object:
    """python3-jsonschema takes another class at a "$schema", its own."""
    if isinstance(schema, dict):
        return {
            name: without_dialect(each)
            for name, each in schema.items()
            if name != "$schema" or not isinstance(each, str)
        }
    if isinstance(schema, list):
        return [without_dialect(each) for each in schema]
    return schema


class Index:
    """All resources and anchors of a document, and the draft's own."""

    _bundled: "Index | None" = None

    def __init__(self, document: object, uri: str = ""):
        self.resources: dict[str, object] = {}
        self.anchors: dict[tuple[str, str], tuple[object, bool]] = {}
        self.bases: dict[int, str] = {}  # of each schema, by its id()
        self.document = document  # so that each id() stays taken
        self.root = self._add(document, uri)

    def _add(self, schema: object, base: str, root: bool = True) -> str:
        if isinstance(schema, dict):
            if "$id" in schema:
                base = urldefrag(join(base, schema["$id"]))[0]
                root = True
            for keyword in ("$anchor", "$dynamicAnchor"):
                if keyword in schema:
                    key = base, schema[keyword]
                    self.anchors[key] = schema, keyword == "$dynamicAnchor"
            self.bases[id(schema)] = base
        if root:
            self.resources[base] = schema
        for _, each in keywords.children(schema):
            self._add(each, base, False)
        return base

    @classmethod
    def bundled(cls) -> "Index":
        if cls._bundled is None:
            whole = {
                "$defs": {
                    uri: without_dialect(REGISTRY.contents(uri))
                    for uri in BUNDLED
                }
            }
            cls._bundled = cls(whole)
        return cls._bundled

    def holder(self, uri: str) -> "Index":
        return self if uri in self.resources else self.bundled()

    def base_of(self, schema: object) -> str | None:
        """None for booleans, which have no references inside."""
        for index in (self, self.bundled()):
            if id(schema) in index.bases:
                return index.bases[id(schema)]
        return None

    def find(self, uri: str) -> tuple[object, bool]:
        """(schema, is this the name of a dynamic anchor?)"""
        uri, fragment = urldefrag(uri)
        fragment = unquote(fragment)
        index = self.holder(uri)
        if fragment and not fragment.startswith("/"):
            return index.anchors[uri, fragment]
        found = index.resources[uri]
        for token in fragment.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            found = found[int(token) if isinstance(found, list) else token]
        return found, False

    def find_dynamic(self, uri: str, came_through: list[str]) -> object:
        """Core, 8.2.3.2."""
        found, dynamic = self.find(uri)
        name = unquote(urldefrag(uri)[1])
        for each in came_through if dynamic else []:
            outer, is_dynamic = self.holder(each).anchors.get(
                (each, name), (None, False)
            )
            if is_dynamic:
                return outer
        return found


class Found:
    """What a resolver's lookup() returns."""

    def __init__(self, contents: object, resolver: "Scope"):
        self.contents = contents
        self.resolver = resolver


class Scope:
    """The resources that an evaluation came through, outermost first."""

    def __init__(self, index: Index, uris: tuple[str, ...], embedded: bool):
        self.index = index
        self.uris = uris
        # Does one come into an embedded resource by going inside, too?
        self.embedded = embedded

    def _enter(self, schema: object, by_reference: bool) -> "Scope":
        base = self.index.base_of(schema)
        if base is None or base == self.uris[-1]:
            return self
        outer = self.uris if self.embedded or by_reference else self.uris[:-1]
        return Scope(self.index, (*outer, base), self.embedded)

    def in_subresource(self, resource) -> "Scope":
        return self._enter(resource.contents, False)

    def lookup(self, reference: str) -> Found:
        found, _ = self.index.find(join(self.uris[-1], reference))
        return Found(found, self._enter(found, True))

    def lookup_dynamic(self, reference: str) -> Found:
        uri = join(self.uris[-1], reference)
        found = self.index.find_dynamic(uri, list(self.uris))
        return Found(found, self._enter(found, True))
