"""The event schemas in the form that other programs want them in."""

import json
from pathlib import Path
from typing import Any


def _nested(path: Path) -> dict[str, Any]:
    """To stand inside another schema."""
    whole = json.loads(path.read_text())
    dropped = ("$schema", "$id", "examples")
    return {k: v for k, v in whole.items() if k not in dropped}


def write_whole_schemas(source: Path, target: Path) -> None:
    """One file a type that says all there is to say of it: the bridge checks
    an event against the envelope's schema and against its type's, others
    against one."""
    target.mkdir(parents=True, exist_ok=True)
    envelope = source / "envelope.json"
    for path in source.glob("*.json"):
        if path != envelope:
            whole = {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [_nested(envelope), _nested(path)],
            }
            (target / path.name).write_text(json.dumps(whole, indent=2))
