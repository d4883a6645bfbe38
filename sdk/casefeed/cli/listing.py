"""A listing in the form that was asked for: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click

from casefeed.cli import tables

FORMS = click.Choice(["table", "json", "csv"])

Row = dict[str, Any]


def tell(rows: Sequence[Row], form: str, heads: Sequence[str], right: Collection[str] = ()) -> None:
    """Print rows as a table for people, as JSON or as CSV for programs."""
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(heads)
        out.writerows(_texts(row, heads) for row in rows)
    else:
        tables.say(heads, (_texts(row, heads) for row in rows), right=right)


def _texts(row: Row, heads: Iterable[str]) -> list[str]:
    values = (row[head] for head in heads)
    return [
        ", ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in values
    ]
