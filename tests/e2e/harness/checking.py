"""`validate --schema`, and files for it."""

import json
from pathlib import Path
from typing import Any

from harness.programs import said

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "mail": {"format": "email"},
        "parts": {"type": "array", "items": {"$ref": "#"}},
    },
}


def put(path: str | Path, value: Any) -> None:
    """Writes a value as JSON, or bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(raw)


def fill_folder() -> None:
    """A schema and documents, in the current folder."""
    put("schema.json", SCHEMA)
    put("good.json", {"name": "one"})
    put("bad.json", {"name": "longer", "mail": "nobody"})


def lines(*values: Any) -> bytes:
    """JSON Lines; bytes are a line as they are."""
    return b"".join(
        (v if isinstance(v, bytes) else json.dumps(v).encode()) + b"\n"
        for v in values
    )


def check(
    *arguments: str, schema: str = "schema.json", **how: Any
) -> tuple[int, str, str]:
    return said("validate", "--schema", schema, *arguments, **how)
