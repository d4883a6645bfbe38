"""`casefeed ice parked`: the records that could not be applied, why, and who can repair them; never their bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from casefeed.cli.agency import decisions, output, redrive
from casefeed.cli.options import parse_child_key
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import PARKED_REASONS, Repairer
from casefeed.contract.validation import CHILD_KEY_PATTERN, SOURCE_PATTERN
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import load_freshness
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.read.parked import (
    ParkedFilter,
    ParkedReasonCount,
    ParkedRecord,
    ParkedState,
    parked_reason_counts,
    parked_record,
    parked_records,
)
from casefeed.runtime.errors import CheckFailed

COLUMNS = ("id", "reason (who repairs it, or its end)", "where it lay", "child", "received")
FIELDS = (
    "id", "reason", "repairer", "topic", "partition", "offset", "child_key", "published_at", "received_at",
    "key_bytes", "value_bytes", "sha256", "applied_since", "detail", "state", "reason_now", "detail_now", "tried_by",
    "ended_by",
)  # fmt: skip
CAUSE_FIELDS = ("reason", "repairer", "records", "open", "first_received_at", "last_received_at")
_HEADER_NAME = re.compile(r"[a-z][a-z_.-]{0,39}")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# A header's value is shown only in the form that the contract gives it: anything may have been put there.
_HEADER_PATTERNS = {
    "ce_specversion": r"1\.0",
    "ce_id": _UUID,
    "ce_source": SOURCE_PATTERN.pattern,
    "ce_time": r"[0-9T:.+-]{19,32}Z?",
    "ce_subject": CHILD_KEY_PATTERN.pattern.decode(),
    "ce_dataschema": r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]+:sha256:[0-9a-f]{64}",
    "content-type": r"application/[a-z+.-]{1,40}",
}


@click.group("parked")
def parked() -> None:
    """Records that could not be applied, kept with their bytes until somebody decides about them."""


@parked.command("list")
@click.option(
    "--cause", "--reason", "cause", type=click.Choice(list(PARKED_REASONS)), metavar="REASON",
    help="Only what is parked for this reason.",
)  # fmt: skip
@click.option("--topic", type=click.Choice(load_catalogue().topics), help="Only what lay on this topic.")
@click.option(
    "--child", "key", callback=parse_child_key, metavar="KEY",
    help="Only records of this child, under any of its keys.",
)  # fmt: skip
@click.option(
    "--repairer", type=click.Choice([each.value for each in Repairer]), help="Only what they can repair."
)
@click.option("--since", type=output.DAY, help="Only what was received on this UTC day or later.")
@click.option("--open/--done", "waiting", default=None, help="Only what waits still, or only what is done.")
@click.option("--by-cause", is_flag=True, help="Only how many each reason parked.")
@output.limit_option()
@output.format_option("table", "json", "csv")
def list_(
    cause: str | None,
    topic: str | None,
    key: str | None,
    repairer: str | None,
    since: datetime | None,
    waiting: bool | None,
    by_cause: bool,
    limit: int | None,
    form: str,
) -> None:
    """The parked records, the first parked first, under how many each reason parked."""
    now = output.now_ms()
    choice = ParkedFilter(
        cause=None if cause is None else PARKED_REASONS[cause],
        topic=topic,
        repairer=None if repairer is None else Repairer(repairer),
        since=output.start_of_day(since),
        open=waiting,
    )
    with output.ledger_snapshot() as db:
        choice = replace(choice, child_keys=keys_of_child(db, key))
        causes = parked_reason_counts(db, choice)
        found = [] if by_cause else parked_records(db, choice, limit=output.effective_limit(limit, form))[0]
        complete = load_freshness(db, now)
    count = sum(each.records for each in causes)
    if form == "json":
        filters = {
            "reason": cause,
            "topic": topic,
            "child_key": key,
            "child_keys": choice.child_keys,
            "repairer": repairer,
            "since": None if since is None else since.date().isoformat(),
            "open": waiting,
        }
        answer = {
            "filters": filters,
            "count": count,
            "complete": complete.as_dict(),
            "causes": [_cause_dict(e) for e in causes],
        }
        output.print_json(answer if by_cause else {**answer, "parked": [parked_dict(each) for each in found]})
    elif form == "csv" and by_cause:
        output.print_csv(
            CAUSE_FIELDS, ([_cause_dict(each)[name] for name in CAUSE_FIELDS] for each in causes)
        )
    elif form == "csv":
        output.print_csv(FIELDS, ([parked_dict(each)[name] for name in FIELDS] for each in found))
    else:
        _print_list(causes, found, count)
        output.print_freshness(complete)


def _print_list(causes: list[ParkedReasonCount], records: list[ParkedRecord], count: int) -> None:
    if not causes:
        click.echo("No parked record passes these filters.")
        return
    speech = Locale()
    output.print_table(
        "By cause",
        ("reason", "can repair it", "open", "records", "first", "last"),
        (
            (
                each.reason.value, each.reason.repairer.value, f"{each.open:,}", f"{each.records:,}",
                speech.format_time(each.first), speech.format_time(each.last),
            )
            for each in causes
        ),
    )  # fmt: skip
    if records:
        shown = f"{count:,}" if count == len(records) else f"the first {len(records):,} of {count:,}"
        output.print_table(
            f"Parked records: {shown}; `casefeed ice parked show ID` says more",
            COLUMNS,
            map(_table_row, records),
        )


def _cause_dict(cause: ParkedReasonCount) -> dict[str, Any]:
    return {
        "reason": cause.reason.value,
        "repairer": cause.reason.repairer.value,
        "records": cause.records,
        "open": cause.open,
        "first_received_at": display.iso(cause.first),
        "last_received_at": display.iso(cause.last),
    }


def _table_row(record: ParkedRecord) -> tuple[str, ...]:
    topic, partition = record.partition
    state = {ParkedState.OPEN: record.current_reason.repairer.value, ParkedState.APPLIED: "applied since"}
    return (
        str(record.id),
        f"{record.current_reason.value} ({state.get(record.state, record.state.value)})",
        f"{topic}/{partition}@{record.offset}",
        record.child_key or "",
        Locale().format_time(record.received_at),
    )


@parked.command("show")
@click.argument("number", metavar="ID", callback=output.parse_record_id)
@output.format_option("table", "json")
def show(number: int, form: str) -> None:
    """One parked record: why, who can repair it, where it lay, what was decided; not its bytes."""
    with output.ledger_snapshot() as db:
        record = parked_record(db, number)
        decided = decisions.decisions_about(db, record) if record else []
    if record is None:
        raise CheckFailed(
            f"No record {number} is parked here; `casefeed ice parked list` shows those that are."
        )
    if form == "json":
        output.print_json(
            {**parked_dict(record), "decisions": [decisions.decision_dict(each) for each in decided]}
        )
        return
    speech = Locale()
    topic, partition = record.partition
    now = record.reason_now
    rows = {
        "reason": f"{record.reason.value}: {record.reason.description}",
        "detail": record.detail or "none",
        **(
            {"reason now": f"{now.value}: {now.description}", "detail now": record.detail_now or "none"}
            if now
            else {}
        ),
        "can repair it": f"the {record.current_reason.repairer.value}",
        "what to do": f"docs/operate/parked.md, under {record.current_reason.value}",
        "where it lay": f"{topic}, partition {partition}, offset {record.offset}",
        "child": record.child_key or "unknown: its key is no child key",
        **({"child inside": record.body_child_key} if record.body_child_key else {}),
        "published": speech.format_time(record.published_at),
        "received": f"{speech.format_time(record.received_at)}  "
        f"{display.delay_text(record.received_at - record.published_at)}",
        "key": display.plural(record.key_bytes, "byte") if record.key_bytes is not None else "none",
        "value": display.plural(record.value_bytes, "byte") if record.value_bytes is not None else "none",
        "sha256": record.digest.hex(),
        "headers": "; ".join(f"{name}: {value}" if value else name for name, value in shown_headers(record))
        or "none",
        "state": f"{record.state.value}: {record.state.description}",
    }
    click.echo(f"Parked record {record.id}")
    for name, value in rows.items():
        click.echo(f"    {name:<14} {value}")
    for each in decided:
        click.echo(f"    {'decided':<14} {decisions.decision_line(each, speech)}")


def shown_headers(record: ParkedRecord) -> list[tuple[str, str | None]]:
    """The names of a record's headers, with the values that can hold nothing personal."""
    found: list[tuple[str, str | None]] = []
    for name, value in record.headers:
        if not _HEADER_NAME.fullmatch(name):
            found.append(("(a name not shown)", None))
            continue
        text = value.decode("ascii", "replace")
        known = text in load_catalogue().event_types if name == "ce_type" else _matches_pattern(name, text)
        found.append((name, text if known else None))
    return found


def _matches_pattern(name: str, text: str) -> bool:
    return name in _HEADER_PATTERNS and re.fullmatch(_HEADER_PATTERNS[name], text) is not None


def parked_dict(record: ParkedRecord) -> dict[str, Any]:
    """A parked record as programs get it."""
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.description,
        "detail": record.detail,
        "repairer": record.current_reason.repairer.value,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "child_key": record.child_key,
        "body_child_key": record.body_child_key,
        "published_at": display.iso(record.published_at),
        "received_at": display.iso(record.received_at),
        "key_bytes": record.key_bytes,
        "value_bytes": record.value_bytes,
        "sha256": record.digest.hex(),
        "headers": [{"name": name, "value": value} for name, value in shown_headers(record)],
        "applied_since": record.state is ParkedState.APPLIED,
        "state": record.state.value,
        "reason_now": None if record.reason_now is None else record.reason_now.value,
        "detail_now": record.detail_now,
        "tried_by": record.tried_by,
        "ended_by": record.ended_by,
    }


parked.add_command(redrive.redrive)
parked.add_command(redrive.close)
