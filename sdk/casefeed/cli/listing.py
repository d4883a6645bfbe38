"""A listing in the form that was asked for: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

WIDTH_IN_A_PIPE = 200
FORMS = click.Choice(["table", "json", "csv"])

Row = dict[str, Any]


def tell(rows: Sequence[Row], form: str, *columns: Column) -> None:
    """Print rows as a table for people, as JSON or as CSV for programs."""
    heads = [str(column.header) for column in columns]
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(heads)
        out.writerows(_texts(row, heads) for row in rows)
    else:
        table = Table(*columns, box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(Text(text) for text in _texts(row, heads)))
        Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_PIPE).print(table)


def _texts(row: Row, heads: Iterable[str]) -> list[str]:
    values = (row[head] for head in heads)
    return [
        ", ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in values
    ]
