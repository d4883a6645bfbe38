"""`parked`: the records that could not be applied, why, and who can repair them; never their bytes."""

from __future__ import annotations

from datetime import date
from functools import partial

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.decisions import decision_line
from casefeed.cli.agency.group import agency_group
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import PARKED_REASONS, Repairer
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.parked import (
    ParkedPage,
    ParkedReasonsPage,
    ParkedRecordView,
    load_parked_page,
    load_parked_reasons,
    load_parked_record,
    shown_headers,
)
from casefeed.publish.agency import Agency
from casefeed.read.parked import ParkedFilter, ParkedRecord, ParkedState
from casefeed.runtime.errors import CheckFailed

COLUMNS = ("id", "reason (who repairs it, or its end)", "where it lay", "child", "received")


parked_command = partial(
    agency_group,
    help="Records that could not be applied, kept with their bytes until somebody decides about them.",
    targets={
        "close": "casefeed.cli.agency.parked_decisions:close_command",
        "list": "casefeed.cli.agency.parked:list_command",
        "redrive": "casefeed.cli.agency.parked_decisions:redrive_command",
        "show": "casefeed.cli.agency.parked:show_command",
    },
    name="parked",
)
"""`parked` over the ledger of the agency that it is called with, with its subcommands."""


def no_such_record(agency: Agency, record_id: int) -> CheckFailed:
    """The answer where no record with this id is parked."""
    return CheckFailed(f"No record {record_id} is parked here; `{agency.command} parked list` shows those that are.")


@click.command("list")
@click.option(
    "--cause", "--reason", "cause", type=click.Choice(list(PARKED_REASONS)), metavar="REASON",
    help="Only what is parked for this reason.",
)  # fmt: skip
@click.option("--topic", type=click.Choice(load_catalogue().topics), help="Only what lay on this topic.")
@output.child_option("Only records of this child, under any of its keys.")
@click.option("--repairer", type=click.Choice([each.value for each in Repairer]), help="Only what they can repair.")
@click.option("--since", type=output.DAY, help="Only what was received on this UTC day or later.")
@click.option("--open/--done", "waiting", default=None, help="Only what waits still, or only what is done.")
@click.option("--by-cause", is_flag=True, help="Only how many each reason parked.")
@output.limit_option
@output.format_option("table", "json", "csv")
@click.pass_obj
def list_command(
    agency: Agency,
    cause: str | None,
    topic: str | None,
    key: str | None,
    repairer: str | None,
    since: date | None,
    waiting: bool | None,
    by_cause: bool,
    limit: int | None,
    form: str,
) -> None:
    """The parked records, the first parked first, under how many each reason parked."""
    choice = ParkedFilter(
        cause=None if cause is None else PARKED_REASONS[cause],
        topic=topic,
        repairer=None if repairer is None else Repairer(repairer),
        open=waiting,
    )
    now, at_most = output.now_ms(), output.effective_limit(limit, form)
    with output.ledger_snapshot(agency) as db:
        reasons = load_parked_reasons(db, choice, now, child_key=key, since=since)
        page = None if by_cause else load_parked_page(db, reasons, limit=at_most)
    output.print_page(page or reasons, form, lambda: _print_list(reasons, page, agency))


def _print_list(reasons: ParkedReasonsPage, page: ParkedPage | None, agency: Agency) -> None:
    locale = Locale()
    output.print_table(
        "By cause",
        ("reason", "can repair it", "open", "records", "first", "last"),
        (
            (
                each.reason.value, each.reason.repairer.value, f"{each.open:,}", f"{each.records:,}",
                locale.format_time(each.first), locale.format_time(each.last),
            )
            for each in reasons.items
        ),
        if_empty="No parked record passes these filters.",
    )  # fmt: skip
    if page is not None and page.items:
        count, shown = reasons.count, len(page.items)
        text = f"{count:,}" if count == shown else f"the first {shown:,} of {count:,}"
        output.print_table(
            f"Parked records: {text}; `{agency.command} parked show ID` says more",
            COLUMNS,
            (_table_row(each, locale) for each in page.items),
        )
    output.print_freshness(reasons.freshness, agency)


def _table_row(record: ParkedRecord, locale: Locale) -> tuple[str, ...]:
    topic, partition = record.partition
    state = {ParkedState.OPEN: record.current_reason.repairer.value, ParkedState.APPLIED: "applied since"}
    return (
        str(record.id),
        f"{record.current_reason.value} ({state.get(record.state, record.state.value)})",
        f"{topic}/{partition}@{record.offset}",
        record.child_key or "",
        locale.format_time(record.received_at),
    )


@click.command("show")
@click.argument("number", metavar="ID", callback=output.parse_record_id)
@output.format_option("table", "json")
@click.pass_obj
def show_command(agency: Agency, number: int, form: str) -> None:
    """One parked record: why, who can repair it, where it lay, what was decided; not its bytes."""
    with output.ledger_snapshot(agency) as db:
        view = load_parked_record(db, number)
    if view is None:
        raise no_such_record(agency, number)
    if form == "json":
        output.print_json(view.as_dict())
    else:
        _print_record(view, Locale())


def _print_record(view: ParkedRecordView, locale: Locale) -> None:
    record = view.record
    topic, partition = record.partition
    now, delay = record.reason_now, record.received_at - record.published_at
    rows = {
        "reason": f"{record.reason.value}: {record.reason.description}",
        "detail": record.detail or "none",
        "reason now": now and f"{now.value}: {now.description}",
        "detail now": now and (record.detail_now or "none"),
        "can repair it": f"the {record.current_reason.repairer.value}",
        "what to do": f"docs/operate/parked.md, under {record.current_reason.value}",
        "where it lay": f"{topic}, partition {partition}, offset {record.offset}",
        "child": record.child_key or "unknown: its key is no child key",
        "child inside": record.body_child_key,
        "published": locale.format_time(record.published_at),
        "received": f"{locale.format_time(record.received_at)}  {display.delay_text(delay)}",
        "key": _size_text(record.key_bytes),
        "value": _size_text(record.value_bytes),
        "sha256": record.digest.hex(),
        "headers": "; ".join(f"{name}: {value}" if value else name for name, value in shown_headers(record))
        or "none",
        "state": f"{record.state.value}: {record.state.description}",
    }
    click.echo(f"Parked record {record.id}")
    for name, value in rows.items():
        if value:
            click.echo(f"    {name:<14} {value}")
    for each in view.decisions:
        click.echo(f"    {'decided':<14} {decision_line(each, locale)}")


def _size_text(size: int | None) -> str:
    return "none" if size is None else display.plural(size, "byte")
