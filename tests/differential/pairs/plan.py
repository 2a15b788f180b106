"""What the references of a schema may lead to: resources, anchors, $defs.

No reference may lead back to where it stands for the same value. So every
schema has a stamp; a reference leads only to a higher one than its own, and a
schema inside another has the other's stamp if it is for the same value, and
ANYWHERE, the lowest, if it is for a part of it.
"""

from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

ANYWHERE = -1.0
BASE = "https://example.test/s/"
DYNAMIC = ["node", "leaf"]


@dataclass
class Resource:
    """A schema with an identifier of its own, or the root without one."""

    uri: str | None
    written: str | None = None  # its "$id"
    anchors: dict[str, bool] = field(default_factory=dict)  # name: dynamic?


@dataclass
class Target:
    """A schema that references may lead to."""

    resource: Resource
    stamp: float
    kind: str
    pointer: str = ""  # inside of its resource
    anchor: str | None = None
    dynamic: bool = False
    defs: dict[str, "Target"] = field(default_factory=dict)

    def references(self, origin: Resource) -> list[str]:
        """All that `origin` may call it."""
        fragments = ["#" + quote(self.pointer, safe="/~$!*()")]
        if self.anchor:
            fragments += ["#" + self.anchor] * 2
        if self.resource is origin:
            return fragments
        uri = self.resource.uri
        if uri is None:
            return []
        uris = [uri]
        if uri.startswith(BASE) and (origin.uri or "").startswith(BASE):
            uris += [uri.removeprefix(BASE)] * 2
        found = [each + fragment for each in uris for fragment in fragments]
        return found + (uris * 2 if not self.pointer else [])


class Plan:
    """The targets of one schema document."""

    def __init__(self, rng: Random, kinds: list[str], dynamic: bool):
        self.rng = rng
        self.dynamic = dynamic  # shall many dynamic anchors be alike?
        self.kinds = kinds
        self.targets: list[Target] = []
        self.dynamic_used: dict[str, float] = {}
        self._resources = 0
        uri = BASE + "root" if rng.random() < 0.5 else None
        self.root = self._target(Resource(uri, uri), 0.0, rng.choice(kinds))
        if dynamic or rng.random() < 0.6:
            self._add_defs(self.root, 1.0, 4)

    def _target(self, resource: Resource, stamp: float, kind: str, pointer=""):
        target = Target(resource, stamp, kind, pointer)
        self._name(target)
        self.targets.append(target)
        return target

    def _name(self, target: Target) -> None:
        rng = self.rng
        anchors = target.resource.anchors
        roll = rng.random()
        if roll < (0.1 if self.dynamic else 0.25):
            name = f"at{len(anchors)}"
        elif roll < (0.9 if self.dynamic else 0.5):
            name = rng.choice(DYNAMIC[: 1 if self.dynamic else 2])
            # Now and then the same name without being dynamic.
            target.dynamic = rng.random() < 0.85
        else:
            return
        used = self.dynamic_used.get(name, ANYWHERE - 1)
        if name in anchors or target.stamp <= used:
            target.dynamic = False
            return
        target.anchor = name
        anchors[name] = target.dynamic

    def _add_defs(self, owner: Target, step: float, most: int) -> None:
        rng = self.rng
        for i in range(rng.randint(1, most)):
            stamp = owner.stamp + step * (i + 1)
            name = rng.choice(["x", "y", "a/b", "~", "é", "p%q", "$ref", ""])
            kind = rng.choice([owner.kind, rng.choice(self.kinds)])
            if name in owner.defs:
                continue
            if step > 0.1 and rng.random() < (0.6 if self.dynamic else 0.4):
                target = self.embedded(owner.resource, stamp, step, kind)
            else:
                escaped = name.replace("~", "~0").replace("/", "~1")
                pointer = f"{owner.pointer}/$defs/{escaped}"
                target = self._target(owner.resource, stamp, kind, pointer)
            owner.defs[name] = target

    def embedded(self, outer: Resource, stamp: float, step: float, kind: str):
        """A schema with an "$id", and perhaps with "$defs"."""
        rng = self.rng
        self._resources += 1
        name = f"r{self._resources}"
        if rng.random() < 0.15:
            uri = written = f"urn:example:{name}"
        else:
            uri = written = BASE + name
            if (outer.uri or "").startswith(BASE) and rng.random() < 0.7:
                written = rng.choice([name, f"../s/{name}", f"/s/{name}"])
        if rng.random() < 0.1:
            written += "#"
        target = self._target(Resource(uri, written), stamp, kind)
        if rng.random() < 0.75:
            self._add_defs(target, step * 0.2, 2)
        return target

    def below(self, stamp: float) -> float:
        """A stamp right behind this one."""
        higher = [t.stamp for t in self.targets if t.stamp > stamp]
        return stamp + (min(higher, default=stamp + 1) - stamp) * 0.1

    def choose(self, origin: Resource, stamp: float, kind: str):
        """A reference that may stand at `stamp`, or None."""
        found = [
            (text, target)
            for target in self.targets
            if target.stamp > stamp
            for text in target.references(origin)
        ]
        alike = [each for each in found if each[1].kind == kind]
        abroad = [each for each in found if each[1].resource is not origin]
        root = [each for each in found if each[1] is self.root]
        if root and self.rng.random() < 0.15:
            found = root
        elif abroad and self.rng.random() < (0.7 if self.dynamic else 0.3):
            found = abroad
        elif alike and self.rng.random() < 0.7:
            found = alike
        return self.rng.choice(found)[0] if found else None

    def choose_dynamic(self, origin: Resource, stamp: float):
        """The same for "$dynamicRef"."""
        found = []
        for target in self.targets:
            for text in target.references(origin):
                if "#/" not in text and "#" in text and target.anchor:
                    found.append((text, target))
        found = [
            (text, target)
            for text, target in found
            if target.stamp > stamp and self._lowest(target.anchor) > stamp
        ]
        dynamic = [each for each in found if each[1].dynamic]
        if dynamic and self.rng.random() < 0.8:
            found = dynamic
        if not found:
            return None
        text, target = self.rng.choice(found)
        used = self.dynamic_used.get(target.anchor, ANYWHERE - 1)
        self.dynamic_used[target.anchor] = max(used, stamp)
        return text

    def _lowest(self, anchor: str) -> float:
        return min(t.stamp for t in self.targets if t.anchor == anchor)
