"""The demo's drawing: figures over time with the reports' dates marked, in the terminal and as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import plotille

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 480, 80, 30, 70, 50
COLOURS = ("#005ea2", "#b50909")
FIRST_DAY = date(2018, 10, 1)


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A figure over time: (ISO day, value) at every day it moved."""

    label: str
    points: list[tuple[str, int]]

    def steps(self) -> list[tuple[int, int]]:
        """The points as (ordinal of the day, value), from the cohort's first day on."""
        first = FIRST_DAY.toordinal()
        points = [(date.fromisoformat(day).toordinal(), value) for day, value in self.points]
        return [(first, 0), *(point for point in points if point[0] >= first)]


@dataclass(frozen=True, slots=True)
class ChartMark:
    """What a report published for a day, at this scale."""

    day: str
    value: float
    label: str

    @property
    def ordinal(self) -> int:
        """The day as its ordinal."""
        return date.fromisoformat(self.day).toordinal()


def as_terminal_text(lines: Sequence[ChartLine], marks: Sequence[ChartMark]) -> str:
    """The drawing in braille dots; the reports' figures are marked with an x."""
    figure = plotille.Figure()
    figure.width, figure.height = 80, 18
    figure.color_mode = "names"
    figure.set_x_limits(min_=FIRST_DAY.toordinal(), max_=_last_day(lines))
    figure.set_y_limits(min_=0, max_=_top_value(lines, marks))
    figure.x_label, figure.y_label = "day", "children"
    figure.register_label_formatter(float, _label)
    figure.register_label_formatter(int, _label)
    for line, colour in zip(lines, ("blue", "red"), strict=True):
        xs, ys = zip(*line.steps(), strict=True)
        figure.plot(xs, ys, lc=colour, label=line.label)
        middle = max(at for at, x in enumerate(xs) if x <= (xs[0] + _last_day(lines)) / 2)  # left of every mark
        figure.text([xs[middle]], [ys[middle]], [line.label])
    for mark in marks:
        figure.text([mark.ordinal], [mark.value], ["x"])
    return str(figure.show()) + "\nx: what the reports published, at this scale"


def _label(value: float, chars: int, delta: float, left: bool = False) -> str:
    """Axis labels: a day's ordinal as year and month, a count as a whole number."""
    big = value > 700_000
    text = date.fromordinal(int(value)).strftime("%Y-%m") if big else f"{value:,.0f}"
    return text.ljust(chars) if left else text.rjust(chars)


def _last_day(lines: Sequence[ChartLine]) -> int:
    return max(x for line in lines for x, _ in line.steps())


def _top_value(lines: Sequence[ChartLine], marks: Sequence[ChartMark]) -> float:
    return 1.05 * max([1.0, *(y for line in lines for _, y in line.steps()), *(mark.value for mark in marks)])


def _ticks(top: float) -> list[float]:
    """Round values from 0 to `top`, four to nine of them."""
    step = 10.0 ** len(str(int(top)))
    while top / step < 4:
        step /= 2 if str(step)[0] in "1" else 2.5 if str(step)[0] == "5" else 2
    return [step * count for count in range(int(top / step) + 1)]


def as_svg(lines: Sequence[ChartLine], marks: Sequence[ChartMark], *, children: int) -> str:
    """The drawing as an SVG document, readable without colour: every line is named where it ends."""
    first, last, top = FIRST_DAY.toordinal(), _last_day(lines), _top_value(lines, marks)

    def x(day: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - first) / (last - first)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    title = f"{children:,} synthetic children: NTA backlog and failures to appear"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="17" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="48" fill="#555">Circles: what OIG-24-46 and OIG-25-21 published, at this scale. '
        "Synthetic data.</text>",
    ]
    for value in _ticks(top):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.0f}</text>'
        )
    for year in range(FIRST_DAY.year + 1, date.fromordinal(last).year + 1):
        at = x(date(year, 1, 1).toordinal())
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{year}</text>')
    for line, colour in zip(lines, COLOURS, strict=True):
        path = " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in line.steps())
        day, value = max(step for step in line.steps() if step[0] <= (first + last) / 2)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{x(day) - 12:.1f}" y="{y(value) - 12:.1f}" text-anchor="end" fill="{colour}">'
            f"{escape(line.label)}</text>"
        )
    for number, mark in enumerate(marks):
        # Where the label does not lie on its line: left below a high mark, else above and below in turn.
        right, down = (-9, 16) if mark.value > top / 2 else (30, -14) if number % 2 == 0 else (30, 26)
        text = f"{mark.label}, {mark.day}: {mark.value:,.0f} published"
        parts.append(
            f'<circle cx="{x(mark.ordinal):.1f}" cy="{y(mark.value):.1f}" r="5" fill="none" stroke="black" '
            f'stroke-width="2"><title>{escape(text)}</title></circle>'
            f'<text x="{x(mark.ordinal) + right:.1f}" y="{y(mark.value) + down:.1f}" font-size="11" '
            f'text-anchor="end">{mark.day}: {mark.value:,.0f}</text>'
        )
    parts.append("</svg>\n")
    return "\n".join(parts)
