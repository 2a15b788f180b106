"""Our verdicts, from the program tests/tools/schema_verdicts.c."""

import json
import subprocess
from pathlib import Path

from .text import plain

CRASHED = "crashed"


def _line(schema: str, document: str) -> str:
    return json.dumps([schema, document]) + "\n"


class Engine:
    """One process, for one question at a time or for many."""

    def __init__(self, program: Path):
        self.program = program
        self.process = None

    def many(self, pairs: list[tuple[str, str]]) -> list[str]:
        """Of pairs of texts."""
        verdicts: list[str] = []
        while len(verdicts) < len(pairs):
            lines = [_line(*each) for each in pairs[len(verdicts) :]]
            done = subprocess.run(
                [self.program],
                input="".join(lines),
                capture_output=True,
                text=True,
            )
            verdicts += done.stdout.split("\n")[:-1]
            if done.returncode == 0:
                break
            verdicts.append(f"{CRASHED}: {done.stderr}")
        if len(verdicts) != len(pairs):
            raise RuntimeError(f"{len(pairs)} pairs, {len(verdicts)} verdicts")
        return verdicts

    def one(self, schema: object, document: object) -> str:
        """Of a pair of values."""
        if self.process is None:
            self.process = subprocess.Popen(
                [self.program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        self.process.stdin.write(_line(plain(schema), plain(document)))
        self.process.stdin.flush()
        verdict = self.process.stdout.readline().rstrip("\n")
        if verdict == "":
            self.close()
            return CRASHED
        return verdict

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.process = None
