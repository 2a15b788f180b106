"""Tables, documents and the figure."""

import json
import xml.etree.ElementTree as ET

import pytest
from measure import plot, report
from measure.cells import Results
from measure.driver import Plan
from measure.load import Load
from measure.programs import CONTENDERS, OURS, Contender
from samples import AWAY, PACED, cell, results

PLAN = Plan(CONTENDERS, (Load(64),), 3, 4, 1, 8)
MACHINE = {
    "cpu": "a CPU",
    "cores": "2",
    "memory": "8 GiB",
    "kernel": "6.1",
    "system": "Debian",
}
ABOUT = (PLAN, MACHINE, {"Kafka": "4.0"})
PROGRAMS = sum(not contender.control for contender in CONTENDERS)


def test_table_is_even():
    lines = report.table(results()).splitlines()
    assert len(lines) == 2 + 4 * PROGRAMS + 1
    assert len({len(line) for line in lines}) == 1
    assert lines[0].startswith("| connections  | program ")
    assert lines[1].startswith("| ------------ | -------")


def test_rows():
    rows = [
        [text.strip() for text in line.strip("|").split("|")]
        for line in report.table(results()).splitlines()
    ]
    ours = next(row for row in rows if row[:2] == ["64", OURS.name])
    assert ours[2:] == ["25,000", "1.00", "4.00", "0.8", "1.2", "30", "0"]
    # of Kafka's work, a program that does not use it has none
    bare = next(row for row in rows if row[:2] == ["64", "bare CivetWeb"])
    assert bare[6] == "–"


def test_kafka_does_nothing_while_it_is_away():
    row = report.table(Results([cell(load=AWAY)])).splitlines()[-1]
    assert [text.strip() for text in row.split("|")][1::6] == [
        "64, no Kafka",
        "–",
    ]


def test_non_2xx_are_summed():
    cells = [cell(number=number, refused=2) for number in (1, 2, 3)]
    assert report.table(Results(cells)).splitlines()[-1].endswith(" 6 |")


def test_markdown():
    text = report.markdown(results(), *ABOUT)
    assert "2 cores of a CPU" in text
    assert "3 rounds, 4 s each" in text
    assert "Versions: Kafka 4.0." in text
    assert "| met    |" in text
    assert "| missed |" in text
    assert "LOSS" not in text


def test_a_loss_is_told():
    text = report.markdown(Results([cell(extra=-2)]), *ABOUT)
    assert "**aurix-bridge, 64, round 1: LOSS: 2 of" in text


def test_a_quick_run_has_no_goals():
    plan = Plan(CONTENDERS, (Load(64),), 1, 1, 0, 0, quick=True)
    text = report.markdown(results(), plan, *ABOUT[1:])
    assert "wanted" not in text
    assert text.startswith("A quick run")


@pytest.mark.parametrize(
    ("made", "note"),
    [
        (cell(socket_errors=3), "64: 3 connections broke"),
        (cell(timeouts=2), "2 answers took more than 10 s"),
        (cell(load=PACED, late_p99_ms=0.25), "was 0.25 ms late"),
        (cell(client_cpu_s=0.009), "wrk itself took 9 µs"),
        (cell(load=AWAY), "took 1.00 ms (p50) to 2.00 ms (p99)"),
        (cell(load=AWAY), "0.50 ms to 0.75 ms."),
        (cell(load=AWAY), "up to 1,100 events waited in the spool, and left"),
        (cell(load=AWAY), "left it at 2,200 a second;"),
    ],
)
def test_notes(made, note):
    assert note in report.notes(Results([made]))


def test_json():
    told = json.loads(report.as_json(results(), *ABOUT))
    assert told["machine"]["cores"] == "2"
    assert len(told["cells"]) == 3 * (4 * PROGRAMS + 1)
    assert told["complaints"] == []
    assert told["goals"][0]["met"] is True


def test_put_into(tmp_path):
    document = tmp_path / "a.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for text in ("one \\1\n", "two\n"):
        report.put_into(document, text)
        assert document.read_text() == (
            f"before\n{report.BEGIN}\n\n{text}\n{report.END}\nafter\n"
        )


@pytest.mark.parametrize("text", ["", report.BEGIN, report.END])
def test_put_into_needs_markers(tmp_path, text):
    document = tmp_path / "a.md"
    document.write_text(text)
    with pytest.raises(ValueError, match="markers"):
        report.put_into(document, "new")
    assert document.read_text() == text


# ---- the figure -------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def test_figure():
    root = ET.fromstring(plot.figure(results()))
    first = root.find(f"{SVG}rect")
    # white behind all, so that it can be read on a dark page
    assert first.get("fill") == "#ffffff"
    assert first.get("width") == root.get("width") + ".0"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    for contender in CONTENDERS:
        assert (contender.name in texts) is not contender.control
    assert texts.count("16") == texts.count("64") == 2
    assert "25k" in texts
    assert "1,000/s" not in texts
    assert len(list(root.iter(f"{SVG}circle"))) == 2 * PROGRAMS


def test_figure_escapes():
    odd = Contender("odd", "a <b> & c", ("odd",))
    assert "a <b> & c" in "".join(
        ET.fromstring(plot.figure(Results([cell(odd)]))).itertext()
    )


def test_figure_of_nothing():
    assert plot.figure(Results([cell(load=PACED)])) == ""


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1, 1), (1.1, 2), (2.1, 5), (7, 10), (0.03, 0.05), (4001, 5000)],
)
def test_round_up(value, rounded):
    assert plot.round_up(value) == pytest.approx(rounded)


def test_scales():
    place, ticks = plot.linear(31_000)
    assert ticks[0] == 0
    assert ticks[-1] >= 31_000
    assert place(0) == plot.BOTTOM
    assert place(ticks[-1]) == plot.TOP
    place, ticks = plot.logarithmic(0.3, 40)
    assert ticks == pytest.approx([0.1, 1, 10, 100])
    assert place(0.1) == plot.BOTTOM
    assert place(100) == plot.TOP
