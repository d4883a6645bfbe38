"""`casefeed world replay`: each agency publishes its own archive of the world.

The agencies are found through the entry point group, never imported: the world must not know them.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import click

from casefeed.contract import archive
from casefeed.contract.archive import ArchiveError
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.runtime.errors import Unavailable, UsageError
from synthetic_world.build import unfinished
from synthetic_world.shares import REPAIR, archive_path

COMMANDS = "casefeed.commands"
# The agency's command group, and the topic its archive is named by. Children are told of before what ICE does.
ARCHIVES = (("orr", ORR_TOPIC), ("ice", ICE_TOPIC))


@click.command("replay")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--rate", metavar="N", help="Events a second, of each agency.")
@click.option("--wait", metavar="SECONDS", help="How long to wait for a broker or registry that is away.")
@click.option("--from-start", is_flag=True, help="Send all again, whatever an earlier replay has sent.")
@click.option("--as-is", is_flag=True, help="Send what breaks the contract too: for a world with --damage.")
@click.option(
    "--repair", is_flag=True, help="Send what puts the damage right, once the world itself was sent."
)
def replay(
    folder: Path, rate: str | None, wait: str | None, from_start: bool, as_is: bool, repair: bool
) -> None:
    """Publish both agencies' archives in DIR, each by its own publisher, one after the other."""
    options = [*(["--from-start"] if from_start else []), *(["--as-is"] if as_is else [])]
    options += [*(["--rate", rate] if rate else []), *(["--wait", wait] if wait else [])]
    if unfinished(folder):
        raise UsageError(
            f"A build in {folder} was cut off, so it holds no whole world; run the same `casefeed world build` again."
        )
    sent = folder / REPAIR if repair else folder
    missing = [f"{topic}.avro" for _, topic in ARCHIVES if not archive_path(sent, topic).is_file()]
    if missing:
        how = (
            "a damaged world with `casefeed world build --damage`"
            if repair
            else "a world with `casefeed world build`"
        )
        raise UsageError(f"{sent} has no {' and no '.join(missing)}; make {how}.")
    for name, topic in ARCHIVES:
        path = archive_path(sent, topic)
        if repair and _empty(path):
            click.echo(f"{topic}: nothing to put right.")
            continue
        _group(name).main(
            args=["replay", *options, str(path)], prog_name=f"casefeed {name}", standalone_mode=False
        )


def _empty(path: Path) -> bool:
    """Whether an archive holds no record; one that is none is left to whoever sends it."""
    with path.open("rb") as source:
        try:
            return next(archive.read_archive(source, str(path)), None) is None
        except ArchiveError:
            return False


def _group(name: str) -> click.Command:
    for found in entry_points(group=COMMANDS, name=name):
        command = found.load()
        if isinstance(command, click.Command):
            return command
    raise Unavailable(f"`casefeed {name}` is not installed; install casefeed again, with its agencies.")
