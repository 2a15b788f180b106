"""A run as tables for people, and as JSON for whatever comes later."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from measure.cells import Cell, Results
from measure.driver import PARTITIONS, Plan
from measure.goals import Goal, goals
from measure.load import Load
from measure.programs import Contender

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"

Format = Callable[[float], str]
COLUMNS: tuple[tuple[str, Callable[[Cell], float], Format], ...] = (
    ("events/s", lambda c: c.rate, "{:,.0f}".format),
    ("p50 ms", lambda c: c.p50_ms, "{:.2f}".format),
    ("p99 ms", lambda c: c.p99_ms, "{:.2f}".format),
    ("CPU µs/event", lambda c: c.cpu_us, "{:.1f}".format),
    ("Kafka µs/event", lambda c: c.kafka_cpu_us, "{:.1f}".format),
    ("RSS MiB", lambda c: c.rss_mib, "{:.0f}".format),
)

# From these shares of the machine on, the reader is warned.
FOREIGN_MAX = 0.05
STOLEN_MAX = 0.02


def markdown_table(rows: Sequence[Sequence[str]], sides: str) -> str:
    """With even columns, so that it can be read as it is. The first row is
    the head; `sides` has an l or r for each column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            text.ljust(width) if side == "l" else text.rjust(width)
            for text, width, side in zip(row, widths, sides, strict=True)
        ]
        return f"| {' | '.join(cells)} |"

    rule = [
        "-" * width if side == "l" else "-" * (width - 1) + ":"
        for width, side in zip(widths, sides, strict=True)
    ]
    head, *rest = rows
    return "\n".join([line(head), line(rule), *map(line, rest)])


# ---- the table --------------------------------------------------------------


def _row(results: Results, load: Load, contender: Contender) -> list[str]:
    cells = results.of(load, contender.key)
    row = [str(load), contender.name]
    for name, value, form in COLUMNS:
        middle = results.median(load, contender.key, value)
        idle = load.away or not contender.keeps
        nothing = middle is None or (idle and name.startswith("Kafka"))
        row.append("–" if nothing else form(middle))
    row.append(f"{sum(cell.outcome.refused for cell in cells):,}")
    return row


def table(results: Results) -> str:
    head = ["connections", "program", *(name for name, _, _ in COLUMNS)]
    rows = [[*head, "non-2xx"]]
    rows += [
        _row(results, load, contender)
        for load in results.loads
        for contender in results.contenders
        if results.of(load, contender.key)
    ]
    return markdown_table(rows, "ll" + "r" * (len(COLUMNS) + 1))


def _goals(results: Results, plan: Plan) -> list[Goal]:
    """None of a run that was not meant to show any."""
    return [] if plan.quick else goals(results)


def goal_table(found: Sequence[Goal]) -> str:
    rows = [["wanted of aurix-bridge", "wanted", "measured", ""]]
    rows += [
        [goal.what, goal.wanted, goal.measured, "met" if goal.met else "missed"]
        for goal in found
    ]
    return markdown_table(rows, "lrrl")


# ---- what else the reader should know ---------------------------------------


def _troubles(results: Results) -> list[str]:
    found = []
    for load in results.loads:
        for contender in results.contenders:
            cells = [c.outcome for c in results.of(load, contender.key)]
            broken = sum(seen.socket_errors for seen in cells)
            late = sum(seen.timeouts for seen in cells)
            if broken or late:
                found.append(
                    f"{contender.name}, {load}: {broken} connections broke, "
                    f"{late} answers took more than 10 s."
                )
    return found


def _noise(results: Results) -> list[str]:
    found = []
    cells = results.cells
    foreign = max(cell.foreign_cpu for cell in cells)
    if foreign > FOREIGN_MAX:
        found.append(
            f"Other processes took up to {foreign:.0%} of the machine "
            "during a measurement: measure again when it is quiet."
        )
    stolen = max(cell.stolen_cpu for cell in cells)
    if stolen > STOLEN_MAX:
        found.append(
            f"The host took up to {stolen:.0%} of the machine away during "
            "a measurement."
        )
    late = [c.outcome.late_p99_ms for c in cells if c.load.rate]
    if late:
        found.append(
            f"At the steady rate the client itself was {median(late):.2f} ms "
            "late (p99, in the median), which is part of the latencies."
        )
    closed = [c.client_cpu_us for c in cells if c.load.closed]
    if closed:
        found.append(
            f"wrk itself took {min(closed):.0f} µs of CPU an event, or more, "
            "on the same cores."
        )
    return found


def notes(results: Results) -> str:
    return "\n".join(
        f"- {note}"
        for note in (
            *_troubles(results),
            *_outages(results),
            *_noise(results),
        )
    )


def _outages(results: Results) -> list[str]:
    cells = [cell for cell in results.cells if cell.outage]
    if not cells:
        return []
    drains = [cell.outage for cell in cells]
    rate = median(drain.drained / drain.drain_s for drain in drains)
    p50, p99, quiet_p50, quiet_p99 = (
        median(getattr(syncs, name) for syncs in found)
        for found in (
            [drain.syncs for drain in drains],
            [drain.quiet_syncs for drain in drains],
        )
        for name in ("p50_ms", "p99_ms")
    )
    most = max(drain.drained for drain in drains)
    return [
        f"Without Kafka an fsync of the spool took {p50:.2f} ms (p50) to "
        f"{p99:.2f} ms (p99); one of 64 KiB, with nothing else on its disk, "
        f"{quiet_p50:.2f} ms to {quiet_p99:.2f} ms.",
        f"When Kafka was back, up to {most:,} events waited in the spool, and "
        f"left it at {rate:,.0f} a second; Kafka's JVM had just started.",
    ]


def conditions(plan: Plan, machine: dict[str, str]) -> str:
    if plan.quick:
        return "A quick run, all of it cold: it shows counts, not speed."
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"{date}: {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memory']}, {machine['system']}, Linux {machine['kernel']}; "
        f"programs, Kafka and clients on the same machine. "
        f"Medians of {plan.rounds} round{'s'[: plan.rounds != 1]}, "
        f"{plan.seconds} s each. One broker, {PARTITIONS} partitions a topic."
    )


def version_line(versions: dict[str, str]) -> str:
    return "; ".join(f"{name} {number}" for name, number in versions.items())


# ---- all of it --------------------------------------------------------------


def markdown(
    results: Results,
    plan: Plan,
    machine: dict[str, str],
    versions: dict[str, str],
) -> str:
    parts = [
        conditions(plan, machine),
        "\n".join(f"**{text}**" for text in results.complaints()),
        table(results),
        goal_table(found) if (found := _goals(results, plan)) else "",
        notes(results),
        f"Versions: {version_line(versions)}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_json(
    results: Results,
    plan: Plan,
    machine: dict[str, str],
    versions: dict[str, str],
) -> str:
    told: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "machine": machine,
        "versions": versions,
        "complaints": results.complaints(),
        "goals": [goal.as_json() for goal in _goals(results, plan)],
        "cells": [cell.as_json() for cell in results.cells],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def put_into(
    document: Path, text: str, begin: str = BEGIN, end: str = END
) -> None:
    """Replaces what is between the markers."""
    whole = document.read_text()
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(whole)) != 1:
        raise ValueError(f"{document} does not have the markers once")
    region = f"{begin}\n\n{text}\n{end}"
    document.write_text(pattern.sub(lambda _: region, whole))
