"""`casefeed ice parked`: the records that could not be applied, why, and who can repair them; never their bytes."""

from __future__ import annotations

import re
from typing import Any

import click

from casefeed.contract.catalogue import load
from casefeed.contract.reasons import ParkedReason
from casefeed.read.questions import ParkedRecord, parked_record, parked_records
from casefeed.wire.errors import AnswerIsNo, WrongUse
from ice_caseload import words
from ice_caseload.commands import answers
from ice_caseload.says import Speech

REASONS = {reason.value: reason for reason in ParkedReason}
COLUMNS = ("id", "reason", "can repair it", "where it lay", "child", "received", "bytes")
FIELDS = (
    "id", "reason", "repairer", "topic", "partition", "offset", "child_key", "published_at", "received_at",
    "key_bytes", "value_bytes", "sha256", "applied_since", "detail",
)  # fmt: skip
_HEADER_NAME = re.compile(r"[a-z][a-z_.-]{0,39}")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# A header's value is shown only in the form that the contract gives it: anything may have been put there.
_VALUES = {
    "ce_specversion": r"1\.0",
    "ce_id": _UUID,
    "ce_source": r"[a-z][a-z0-9-]{2,39}",
    "ce_time": r"[0-9T:.+-]{19,32}Z?",
    "ce_subject": r"[a-z2-7]{16}",
    "ce_dataschema": r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]+:sha256:[0-9a-f]{64}",
    "content-type": r"application/[a-z+.-]{1,40}",
}


@click.group("parked")
def parked() -> None:
    """Records that could not be applied, kept with their bytes until they are repaired."""


@parked.command("list")
@click.option(
    "--reason",
    type=click.Choice(list(REASONS)),
    help="Only what is parked for this reason.",
    metavar="REASON",
)
@click.option("--topic", type=click.Choice(load().topics), help="Only what lay on this topic.")
@click.option("--child", "key", callback=answers.child_key, metavar="KEY", help="Only records of this child.")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def list_(reason: str | None, topic: str | None, key: str | None, limit: int | None, form: str) -> None:
    """The parked records, the first parked first."""
    now = answers.now_ms()
    with answers.asked() as db:
        found, count = parked_records(
            db,
            reason=None if reason is None else REASONS[reason],
            topic=topic,
            child_key=key,
            limit=answers.limit_of(limit, form),
        )
        complete, told = answers.complete_up_to(db), answers.complete_lines(db, now)
    if form == "json":
        filters = {"reason": reason, "topic": topic, "child_key": key}
        records = [_record(each) for each in found]
        answers.say_json({"filters": filters, "count": count, "complete": complete, "parked": records})
        return
    if form == "csv":
        answers.say_csv(FIELDS, ([_record(each)[name] for name in FIELDS] for each in found))
        return
    if found:
        shown = f"{count:,}" if count == len(found) else f"the first {len(found):,} of {count:,}"
        answers.say_table(
            f"Parked records: {shown}; `casefeed ice parked show ID` says more", COLUMNS, map(_cells, found)
        )
    else:
        click.echo("No record is parked that passes these filters: nothing waits for a repair.")
    for text in told:
        click.echo(f"Complete up to: {text}")


def _cells(record: ParkedRecord) -> tuple[str, ...]:
    topic, partition = record.partition
    return (
        str(record.id),
        record.reason.value,
        "applied since" if record.applied else record.reason.repairer.value,
        f"{topic}/{partition}@{record.offset}",
        record.child_key or "",
        Speech().time(record.received_at),
        f"{record.value_bytes or 0:,}",
    )


def _id(_: click.Context, __: click.Parameter, given: str) -> int:
    """A record's number; what is none is not repeated, for it may be anything."""
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise WrongUse("The id of a parked record is a number; `casefeed ice parked list` shows it.")
    return int(given)


@parked.command("show")
@click.argument("number", metavar="ID", callback=_id)
@answers.form_option("table", "json")
def show(number: int, form: str) -> None:
    """One parked record: why, who can repair it, where it lay; not its bytes."""
    with answers.asked() as db:
        record = parked_record(db, number)
    if record is None:
        raise AnswerIsNo(
            f"No record {number} is parked here; `casefeed ice parked list` shows those that are."
        )
    if form == "json":
        answers.say_json(_record(record))
        return
    speech = Speech()
    topic, partition = record.partition
    rows = {
        "reason": f"{record.reason.value}: {record.reason.sentence}",
        "detail": record.detail or "none",
        "can repair it": f"the {record.reason.repairer.value}",
        "where it lay": f"{topic}, partition {partition}, offset {record.offset}",
        "child": record.child_key or "unknown: its key is no child key",
        "published": speech.time(record.published_at),
        "received": f"{speech.time(record.received_at)}  "
        f"{words.later(record.received_at - record.published_at)}",
        "key": words.plural(record.key_bytes, "byte") if record.key_bytes is not None else "none",
        "value": words.plural(record.value_bytes, "byte") if record.value_bytes is not None else "none",
        "sha256": record.digest.hex(),
        "headers": "; ".join(f"{name}: {value}" if value else name for name, value in headers_of(record))
        or "none",
        "applied since": "yes: it could be read later" if record.applied else "no",
    }
    click.echo(f"Parked record {record.id}")
    for name, value in rows.items():
        click.echo(f"    {name:<14} {value}")


def headers_of(record: ParkedRecord) -> list[tuple[str, str | None]]:
    """The names of a record's headers, with the values that can hold nothing personal."""
    found: list[tuple[str, str | None]] = []
    for name, value in record.headers:
        if not _HEADER_NAME.fullmatch(name):
            found.append(("(a name not shown)", None))
            continue
        text = value.decode("ascii", "replace")
        known = text in load().types if name == "ce_type" else _fits(name, text)
        found.append((name, text if known else None))
    return found


def _fits(name: str, text: str) -> bool:
    return name in _VALUES and re.fullmatch(_VALUES[name], text) is not None


def _record(record: ParkedRecord) -> dict[str, Any]:
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.sentence,
        "detail": record.detail,
        "repairer": record.reason.repairer.value,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "child_key": record.child_key,
        "published_at": words.iso(record.published_at),
        "received_at": words.iso(record.received_at),
        "key_bytes": record.key_bytes,
        "value_bytes": record.value_bytes,
        "sha256": record.digest.hex(),
        "headers": [{"name": name, "value": value} for name, value in headers_of(record)],
        "applied_since": record.applied,
    }
