"""Where things are, and what to do when something needed is missing."""

import os
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
BUILD = TOP / "build"
PROGRAM = Path(os.environ.get("BRIDGE_PROGRAM") or BUILD / "aurix-bridge")
FILL_SPOOL = Path(
    os.environ.get("BRIDGE_FILL_SPOOL") or BUILD / "tests" / "fill_spool"
)
KAFKA_JARS = BUILD / "kafka" / "lib"
SCHEMAS = TOP / "schemas"
DATA = TOP / "tests" / "data"

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# Sanitizers make everything slower; a deadline is there to end what hangs,
# so it can be generous.
SANITIZED = bool(os.environ.get("BRIDGE_SANITIZE"))
DEADLINE = 120.0 if SANITIZED else 60.0


def cannot_run(reason: str) -> None:
    """Skips, with the reason; where nobody reads skips, in CI, fails."""
    if IN_CI:
        pytest.fail(f"cannot run, and in CI that is a failure: {reason}")
    pytest.skip(reason)
