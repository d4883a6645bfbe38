"""`casefeed schema release`: the packaged schemas are frozen, with their golden bytes, under a version."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from casefeed.cli.schema_check import check_all, print_violations
from casefeed.contract.catalogue import load_catalogue, schema_versions
from casefeed.contract.errors import ContractError, RefusedError, SchemaError
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import CheckFailed, Unavailable, UsageError
from casefeed.schema_tools.candidates import candidate_schemas
from casefeed.schema_tools.golden import load_specimens
from casefeed.schema_tools.releases import release_files, release_folders, version_key


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
    _require_next_version(version, out)
    catalogue = load_catalogue()
    try:
        for folder in {(data_dir() / "released").resolve(), out.resolve()}:
            found = check_all(candidate_schemas(None), folder, schema_versions(folder))
            if found:
                print_violations(found)
                raise CheckFailed(f"{len(found)} findings: nothing is released before they are mended.")
        made = release_files(catalogue, load_specimens(data_dir() / "specimens", catalogue.record_types))
    except (SchemaError, ContractError, RefusedError) as fault:
        raise UsageError(f"{fault}.") from fault
    try:
        _write_release(out, version, made)
    except OSError as error:
        raise Unavailable(f"{out / version} cannot be written ({error.strerror}).") from error
    click.echo(f"{len(catalogue.record_types)} record types are frozen in {out / version}: {len(made)} files.")


def _require_next_version(version: str, out: Path) -> None:
    try:
        wanted = version_key(version)
    except ValueError:
        raise UsageError("A release is named by two numbers with a dot between them, such as 0.2.") from None
    if (out / version).exists():
        raise CheckFailed(f"{out / version} is there: what is released never changes; name the next version.")
    later = [each for each in release_folders(out) if version_key(each) > wanted]
    if later:
        raise CheckFailed(f"{version} is not later than {later[-1]}, which is released; name the next version.")


def _write_release(out: Path, version: str, contents: dict[str, str]) -> None:
    """Write the release beside its place and move it there whole: half a release is never seen."""
    begun = out / f".{version}.begun"
    shutil.rmtree(begun, ignore_errors=True)
    for name, text in contents.items():
        path = begun / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    begun.rename(out / version)
