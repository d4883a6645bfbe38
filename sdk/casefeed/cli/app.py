"""`casefeed` itself: which commands there are, how a failure is told, and the exit codes.

Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 something it needs is not there (an internal error
too), 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Any

import click

from casefeed.runtime import logs, settings
from casefeed.runtime.errors import AnswerIsNo, Sentence, Unavailable, WrongUse

DONE, NO, WRONG_USE, NOT_THERE, INTERRUPTED = 0, 1, 2, 3, 130
CODES: dict[type[Sentence], int] = {AnswerIsNo: NO, WrongUse: WRONG_USE, Unavailable: NOT_THERE}
# Loaded when used, so that a short command starts fast.
OWN = {
    "demo": "casefeed.cli.demo:demo",
    "schema": "casefeed.cli.schema:schema",
    "settings": "casefeed.cli.settings:settings",
    "tail": "casefeed.cli.tail:tail",
    "topics": "casefeed.cli.topics:topics",
}
GROUP = "casefeed.commands"


@cache
def _joined() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group=GROUP) if found.name not in OWN}


def _load(name: str) -> click.Command:
    if name in OWN:
        module, _, attribute = OWN[name].partition(":")
        found: Any = getattr(import_module(module), attribute)
    else:
        found = _joined()[name].load()
    if not isinstance(found, click.Command):
        raise TypeError(f"{name} is not a click command")
    return found


def _broken(name: str, error: BaseException) -> click.Command:
    """A command in place of one whose room does not load: it says so when asked, the others go on."""
    missing = f" of {error.name}" if isinstance(error, ImportError) and error.name else ""
    cause = f"{type(error).__name__}{missing} at {logs.places(error)[-1]}"

    @click.command(
        name,
        short_help=f"(cannot be loaded: {type(error).__name__})",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("ignored", nargs=-1, type=click.UNPROCESSED)
    def broken(**_: object) -> None:
        raise Unavailable(
            f"`casefeed {name}` cannot be loaded ({cause}); install casefeed again, with its extras."
        )

    return broken


class _EnoughRead(Exception):
    """Whoever read the output has closed it, as `head` does; click and rich would end with 1, which says no."""


class _Rooms(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _EnoughRead from error
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise _EnoughRead from error
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*OWN, *_joined()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in OWN and cmd_name not in _joined():
            return None
        try:
            return _load(cmd_name)
        except Exception as error:  # noqa: BLE001  whatever a room raises on import must not stop the others
            return _broken(cmd_name, error)


@click.group(cls=_Rooms, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("casefeed"), prog_name="casefeed")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of all state of this installation.")
@click.option("--kafka-bootstrap", metavar="HOST:PORT", help="Kafka brokers.")
@click.option("--registry-url", metavar="URL", help="Confluent-style API of the schema registry.")
@click.option("--ledger-url", metavar="URL", help="Database of the ICE ledger.")
@click.option("--desk-url", metavar="URL", help="Database of the ORR desk.")
@click.pass_context
def casefeed(ctx: click.Context, /, **flags: Any) -> None:
    """The case feed between ICE and HHS/ORR for unaccompanied children, on Kafka; synthetic data only."""
    ctx.with_resource(settings.command_line(**flags))
    logs.setup()


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    logs.guard_process()
    sys.exit(run(lambda: casefeed.main(args=args, prog_name="casefeed", standalone_mode=False)))


def run(command: Callable[[], Any]) -> int:
    """The exit code of `command`; a failure is told on standard error in a sentence that holds no value."""
    try:
        answer = command()
        sys.stdout.flush()
        return answer if isinstance(answer, int) else DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Sentence as error:
        click.echo(error.sentence, err=True)
        return next((code for kind, code in CODES.items() if isinstance(error, kind)), NOT_THERE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except (_EnoughRead, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001  its message may hold a value of a record: type and place only
        return _internal(error)


def _internal(error: BaseException) -> int:
    log = logs.keep_failure(error)
    where = f"are in {log}" if log else "could not be written to a file, and are in the log line above"
    click.echo(
        f"Internal error: {type(error).__name__} at {logs.places(error)[-1]}. This is a fault of casefeed; "
        f"the places it came through {where}.",
        err=True,
    )
    return NOT_THERE
