"""Tables for people: no word, key or address is broken, for what stands in them is there to be copied."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200
"""Columns where there is no window whose width could be asked for."""

Cell = str | Text


def people() -> Console:
    """Standard output for people: as wide as their window, or wide enough where there is none."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, markup=False, highlight=False)


def say(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str = "",
    right: Collection[str] = (),
    out: Console | None = None,
) -> None:
    """Print rows under the names of their columns, those of `right` flush right.

    Cells are folded between words. What is too wide so loses its empty columns, then its frame, and is told field by
    field at last.
    """
    out = out or people()
    texts = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if title:
        out.print(Text(title, style="bold"))
    full = [at for at in range(len(columns)) if any(row[at].plain for row in texts)]
    for shown, framed in ((range(len(columns)), True), (full, True), (full, False)):
        room = out.width - (3 * len(shown) + 1 if framed else len(shown) - 1)
        if (widths := _widths(columns, texts, shown, room)) is not None:
            break
    else:
        _say_fields(out, [columns[at] for at in full], [[row[at] for at in full] for row in texts])
        return
    table = Table(box=box.HEAVY_HEAD) if framed else Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for at, width in zip(shown, widths, strict=True):
        justify = "right" if columns[at] in right else "left"
        table.add_column(columns[at], width=width, justify=justify)  # type: ignore[arg-type]
    for row in texts:
        table.add_row(*(row[at] for at in shown))
    out.print(table)


def _widths(
    columns: Sequence[str], texts: Sequence[Sequence[Text]], shown: Sequence[int], room: int
) -> list[int] | None:
    """How wide each column shown is, so that every word is whole; None where there is not so much room."""
    least, most = [], []
    for at in shown:
        cells = [row[at].plain for row in texts]
        least.append(max(cell_len(word) for cell in [columns[at], *cells] for word in cell.split() or [""]))
        most.append(max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0))
    spare = room - sum(least)
    if spare < 0:
        return None
    widths = list(least)
    # Those that need the least more come first, and cells before headings: as much as can be is told in one line.
    for wanted in (most, [cell_len(columns[at]) for at in shown]):
        for at in sorted(range(len(widths)), key=lambda at: wanted[at] - widths[at]):
            more = min(spare, max(0, wanted[at] - widths[at]))
            widths[at] += more
            spare -= more
    return widths


def _say_fields(out: Console, columns: Sequence[str], texts: Iterable[Sequence[Text]]) -> None:
    wide = max(map(len, columns))
    for number, row in enumerate(texts):
        if number:
            out.print()
        for column, cell in zip(columns, row, strict=True):
            if cell.plain:
                out.print(Text(f"{column:{wide}}  ").append_text(cell), soft_wrap=True)
