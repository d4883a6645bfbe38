"""`casefeed ice parked`: the records that could not be applied, why, and who can repair them; never their bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from casefeed.cli.options import child_key
from casefeed.contract.catalogue import load
from casefeed.contract.reasons import PARKED, Repairer
from casefeed.contract.validation import CHILD_KEY, SOURCE
from casefeed.read.parked import (
    Cause,
    Choice,
    ParkedRecord,
    State,
    parked_causes,
    parked_record,
    parked_records,
)
from casefeed.runtime.errors import AnswerIsNo
from ice_caseload import words
from ice_caseload.commands import answers, deciding, redrive
from ice_caseload.completeness import complete_up_to
from ice_caseload.says import Speech
from ice_caseload.tied import keys_of_child

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
_VALUES = {
    "ce_specversion": r"1\.0",
    "ce_id": _UUID,
    "ce_source": SOURCE.pattern,
    "ce_time": r"[0-9T:.+-]{19,32}Z?",
    "ce_subject": CHILD_KEY.pattern.decode(),
    "ce_dataschema": r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]+:sha256:[0-9a-f]{64}",
    "content-type": r"application/[a-z+.-]{1,40}",
}


@click.group("parked")
def parked() -> None:
    """Records that could not be applied, kept with their bytes until somebody decides about them."""


@parked.command("list")
@click.option(
    "--cause", "--reason", "cause", type=click.Choice(list(PARKED)), metavar="REASON",
    help="Only what is parked for this reason.",
)  # fmt: skip
@click.option("--topic", type=click.Choice(load().topics), help="Only what lay on this topic.")
@click.option(
    "--child", "key", callback=child_key, metavar="KEY",
    help="Only records of this child, under any of its keys.",
)  # fmt: skip
@click.option(
    "--repairer", type=click.Choice([each.value for each in Repairer]), help="Only what they can repair."
)
@click.option("--since", type=answers.DAY, help="Only what was received on this UTC day or later.")
@click.option("--open/--done", "waiting", default=None, help="Only what waits still, or only what is done.")
@click.option("--by-cause", is_flag=True, help="Only how many each reason parked.")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
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
    now = answers.now_ms()
    choice = Choice(
        cause=None if cause is None else PARKED[cause],
        topic=topic,
        repairer=None if repairer is None else Repairer(repairer),
        since=answers.start_of(since),
        open=waiting,
    )
    with answers.asked() as db:
        choice = replace(choice, child_keys=keys_of_child(db, key))
        causes = parked_causes(db, choice)
        found = [] if by_cause else parked_records(db, choice, limit=answers.limit_of(limit, form))[0]
        complete = complete_up_to(db, now)
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
            "complete": complete.as_json(),
            "causes": [_cause(e) for e in causes],
        }
        answers.say_json(answer if by_cause else {**answer, "parked": [as_json(each) for each in found]})
    elif form == "csv" and by_cause:
        answers.say_csv(CAUSE_FIELDS, ([_cause(each)[name] for name in CAUSE_FIELDS] for each in causes))
    elif form == "csv":
        answers.say_csv(FIELDS, ([as_json(each)[name] for name in FIELDS] for each in found))
    else:
        _show(causes, found, count)
        answers.say_complete(complete)


def _show(causes: list[Cause], found: list[ParkedRecord], count: int) -> None:
    if not causes:
        click.echo("No parked record passes these filters.")
        return
    speech = Speech()
    answers.say_table(
        "By cause",
        ("reason", "can repair it", "open", "records", "first", "last"),
        (
            (
                each.reason.value, each.reason.repairer.value, f"{each.open:,}", f"{each.records:,}",
                speech.time(each.first), speech.time(each.last),
            )
            for each in causes
        ),
    )  # fmt: skip
    if found:
        shown = f"{count:,}" if count == len(found) else f"the first {len(found):,} of {count:,}"
        answers.say_table(
            f"Parked records: {shown}; `casefeed ice parked show ID` says more", COLUMNS, map(_cells, found)
        )


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "reason": cause.reason.value,
        "repairer": cause.reason.repairer.value,
        "records": cause.records,
        "open": cause.open,
        "first_received_at": words.iso(cause.first),
        "last_received_at": words.iso(cause.last),
    }


def _cells(record: ParkedRecord) -> tuple[str, ...]:
    topic, partition = record.partition
    state = {State.OPEN: record.why.repairer.value, State.APPLIED: "applied since"}
    return (
        str(record.id),
        f"{record.why.value} ({state.get(record.state, record.state.value)})",
        f"{topic}/{partition}@{record.offset}",
        record.child_key or "",
        Speech().time(record.received_at),
    )


@parked.command("show")
@click.argument("number", metavar="ID", callback=answers.record_number)
@answers.form_option("table", "json")
def show(number: int, form: str) -> None:
    """One parked record: why, who can repair it, where it lay, what was decided; not its bytes."""
    with answers.asked() as db:
        record = parked_record(db, number)
        decided = deciding.about(db, record) if record else []
    if record is None:
        raise AnswerIsNo(
            f"No record {number} is parked here; `casefeed ice parked list` shows those that are."
        )
    if form == "json":
        answers.say_json({**as_json(record), "decisions": [deciding.decided_json(each) for each in decided]})
        return
    speech = Speech()
    topic, partition = record.partition
    now = record.reason_now
    rows = {
        "reason": f"{record.reason.value}: {record.reason.sentence}",
        "detail": record.detail or "none",
        **(
            {"reason now": f"{now.value}: {now.sentence}", "detail now": record.detail_now or "none"}
            if now
            else {}
        ),
        "can repair it": f"the {record.why.repairer.value}",
        "what to do": f"docs/operate/parked.md, under {record.why.value}",
        "where it lay": f"{topic}, partition {partition}, offset {record.offset}",
        "child": record.child_key or "unknown: its key is no child key",
        **({"child inside": record.body_child_key} if record.body_child_key else {}),
        "published": speech.time(record.published_at),
        "received": f"{speech.time(record.received_at)}  "
        f"{words.later(record.received_at - record.published_at)}",
        "key": words.plural(record.key_bytes, "byte") if record.key_bytes is not None else "none",
        "value": words.plural(record.value_bytes, "byte") if record.value_bytes is not None else "none",
        "sha256": record.digest.hex(),
        "headers": "; ".join(f"{name}: {value}" if value else name for name, value in headers_of(record))
        or "none",
        "state": f"{record.state.value}: {record.state.sentence}",
    }
    click.echo(f"Parked record {record.id}")
    for name, value in rows.items():
        click.echo(f"    {name:<14} {value}")
    for each in decided:
        click.echo(f"    {'decided':<14} {deciding.in_words(each, speech)}")


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


def as_json(record: ParkedRecord) -> dict[str, Any]:
    """A parked record as programs get it."""
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.sentence,
        "detail": record.detail,
        "repairer": record.why.repairer.value,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "child_key": record.child_key,
        "body_child_key": record.body_child_key,
        "published_at": words.iso(record.published_at),
        "received_at": words.iso(record.received_at),
        "key_bytes": record.key_bytes,
        "value_bytes": record.value_bytes,
        "sha256": record.digest.hex(),
        "headers": [{"name": name, "value": value} for name, value in headers_of(record)],
        "applied_since": record.state is State.APPLIED,
        "state": record.state.value,
        "reason_now": None if record.reason_now is None else record.reason_now.value,
        "detail_now": record.detail_now,
        "tried_by": record.tried_by,
        "ended_by": record.ended_by,
    }


parked.add_command(redrive.redrive)
parked.add_command(redrive.close)
