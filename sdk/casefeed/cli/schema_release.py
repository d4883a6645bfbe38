"""`casefeed schema release`: the packaged schemas are frozen, with their golden bytes, under a version."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from casefeed.cli.schema_check import everything, show
from casefeed.contract.catalogue import load, versions
from casefeed.contract.errors import ContractError, Forbidden, SchemaFault
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import AnswerIsNo, Unavailable, WrongUse
from casefeed.schema_tools.candidates import proposed
from casefeed.schema_tools.golden import specimens
from casefeed.schema_tools.releases import files, number, releases


@click.command("release")
@click.argument("version")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the releases; the release becomes the folder VERSION in it.",
)
def release_command(version: str, out: Path) -> None:
    """Freeze the packaged schemas and their golden bytes as the release VERSION, such as 0.2.

    A release is made once: one that is there, or that is not later than every other, is never written. Exits 1
    with what `casefeed schema check` says, against the packaged releases and those in the folder, while it says
    anything.
    """
    _refuse_unless_next(version, out)
    catalogue = load()
    try:
        for folder in {(data_dir() / "released").resolve(), out.resolve()}:
            found = everything(proposed(None), folder, versions(folder))
            if found:
                show(found)
                raise AnswerIsNo(f"{len(found)} findings: nothing is released before they are mended.")
        made = files(catalogue, specimens(data_dir() / "specimens", catalogue.records))
    except (SchemaFault, ContractError, Forbidden) as fault:
        raise WrongUse(f"{fault}.") from fault
    try:
        _write(out, version, made)
    except OSError as error:
        raise Unavailable(f"{out / version} cannot be written ({error.strerror}).") from error
    click.echo(f"{len(catalogue.records)} record types are frozen in {out / version}: {len(made)} files.")


def _refuse_unless_next(version: str, out: Path) -> None:
    try:
        wanted = number(version)
    except ValueError:
        raise WrongUse("A release is named by two numbers with a dot between them, such as 0.2.") from None
    if (out / version).exists():
        raise AnswerIsNo(f"{out / version} is there: what is released never changes; name the next version.")
    later = [each for each in releases(out) if number(each) > wanted]
    if later:
        raise AnswerIsNo(
            f"{version} is not later than {later[-1]}, which is released; name the next version."
        )


def _write(out: Path, version: str, made: dict[str, str]) -> None:
    """Write the release beside its place and move it there whole: half a release is never seen."""
    begun = out / f".{version}.begun"
    shutil.rmtree(begun, ignore_errors=True)
    for name, text in made.items():
        path = begun / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    begun.rename(out / version)
