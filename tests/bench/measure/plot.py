"""The figure: throughput and latency by connections, as SVG.

Two panels. To the left bars, on a scale that begins at 0; to the right a line
from p50 to p99 for each program, on a logarithmic scale.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from measure.cells import Results
from measure.load import Load
from measure.programs import Contender

# Told apart by people who see fewer colours, too (Okabe and Ito).
COLOURS = (
    "#0072b2",
    "#999999",
    "#e69f00",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#000000",
)
WIDTH, HEIGHT = 960, 420
TOP, BOTTOM = 90, 360  # of the panels
INK, PALE = "#222222", "#dddddd"


@dataclass(frozen=True)
class Panel:
    left: float
    right: float
    groups: int
    bars: int  # in a group

    @property
    def _group(self) -> float:
        return (self.right - self.left) / self.groups

    @property
    def bar_width(self) -> float:
        return 0.8 * self._group / self.bars

    def bar_x(self, group: int, bar: int) -> float:
        """Its left edge."""
        begin = self.left + group * self._group + 0.1 * self._group
        return begin + bar * self.bar_width

    def group_x(self, group: int) -> float:
        """Its middle."""
        return self.left + (group + 0.5) * self._group


def _text(
    x: float, y: float, text: str, anchor: str = "middle", size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-size="{size}" fill="{INK}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}"/>'
    )


def _rectangle(
    x: float, y: float, width: float, height: float, colour: str
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" fill="{colour}"/>'
    )


# ---- scales -----------------------------------------------------------------


def round_up(value: float) -> float:
    """To the next of 1, 2, 5, 10, 20, 50 and so on."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def linear(greatest: float) -> tuple[Callable[[float], float], list[float]]:
    """Where a value is, and the values that get a line."""
    step = round_up(greatest / 6)
    top = step * math.ceil(greatest / step)
    ticks = [step * n for n in range(math.ceil(greatest / step) + 1)]
    return lambda value: BOTTOM - (BOTTOM - TOP) * value / top, ticks


def logarithmic(
    least: float, greatest: float
) -> tuple[Callable[[float], float], list[float]]:
    low = math.floor(math.log10(least))
    high = max(math.ceil(math.log10(greatest)), low + 1)
    ticks = [10.0**n for n in range(low, high + 1)]

    def place(value: float) -> float:
        share = (math.log10(value) - low) / (high - low)
        return BOTTOM - (BOTTOM - TOP) * share

    return place, ticks


def _drawn(results: Results) -> list[Contender]:
    """A control has one load only, and would be a gap under the others."""
    return [c for c in results.contenders if not c.control]


# ---- panels -----------------------------------------------------------------


def _frame(
    panel: Panel,
    title: str,
    loads: list[Load],
    place: Callable[[float], float],
    ticks: list[float],
) -> Iterator[str]:
    yield _text(panel.left, TOP - 14, title, "start", 13)
    for tick in ticks:
        yield _line(panel.left, place(tick), panel.right, place(tick), PALE)
        label = f"{tick:,.0f}" if tick >= 1 or tick == 0 else f"{tick:g}"
        yield _text(panel.left - 6, place(tick) + 4, label, "end", 11)
    for group, load in enumerate(loads):
        yield _text(panel.group_x(group), BOTTOM + 18, str(load))
    middle = (panel.left + panel.right) / 2
    yield _text(middle, BOTTOM + 38, "connections")


def _throughput(results: Results, loads: list[Load]) -> Iterator[str]:
    contenders = _drawn(results)
    panel = Panel(65, 500, len(loads), len(contenders))
    rates = {
        (group, bar): rate
        for group, load in enumerate(loads)
        for bar, contender in enumerate(contenders)
        if (rate := results.median(load, contender.key, lambda c: c.rate))
    }
    place, ticks = linear(max(rates.values()))
    yield from _frame(panel, "Events a second", loads, place, ticks)
    for (group, bar), rate in rates.items():
        x, y = panel.bar_x(group, bar), place(rate)
        width = panel.bar_width - 1
        yield _rectangle(x, y, width, BOTTOM - y, COLOURS[bar % len(COLOURS)])
        label = f"{rate / 1000:.0f}k" if rate >= 9500 else f"{rate / 1000:.1f}k"
        yield _text(x + width / 2, y - 4, label, size=9)


def _latency(results: Results, loads: list[Load]) -> Iterator[str]:
    contenders = _drawn(results)
    panel = Panel(575, 945, len(loads), len(contenders))
    spans = {
        (group, bar): (p50, p99)
        for group, load in enumerate(loads)
        for bar, contender in enumerate(contenders)
        if (p50 := results.median(load, contender.key, lambda c: c.p50_ms))
        and (p99 := results.median(load, contender.key, lambda c: c.p99_ms))
    }
    values = [value for span in spans.values() for value in span]
    place, ticks = logarithmic(min(values), max(values))
    title = "Latency in ms: ● p50, ─ p99"
    yield from _frame(panel, title, loads, place, ticks)
    for (group, bar), (p50, p99) in spans.items():
        colour = COLOURS[bar % len(COLOURS)]
        x = panel.bar_x(group, bar) + panel.bar_width / 2
        yield (
            f'<path d="M{x:.1f} {place(p50):.1f}V{place(p99):.1f}m-5 0h10" '
            f'fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        yield f'<circle cx="{x:.1f}" cy="{place(p50):.1f}" r="4.5" '
        yield f'fill="{colour}"/>'


def _legend(results: Results) -> Iterator[str]:
    x = 65.0
    for index, contender in enumerate(_drawn(results)):
        yield _rectangle(x, 24, 12, 12, COLOURS[index % len(COLOURS)])
        yield _text(x + 17, 35, contender.name, "start")
        x += 40 + 6.6 * len(contender.name)


def figure(results: Results) -> str:
    """Empty if nothing was measured that it could show."""
    loads = [load for load in results.loads if load.closed]
    if not loads:
        return ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif">',
        "<title>Throughput and latency by connections</title>",
        _rectangle(0, 0, WIDTH, HEIGHT, "#ffffff"),
        *_legend(results),
        *_throughput(results, loads),
        *_latency(results, loads),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
