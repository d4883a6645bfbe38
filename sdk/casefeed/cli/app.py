"""`casefeed` itself: which commands there are, how a failure is told, and the exit codes.

Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 something it needs is not there (an internal error
too), 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from casefeed.cli import installed
from casefeed.cli.lazy_group import LazyGroup
from casefeed.runtime import logs, settings
from casefeed.runtime.errors import CasefeedError, CheckFailed, Unavailable, UsageError

DONE, FAILED, USAGE_ERROR, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES: dict[type[CasefeedError], int] = {CheckFailed: FAILED, UsageError: USAGE_ERROR, Unavailable: UNAVAILABLE}
EXTRA_MODULES = frozenset(("rich", "plotille", "prometheus_client"))
"""What the extra [cli] brings beside click, which may be there without it."""
BUILT_IN = {
    "demo": "casefeed.cli.demo:demo",
    "schema": "casefeed.cli.schema:schema",
    "settings": "casefeed.cli.settings:settings",
    "tail": "casefeed.cli.tail:tail",
    "topics": "casefeed.cli.topics:topics",
}


def _unloadable(name: str, error: BaseException) -> click.Command:
    """A command in place of one whose room does not load: it says so when asked, the others go on."""
    missing = f" of {error.name}" if isinstance(error, ImportError) and error.name else ""
    cause = f"{type(error).__name__}{missing} at {logs.traceback_locations(error)[-1]}"

    @click.command(
        name,
        short_help=f"(cannot be loaded: {type(error).__name__})",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("ignored", nargs=-1, type=click.UNPROCESSED)
    def broken(**_: object) -> None:
        raise Unavailable(f"`casefeed {name}` cannot be loaded ({cause}); install casefeed again, with its extras.")

    return broken


class _OutputClosed(Exception):
    """Whoever read the output has closed it, as `head` does; click and rich would end with 1, which says no."""


class _RootGroup(LazyGroup):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _OutputClosed from error
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise _OutputClosed from error
            raise

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            return super().get_command(ctx, cmd_name)
        except Exception as error:  # noqa: BLE001  whatever a room raises on import must not stop the others
            return _unloadable(cmd_name, error)


@click.group(
    cls=_RootGroup,
    targets=dict(sorted({**installed.plugin_commands(), **BUILT_IN}.items())),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(installed.version(), prog_name="casefeed")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of all state of this installation.")
@click.option("--kafka-bootstrap", metavar="HOST:PORT", help="Kafka brokers.")
@click.option("--registry-url", metavar="URL", help="Confluent-style API of the schema registry.")
@click.option("--ledger-url", metavar="URL", help="Database of the ICE ledger.")
@click.option("--desk-url", metavar="URL", help="Database of the ORR desk.")
@click.pass_context
def casefeed(ctx: click.Context, /, **flags: Any) -> None:
    """The case feed between ICE and HHS/ORR for unaccompanied children, on Kafka; synthetic data only."""
    ctx.with_resource(settings.command_line(**flags))
    logs.setup_on_first_line()


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    logs.install_excepthooks()
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
    except CasefeedError as error:
        click.echo(error.message, err=True)
        return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), UNAVAILABLE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except (_OutputClosed, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except ModuleNotFoundError as error:
        if error.name not in EXTRA_MODULES:
            return _internal_error(error)
        click.echo(f"This command needs {error.name}: pip install 'casefeed[cli]'.", err=True)
        return UNAVAILABLE
    except Exception as error:  # noqa: BLE001  its message may hold a value of a record: type and place only
        return _internal_error(error)


def _internal_error(error: Exception) -> int:
    log = logs.record_failure(error)
    where = f"are in {log}" if log else "could not be written to a file, and are in the log line above"
    click.echo(
        f"Internal error: {type(error).__name__} at {logs.traceback_locations(error)[-1]}. This is a fault of "
        f"casefeed; the places it came through {where}.",
        err=True,
    )
    return UNAVAILABLE
