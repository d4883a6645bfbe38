"""Tables for people, and rows in the form that was asked for: a table, or JSON or CSV for programs.

In a table no word, key or address is broken, for what stands in them is there to be copied.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200
"""Columns where there is no window whose width could be asked for."""

FORMATS = click.Choice(["table", "json", "csv"])
TableCell = str | Text
TableRow = dict[str, Any]


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[TableCell]],
    *,
    title: str = "",
    right_aligned: Collection[str] = (),
    console: Console | None = None,
) -> None:
    """Print rows under the names of their columns, those of `right` flush right.

    Cells are folded between words. What is too wide so loses its empty columns, then its frame, and is told field by
    field at last.
    """
    if console is None:
        console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, markup=False, highlight=False)
    texts = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if title:
        console.print(Text(title, style="bold"))
    full = [at for at in range(len(columns)) if any(row[at].plain for row in texts)]
    for shown, framed in ((range(len(columns)), True), (full, True), (full, False)):
        room = console.width - (3 * len(shown) + 1 if framed else len(shown) - 1)
        if (widths := _column_widths(columns, texts, shown, room)) is not None:
            break
    else:
        _print_fields(console, [columns[at] for at in full], [[row[at] for at in full] for row in texts])
        return
    table = Table(box=box.HEAVY_HEAD) if framed else Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for at, width in zip(shown, widths, strict=True):
        justify = "right" if columns[at] in right_aligned else "left"
        table.add_column(columns[at], width=width, justify=justify)  # type: ignore[arg-type]
    for row in texts:
        table.add_row(*(row[at] for at in shown))
    console.print(table)


def _column_widths(
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


def _print_fields(out: Console, columns: Sequence[str], texts: Iterable[Sequence[Text]]) -> None:
    wide = max(map(len, columns))
    for number, row in enumerate(texts):
        if number:
            out.print()
        for column, cell in zip(columns, row, strict=True):
            if cell.plain:
                out.print(Text(f"{column:{wide}}  ").append_text(cell), soft_wrap=True)


def print_rows(
    rows: Sequence[TableRow], form: str, columns: Sequence[str], right_aligned: Collection[str] = ()
) -> None:
    """Print rows as a table for people, as JSON or as CSV for programs."""
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(columns)
        out.writerows(_cell_texts(row, columns) for row in rows)
    else:
        print_table(columns, (_cell_texts(row, columns) for row in rows), right_aligned=right_aligned)


def _cell_texts(row: TableRow, columns: Iterable[str]) -> list[str]:
    values = (row[head] for head in columns)
    return [", ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in values]
