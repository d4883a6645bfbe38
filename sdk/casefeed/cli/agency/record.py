"""`record`: one fact, or a stream of them, is written down at the agency's desk."""

from __future__ import annotations

import copy
import sys
from functools import partial
from typing import Any

import click

from casefeed.cli.prompt import event_questions, prompt_event, prompt_field
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.publish.agency import Agency
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import MAX_LINE_BYTES, event_input, parse_json
from casefeed.publish.jsonl import error_text, read_available_lines, record_lines
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.errors import CheckFailed, UsageError
from casefeed.runtime.text import plural

_EPILOG = (
    "`casefeed schema show TYPE` has the fields. Times are RFC 3339 text or ms, days 2024-05-31 or a number; what "
    "may be null may be left out, and source, sequence and profile are the desk's. An event, with --new-child:"
)


def record_command(desk_agency: Agency) -> click.Command:
    """`record` for this agency's desk."""

    @click.command(
        "record",
        help=f"Write an event down at {desk_agency.publisher.agency}'s desk: JSON on standard input, or asked for on "
        "a terminal. Answers with its id.",
        epilog=f"{_EPILOG}\n\n\b\n{desk_agency.example_event}",
    )
    @click.option("--lines", is_flag=True, help="One event a line in, one answer a line out.")
    @click.option(
        "--new-child", is_flag=True, help="Of a child nobody told of yet: the answer has its new key as well."
    )
    @click.option(
        "--agency",
        type=click.Choice(sorted(desk_agency.publisher.recorded_by)),
        default=desk_agency.default_recorder,
        show_default=True,
        help="Who tells what does not say so itself.",
    )
    def command(lines: bool, new_child: bool, agency: str) -> None:
        if lines and new_child:
            raise UsageError("--new-child is for one event; with --lines each event names its child_key.")
        with desk_agency.desk(settings.load()) as desk:
            if lines:
                _record_stream(desk, agency)
                return
            try:
                if sys.stdin.isatty():
                    done = _record_interactively(desk, agency, new_child)
                else:
                    given = parse_json(sys.stdin.buffer.read(MAX_LINE_BYTES + 1))
                    done = _record(desk, agency, given, new_child)
            except (ContractError, RefusedError) as fault:
                raise CheckFailed(f"Nothing was recorded. {error_text(fault)}") from fault
        click.echo(f"{done.event_id} {done.child_key}" if new_child else done.event_id)
        number = f"number {done.sequence} of child {done.child_key} under {done.source}"
        click.echo(f"{'Was recorded before' if done.duplicate else 'Recorded'}: {number}.", err=True)

    return command


def _record(desk: Desk, agency: str, given: Any, new_child: bool) -> RecordedEvent:
    """Raises ContractError or RefusedError where the event may not be recorded."""
    (answer,) = desk.record([event_input(given, desk.publisher.topic, new_child=new_child)], agency, now_ms())
    if isinstance(answer, RecordedEvent):
        return answer
    raise answer


def _record_interactively(desk: Desk, agency: str, new_child: bool) -> RecordedEvent:
    """Ask for the type and its fields; what the contract does not take is asked for again."""
    # A correction holds a whole event: it is given as JSON.
    kinds = {
        each.short_name: each
        for each in load_catalogue().on_topic(desk.publisher.topic)
        if each.short_name != "EventCorrected"
    }
    kind = kinds[click.prompt("type", type=click.Choice(list(kinds)), err=True)]
    click.echo(kind.schema["doc"], err=True)
    ask, say = partial(click.prompt, default="", show_default=False, err=True), partial(click.echo, err=True)
    given = prompt_event(kind, ask, say, new_child=new_child)
    every = {f"{kind.name}.{'.'.join(each.path)}": each for each in event_questions(kind, new_child=new_child)}
    while True:
        try:
            return _record(desk, agency, copy.deepcopy(given), new_child)
        except (ContractError, RefusedError) as fault:
            if fault.where not in every:
                raise
            say(error_text(fault))
            prompt_field(given, every[fault.where], ask, say)


def _record_stream(desk: Desk, agency: str) -> None:
    """Answer line by line; raises CheckFailed at the end when any event was refused."""
    refused = 0
    for answers in record_lines(desk, agency, read_available_lines(sys.stdin.fileno()), now_ms):
        refused += sum(each.startswith('{"error"') for each in answers)
        sys.stdout.write("".join(answers))
        sys.stdout.flush()
    if refused:
        raise CheckFailed(f"Not recorded: {plural(refused, 'event')}; the answers say why.")
