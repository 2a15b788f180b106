#!/usr/bin/env python3
"""Our validator and python3-jsonschema on the same pairs.

Makes pairs of a schema and a document from a seed and compares the verdicts.
Where python3-jsonschema is wrong by the specification, pairs/rules.py says
how and mends it; any other difference is printed, shrunk, and fails.

    SCHEMA_VERDICTS         the program, if it is not in build/
    DIFFERENTIAL_PAIRS      how many, 200,000
    DIFFERENTIAL_SEED       1
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path
from random import Random

from pairs import deciding, rules
from pairs.documents import Aim
from pairs.engine import Engine
from pairs.schemas import Maker
from pairs.shrink import shrink
from pairs.text import plain, render

TOP = Path(__file__).resolve().parents[2]
PROGRAM = TOP / "build/tests/differential/schema_verdicts"
DOCUMENTS = 4  # for each schema
CHUNK = 125  # schemas at a time
MEASURED = 5_000  # of the first schemas: which keywords decide?
SHOWN = 5  # differences


@dataclass
class Result:
    verdicts: Counter = field(default_factory=Counter)
    explained: Counter = field(default_factory=Counter)
    measured: int = 0
    decided: Counter = field(default_factory=Counter)
    differences: list[tuple] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        self.verdicts += other.verdicts
        self.explained += other.explained
        self.measured += other.measured
        self.decided += other.decided
        self.differences += other.differences


def make(seed: int, number: int) -> tuple[str, list[str]]:
    """The texts of a schema and of its documents."""
    rng = Random(f"{seed}/{number}")
    schema = Maker(rng).document()
    aim = Aim(rng, schema)
    documents = [render(aim.document(), rng) for _ in range(DOCUMENTS)]
    return render(schema, rng), documents


def compare(result: Result, text: str, items: list[tuple[str, str]]) -> None:
    """`items`: each document's text and our verdict."""
    schema = json.loads(text)
    theirs = rules.PLAIN.prepare(schema)
    right = rules.RIGHT.prepare(schema)
    for document_text, ours in items:
        document = json.loads(document_text)
        result.verdicts[ours.partition(":")[0]] += 1
        if right(document) != ours:
            result.differences.append((text, document_text, ours))
        elif theirs(document) != ours:
            result.explained[rules.explain(schema, document, ours)] += 1


def measure(result: Result, engine: Engine, asked: list[tuple]) -> None:
    """Which keywords decide. Of `asked`: schema, documents, our verdicts."""
    names, variants, before = [], [], []
    for text, documents, ours in asked:
        result.measured += len(documents)
        for name, variant in deciding.variants(json.loads(text)):
            names += [name] * len(documents)
            variants += [(plain(variant), each) for each in documents]
            before += ours
    after = engine.many(variants)
    result.decided.update(
        name
        for name, was, now in zip(names, before, after, strict=True)
        if was != now and now in ("valid", "invalid")
    )


def run_chunk(task: tuple[Path, int, range]) -> Result:
    program, seed, numbers = task
    result = Result()
    engine = Engine(program)
    made = [make(seed, number) for number in numbers]
    pairs = [(text, each) for text, documents in made for each in documents]
    verdicts = engine.many(pairs)
    asked = []
    for i, (text, documents) in enumerate(made):
        ours = verdicts[i * DOCUMENTS : (i + 1) * DOCUMENTS]
        compare(result, text, list(zip(documents, ours, strict=True)))
        if numbers[i] < MEASURED:
            asked.append((text, documents, ours))
    measure(result, engine, asked)
    return result


def run(program: Path, count: int, seed: int) -> Result:
    schemas = -(-count // DOCUMENTS)
    tasks = [
        (program, seed, range(i, min(i + CHUNK, schemas)))
        for i in range(0, schemas, CHUNK)
    ]
    total = Result()
    with Pool() as pool:
        for result in pool.imap(run_chunk, tasks):
            total.add(result)
    return total


def shows(engine: Engine, ours: str) -> Callable[[object, object], bool]:
    """Does a pair still have this verdict of ours, and is it not right?"""
    kind = ours.partition(":")[0]

    def still(schema: object, document: object) -> bool:
        if engine.one(schema, document).partition(":")[0] != kind:
            return False
        try:
            right = rules.RIGHT.prepare(schema)(document)
        except Exception:  # it is not a schema any more
            return False
        return right != kind and right in ("valid", "invalid")

    return still


def describe(program: Path, difference: tuple) -> str:
    text, document_text, ours = difference
    schema, document = json.loads(text), json.loads(document_text)
    engine = Engine(program)
    still = shows(engine, ours)
    if still(schema, document):
        schema, document = shrink(schema, document, still)
        ours = engine.one(schema, document)
        text, document_text = plain(schema), plain(document)
    engine.close()
    right = rules.RIGHT.prepare(schema)(document)
    theirs = rules.PLAIN.prepare(schema)(document)
    return (
        f"ours: {ours}\nright: {right}, and python3-jsonschema: {theirs}\n"
        f"    {text}\n    {document_text}"
    )


def report(result: Result) -> list[str]:
    lines = [f"{result.verdicts.total()} pairs"]
    lines += [
        f"  {name}: {count} ({count / result.verdicts.total():.1%})"
        for name, count in result.verdicts.most_common()
    ]
    lines.append(f"{result.explained.total()} differences are explained")
    lines += [f"  {n}: {c}" for n, c in result.explained.most_common()]
    lines.append(f"of {result.measured} pairs, those that a keyword decides")
    lines += [
        f"  {name}: {result.decided[name] / max(result.measured, 1):.2%}"
        for name in deciding.ALL
    ]
    lines.append(f"{len(result.differences)} differences are not explained")
    return lines


def main() -> int:
    program = os.environ.get("SCHEMA_VERDICTS", PROGRAM)
    count = int(os.environ.get("DIFFERENTIAL_PAIRS", "200000"))
    seed = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
    result = run(Path(program), count, seed)
    print("\n".join(report(result)))
    for each in result.differences[:SHOWN]:
        print(describe(Path(program), each))
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
