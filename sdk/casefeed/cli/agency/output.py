"""What the commands that ask a ledger share: its opening, their options, printing, and the exit code."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click

from casefeed.cli.options import parse_child_key
from casefeed.contract import codes
from casefeed.contract.validation import is_source
from casefeed.ledger import database
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.freshness import Freshness
from casefeed.ledger.page import Page
from casefeed.publish.agency import Agency
from casefeed.read.heartbeats import Timeliness
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms as now_ms
from casefeed.runtime.errors import CheckFailed, Unavailable, UsageError

_F = TypeVar("_F", bound=Callable[..., Any])
DEFAULT_TABLE_ROWS = 50


def ledger_snapshot(agency: Agency) -> AbstractContextManager[LedgerConnection]:
    """The agency's ledger in force, for questions that all see the same moment."""
    return database.ledger_snapshot(agency.database_path(settings.load()), agency)


def require_ledger(agency: Agency) -> None:
    """Raises StoreError where the agency has no ledger: without one nobody needs to ask a broker."""
    with ledger_snapshot(agency):
        pass


def format_option(*forms: str) -> Callable[[_F], _F]:
    """The option --format, a table unless another is asked for."""
    return click.option("--format", "form", type=click.Choice(forms), default="table", show_default=True)


limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"At most so many rows (default: {DEFAULT_TABLE_ROWS} in a table, all otherwise).",
)
"""The option --limit."""


def child_option(help: str) -> Callable[[_F], _F]:
    """The option --child, as `key`."""
    return click.option("--child", "key", callback=parse_child_key, metavar="KEY", help=help)


def source_option(help: str) -> Callable[[_F], _F]:
    """The option --source."""
    return click.option("--source", callback=parse_source, metavar="SOURCE", help=help)


def effective_limit(limit: int | None, form: str) -> int | None:
    """How many rows to show at most; None for all."""
    return DEFAULT_TABLE_ROWS if limit is None and form == "table" else limit


def count_text(shown: int, count: int) -> str:
    """How many rows there are, and where not all are shown how many of them are."""
    return f"{count:,}" if count == shown else f"the first {shown:,} of {count:,} (--limit for more)"


def parse_source(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """A source from the command line; raises UsageError, which does not repeat it, for it may be anything."""
    if value is not None and not is_source(value):
        raise UsageError(
            "That is no source: it is the name of a recording store, small letters, digits and hyphens, as a "
            f"case or `{context.obj.command} gaps list` shows it."
        )
    return value


def parse_record_id(context: click.Context, _: click.Parameter, value: str | None) -> int | None:
    """A parked record's number from the command line; raises UsageError, which does not repeat it."""
    if value is not None and (not value.isascii() or not value.isdigit() or len(value) > 18):
        raise UsageError(f"The id of a parked record is a number; `{context.obj.command} parked list` shows it.")
    return None if value is None else int(value)


def parse_area(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """An ERO area's code from the command line; raises UsageError naming those that exist."""
    code = value and value.strip().upper()
    if code is not None and code not in codes.areas():
        known = ", ".join(f"{each.code} ({each.name})" for each in codes.areas().values())
        raise UsageError(f"That is not the code of an ERO area; there are {known}.")
    return code


def print_freshness(freshness: Freshness, agency: Agency) -> None:
    """Up to where the answer is complete, a line a topic, and who is late or silent."""
    for line in freshness.topic_lines(agency.command):
        click.echo(f"Complete up to: {line}")
    for line in freshness.overdue_sentences():
        click.echo(line)


def exit_by_freshness(freshness: Freshness, agency: Agency) -> None:
    """Call it when the answer is printed: the answer stands, and may not be complete.

    Raises CheckFailed where a source that it depends on is late, Unavailable where one is silent.
    """
    if sentence := freshness.stale_sentence(agency.command):
        silent = freshness.timeliness is Timeliness.SILENT
        raise Unavailable(sentence) if silent else CheckFailed(sentence)


def print_page(page: Page, form: str, print_text: Callable[[], None]) -> None:
    """The answer as JSON, as CSV, or as `print_text` prints it for people."""
    if form == "json":
        print_json(page.as_dict())
    elif form == "csv":
        print_csv(page.FIELDS, ([row[name] for name in page.FIELDS] for row in page.rows))
    else:
        print_text()


def print_json(value: Mapping[str, Any]) -> None:
    """The answer as one JSON object."""
    click.echo(json.dumps(value, indent=2))


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The answer as CSV, the names of the columns first."""
    out = csv.writer(sys.stdout)
    out.writerow(header)
    out.writerows(rows)


class DayParam(click.DateTime):
    """A UTC day on the command line, YYYY-MM-DD."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As a person writes it, not as strptime does."""
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The day; a usage error when the calendar has none like it."""
        try:
            return super().convert(value, param, ctx).date()
        except click.BadParameter:
            self.fail(f"{value!r} is no day of the calendar; write one like 2025-01-31.", param, ctx)


DAY = DayParam()


def print_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, if_empty: str = "") -> None:
    """The answer as a table under its caption; without rows the sentence `if_empty`, where one is given."""
    cells = list(rows)
    if cells or not if_empty:
        from casefeed.cli import tables  # rich; JSON and CSV need none

        tables.print_table(columns, cells, title=caption)
    else:
        click.echo(if_empty)
