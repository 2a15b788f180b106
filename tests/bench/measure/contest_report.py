"""A contest of validators as a table for people, and as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from measure.contest import INVALID, KINDS, PARSED, Entrant, Results, Timing
from measure.goals import Goal
from measure.report import FOREIGN_MAX, goal_table, markdown_table

OURS = "ours"
CLICK_NS = 300
LOAD_MS = 20

ROWS = {"valid": "", INVALID: ", invalid", PARSED: ", with parsing"}


def _ns(value: float) -> str:
    return f"{value:,.0f}"


def _cell(results: Results, subject: str, entrant: Entrant, kind: str) -> str:
    if entrant.missing:
        return "not measured"
    if (subject, entrant.key) in results.wrong:
        return "wrong"
    middle = results.median(subject, entrant.key, kind)
    if middle is None:
        return "–"
    if entrant.key == OURS:
        return _ns(middle)
    ratio = results.ratio(subject, entrant.key, OURS, kind)
    return _ns(middle) if ratio is None else f"{_ns(middle)} ({ratio:.2f} ×)"


def behind(results: Results, subject: str, kind: str) -> list[str]:
    """Who is as fast as we are, or faster."""
    return [
        entrant.name
        for entrant in results.entrants
        if entrant.key != OURS
        and (ratio := results.ratio(subject, entrant.key, OURS, kind))
        is not None
        and ratio <= 1
    ]


def _ahead(results: Results, subject: str, kind: str) -> str:
    if results.median(subject, OURS, kind) is None:
        return "–"
    faster = behind(results, subject, kind)
    if faster:
        return f"no: {', '.join(faster)}"
    absent = any(entrant.missing for entrant in results.entrants)
    return "yes, of those measured" if absent else "yes"


def table(results: Results) -> str:
    head = ["ns a document", *(entrant.name for entrant in results.entrants)]
    rows = [[*head, "ahead of all"]]
    rows += [
        [
            f"{subject.name}{ROWS[kind]}",
            *(
                _cell(results, subject.name, entrant, kind)
                for entrant in results.entrants
            ),
            _ahead(results, subject.name, kind),
        ]
        for subject in results.subjects
        for kind in KINDS
    ]
    return markdown_table(rows, "l" + "r" * len(results.entrants) + "l")


# ---- what is wanted ---------------------------------------------------------


def _ahead_of(results: Results, entrant: Entrant) -> Iterator[Goal]:
    """On the row of validation on which it comes closest."""
    ratios = {
        f"{subject.name}{ROWS[kind]}": ratio
        for subject in results.subjects
        for kind in KINDS
        if kind != PARSED
        and (ratio := results.ratio(subject.name, entrant.key, OURS, kind))
        is not None
    }
    if ratios:
        row = min(ratios, key=lambda name: ratios[name])
        yield Goal(
            f"times our time: {entrant.name}, on every row (least: {row})",
            "> 1 ×",
            f"{ratios[row]:.2f} ×",
            ratios[row] > 1,
        )


def goals(results: Results) -> list[Goal]:
    found = []
    if results.click_ns:
        ns = median(results.click_ns)
        found += [
            Goal(
                "the click of 283 bytes, valid, parsed",
                f"≤ {CLICK_NS} ns",
                f"{_ns(ns)} ns",
                ns <= CLICK_NS,
            ),
            Goal(
                "allocations in checking it",
                "0",
                str(results.click_allocations),
                results.click_allocations == 0,
            ),
            Goal(
                "loading the folder of event schemas",
                f"< {LOAD_MS} ms",
                f"{results.load_ms:.2f} ms",
                results.load_ms < LOAD_MS,
            ),
        ]
    for entrant in results.entrants:
        if entrant.key != OURS:
            found += _ahead_of(results, entrant)
    return found


# ---- all of it --------------------------------------------------------------


def notes(results: Results) -> str:
    names = {entrant.key: entrant.name for entrant in results.entrants}
    found = [
        f"**{entrant.name}: not measured: {entrant.missing}.**"
        for entrant in results.entrants
        if entrant.missing
    ]
    found += [
        f"{names[key]} has no figure for {subject}: {text}."
        for (subject, key), text in results.wrong.items()
    ]
    if results.foreign > FOREIGN_MAX:
        found.append(
            f"Other processes took {results.foreign:.0%} of the machine "
            "meanwhile: measure again when it is quiet."
        )
    return "\n".join(f"- {note}" for note in found)


def conditions(timing: Timing, machine: dict[str, str], quick: bool) -> str:
    if quick:
        return "A quick run, all of it cold: it shows verdicts, not speed."
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"{date}: {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memory']}, {machine['system']}, Linux {machine['kernel']}. "
        f"Medians of {timing.rounds} rounds, {timing.milliseconds} ms each; "
        "in brackets, how many times our time it is."
    )


def version_line(results: Results, commit: str) -> str:
    told = [f"aurix-bridge {commit}"]
    told += [
        f"{entrant.name} {version}" if entrant.key != OURS else version
        for entrant in results.entrants
        if (version := results.versions.get(entrant.key))
    ]
    return f"Versions: {'; '.join(told)}."


def markdown(
    results: Results,
    timing: Timing,
    machine: dict[str, str],
    commit: str,
    quick: bool,
) -> str:
    parts = [
        conditions(timing, machine, quick),
        table(results),
        "" if quick else goal_table(goals(results)),
        notes(results),
        version_line(results, commit),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_json(
    results: Results, timing: Timing, machine: dict[str, str], commit: str
) -> str:
    told = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": machine,
        "rounds": timing.rounds,
        "milliseconds": timing.milliseconds,
        "versions": results.versions,
        "wrong": {" ".join(key): text for key, text in results.wrong.items()},
        "goals": [goal.as_json() for goal in goals(results)],
        "ns": {" ".join(key): ns for key, ns in results.ns.items()},
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
