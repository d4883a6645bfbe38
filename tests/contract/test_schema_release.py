"""`casefeed schema release`: made once, whole, from what the gate lets pass."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.resources import data_dir
from casefeed.schema_tools.releases import altered_files, release_folders

RELEASED = data_dir() / "released"


def release(version: str, out: Path) -> int:
    """The exit code of the command."""
    args = ["schema", "release", version, "--out", str(out)]
    return run(lambda: casefeed.main(args=args, standalone_mode=False))


def test_a_release_is_whole_and_the_packaged_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In an empty folder today's schemas become a release with every sum right and nothing beside it."""
    assert release("0.7", tmp_path / "new") == 0
    assert capsys.readouterr().out.startswith(f"{len(load_catalogue().record_types)} record types are frozen in ")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["0.7"]
    made = tmp_path / "new" / "0.7"
    assert altered_files(made) == []
    assert (
        len(list(made.glob("*.avsc")))
        == len(list((made / "golden").glob("*.json")))
        == len(load_catalogue().record_types)
    )


def test_a_release_is_never_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and not a byte of it changes."""
    shutil.copytree(RELEASED, tmp_path / "released")
    assert release("0.1", tmp_path / "released") == 1
    assert "is there: what is released never changes; name the next version." in capsys.readouterr().err
    assert altered_files(tmp_path / "released" / "0.1") == []


@pytest.mark.parametrize("version", ["1", "v0.2", "0.2.0", "0.02", "../0.2", "current"])
def test_a_release_has_two_numbers(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is wrong use."""
    assert release(version, tmp_path) == 2
    assert "two numbers with a dot" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_release_is_later_than_every_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.9 does not come after 0.10."""
    (tmp_path / "0.10").mkdir()
    assert release("0.9", tmp_path) == 1
    assert "0.9 is not later than 0.10, which is released" in capsys.readouterr().err


def test_nothing_is_released_while_the_gate_finds_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release that the packaged schemas break with stands in the way of the next one."""
    shutil.copytree(RELEASED, tmp_path / "released")
    schema = tmp_path / "released" / "0.1" / "casefeed.NtaIssued.avsc"
    said = json.loads(schema.read_text(encoding="utf-8")) | {"doc": "Another fact."}
    schema.write_text(json.dumps(said), encoding="utf-8")
    assert release("0.2", tmp_path / "released") == 1
    shown = capsys.readouterr()
    assert "doc-changed: casefeed.NtaIssued\n" in shown.out
    assert "release-altered: 0.1 0.1/casefeed.NtaIssued.avsc\n" in shown.out
    assert "nothing is released before they are mended" in shown.err
    assert list(release_folders(tmp_path / "released")) == ["0.1"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Something in its place: exit 3, with the reason."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".0.2.begun").write_text("in the way", encoding="utf-8")
    assert release("0.2", tmp_path / "out") == 3
    assert "cannot be written" in capsys.readouterr().err
