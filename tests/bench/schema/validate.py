#!/usr/bin/env python3
"""jsonschema or fastjsonschema, measured; measure/contest.py tells what is
said.

    validate.py LIBRARY SCHEMA... -- DOCUMENT...
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

Check = Callable[[Any], bool]


def with_jsonschema(schema: Any) -> Check:
    from jsonschema import Draft202012Validator

    check: Check = Draft202012Validator(schema).is_valid
    return check


def with_fastjsonschema(schema: Any) -> Check:
    """It knows draft-07 at most, and takes the schemas for such ones."""
    import fastjsonschema

    validate = fastjsonschema.compile(
        schema, use_default=False, use_formats=False
    )
    invalid = fastjsonschema.JsonSchemaValueException

    def check(value: Any) -> bool:
        try:
            validate(value)
        except invalid:
            return False
        return True

    return check


LIBRARIES = {
    "jsonschema": with_jsonschema,
    "fastjsonschema": with_fastjsonschema,
}


class Runner:
    def __init__(self, library: str, schemas: list[str], documents: list[str]):
        self.library = library
        checks = [
            LIBRARIES[library](json.loads(Path(path).read_bytes()))
            for path in schemas
        ]
        self.valid = checks[0]
        if len(checks) > 1:
            self.valid = lambda value: all(check(value) for check in checks)
        self.texts = [Path(path).read_bytes() for path in documents]
        self.values = [json.loads(text) for text in self.texts]

    def check(self, begin: int, end: int) -> None:
        valid = self.valid
        for value in self.values[begin:end]:
            valid(value)

    def parse(self, begin: int, end: int) -> None:
        valid, loads = self.valid, json.loads
        for text in self.texts[begin:end]:
            valid(loads(text))

    def answer(self, words: list[str]) -> str:
        match words[0], *map(int, words[1:]):
            case ["version"]:
                python = platform.python_version()
                return f"{version(self.library)}, Python {python}"
            case ["verdicts"]:
                return "".join("01"[self.valid(value)] for value in self.values)
            case ["check", begin, count, milliseconds]:
                return timed(self.check, begin, count, milliseconds)
            case ["parse", begin, count, milliseconds]:
                return timed(self.parse, begin, count, milliseconds)
        return "?"


def timed(
    one_pass: Callable[[int, int], None],
    begin: int,
    count: int,
    milliseconds: int,
) -> str:
    wanted = milliseconds * 1_000_000
    passes, batch, took = 0, 1, 0
    start = time.perf_counter_ns()
    while took < wanted:
        for _ in range(batch):
            one_pass(begin, begin + count)
        passes += batch
        took = time.perf_counter_ns() - start
        # some twenty looks at the clock
        batch = max(1, passes * wanted // took // 20)
    return f"{took / passes / count:.1f}"


def main() -> None:
    library, *paths = sys.argv[1:]
    border = paths.index("--")
    runner = Runner(library, paths[:border], paths[border + 1 :])
    for line in sys.stdin:
        print(runner.answer(line.split()), flush=True)


if __name__ == "__main__":
    main()
