"""What is installed, read from the folders of metadata and not through importlib.metadata."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from casefeed.cli import installed


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is remembered from before, and nothing after."""
    remembered = (installed.version, installed.plugin_commands, installed._metadata_folders)
    for each in remembered:
        each.cache_clear()
    yield
    for each in remembered:
        each.cache_clear()


def test_it_says_what_importlib_says() -> None:
    """The version, and the commands of the group."""
    assert installed.version() == metadata.version("casefeed")
    found = metadata.entry_points(group=installed.ENTRY_POINT_GROUP)
    assert installed.plugin_commands() == {each.name: each.value for each in found} != {}


def test_another_package_adds_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group of its entry points counts, whatever other groups it has; what is first on the path wins."""
    folder = tmp_path / "docket-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text(
        "[console_scripts]\ndocket = docket:main\n\n"
        "[casefeed.commands]\ndocket=docket.cli:docket\nice = docket.cli:ice\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "none"), *sys.path])
    found = installed.plugin_commands()
    assert (found["docket"], found["ice"]) == ("docket.cli:docket", "docket.cli:ice")
    assert found["orr"] == "orr_desk.cli:orr"


def test_where_no_folder_says_it_importlib_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is in an archive."""
    monkeypatch.setattr(installed, "_metadata_folders", lambda: ())
    monkeypatch.setattr(metadata, "version", lambda name: f"that of {name}")
    assert installed.version() == "that of casefeed"
    assert installed.plugin_commands()["ice"] == "ice_caseload.cli:ice"
