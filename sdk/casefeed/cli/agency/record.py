"""`record`: one fact, or a stream of them, is written down at the agency's desk."""

from __future__ import annotations

import copy
import sys
from typing import Any

import click

from casefeed.cli.prompt import asked, put, questions
from casefeed.contract.catalogue import load
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.publish.agency import Office
from casefeed.publish.desk import Desk, Recorded
from casefeed.publish.event_input import MAX_LINE_BYTES, draft, parse
from casefeed.publish.jsonl import answered, sentence, waiting_lines
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.errors import AnswerIsNo, WrongUse
from casefeed.runtime.text import plural

_EPILOG = (
    "`casefeed schema show TYPE` has the fields. Times are RFC 3339 text or ms, days 2024-05-31 or a number; what "
    "may be null may be left out, and source, sequence and profile are the desk's. An event, with --new-child:"
)


def record_command(office: Office) -> click.Command:
    """`record` for this agency's desk."""

    @click.command(
        "record",
        help=f"Write an event down at {office.publisher.agency}'s desk: JSON on standard input, or asked for on a "
        "terminal. Answers with its id.",
        epilog=f"{_EPILOG}\n\n\b\n{office.example}",
    )
    @click.option("--lines", is_flag=True, help="One event a line in, one answer a line out.")
    @click.option(
        "--new-child", is_flag=True, help="Of a child nobody told of yet: the answer has its new key as well."
    )
    @click.option(
        "--agency",
        type=click.Choice(sorted(office.publisher.recorded_by)),
        default=office.teller,
        show_default=True,
        help="Who tells what does not say so itself.",
    )
    def command(lines: bool, new_child: bool, agency: str) -> None:
        if lines and new_child:
            raise WrongUse("--new-child is for one event; with --lines each event names its child_key.")
        with office.desk(settings.load()) as desk:
            if lines:
                _stream(desk, agency)
                return
            try:
                if sys.stdin.isatty():
                    done = _on_terminal(desk, agency, new_child)
                else:
                    given = parse(sys.stdin.buffer.read(MAX_LINE_BYTES + 1))
                    done = _record(desk, agency, given, new_child)
            except (ContractError, Forbidden) as fault:
                raise AnswerIsNo(f"Nothing was recorded. {sentence(fault)}") from fault
        click.echo(f"{done.event_id} {done.child_key}" if new_child else done.event_id)
        number = f"number {done.sequence} of child {done.child_key} under {done.source}"
        click.echo(f"{'Was recorded before' if done.held else 'Recorded'}: {number}.", err=True)

    return command


def _record(desk: Desk, agency: str, given: Any, new_child: bool) -> Recorded:
    """Raises ContractError or Forbidden where the event may not be recorded."""
    (answer,) = desk.record([draft(given, desk.publisher.topic, new_child=new_child)], agency, now_ms())
    if isinstance(answer, Recorded):
        return answer
    raise answer


def _on_terminal(desk: Desk, agency: str, new_child: bool) -> Recorded:
    """Ask for the type and its fields; what the contract does not take is asked for again."""
    # A correction holds a whole event: it is given as JSON.
    kinds = {each.short: each for each in load().on(desk.publisher.topic) if each.short != "EventCorrected"}
    kind = kinds[click.prompt("type", type=click.Choice(list(kinds)), err=True)]
    click.echo(kind.schema["doc"], err=True)

    def ask(words: str) -> str:
        return str(click.prompt(words, default="", show_default=False, err=True))

    def say(line: str) -> None:
        click.echo(line, err=True)

    given = asked(kind, ask, say, new_child=new_child)
    every = {f"{kind.name}.{'.'.join(each.path)}": each for each in questions(kind, new_child=new_child)}
    while True:
        try:
            return _record(desk, agency, copy.deepcopy(given), new_child)
        except (ContractError, Forbidden) as fault:
            if fault.where not in every:
                raise
            say(sentence(fault))
            put(given, every[fault.where], ask, say)


def _stream(desk: Desk, agency: str) -> None:
    """Answer line by line; raises AnswerIsNo at the end when any event was refused."""
    refused = 0
    for answers in answered(desk, agency, waiting_lines(sys.stdin.fileno()), now_ms):
        refused += sum(each.startswith('{"error"') for each in answers)
        sys.stdout.write("".join(answers))
        sys.stdout.flush()
    if refused:
        raise AnswerIsNo(f"Not recorded: {plural(refused, 'event')}; the answers say why.")
