"""A listing in the form that was asked for: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click

from casefeed.cli import tables

FORMATS = click.Choice(["table", "json", "csv"])

TableRow = dict[str, Any]


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
        tables.print_table(columns, (_cell_texts(row, columns) for row in rows), right_aligned=right_aligned)


def _cell_texts(row: TableRow, columns: Iterable[str]) -> list[str]:
    values = (row[head] for head in columns)
    return [", ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in values]
