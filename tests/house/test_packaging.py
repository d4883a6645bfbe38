"""The treaty's data: a checkout reads its own schemas, a wheel carries them, and both are the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casefeed.contract import resources
from tests.house.checkout import ROOT
from tests.wheels import build_and_unpack

ASK = """
import json
from casefeed.contract import catalogue, resources
types = catalogue.load_catalogue().event_types
print(json.dumps({
    "data": str(resources.data_dir()),
    "fingerprints": {name: each.fingerprint.hex() for name, each in types.items()},
}))
"""


def ask(folder: Path) -> tuple[Path, dict[str, str]]:
    """(data folder, fingerprint by event type) for a new interpreter with `folder` first on its path."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    said = json.loads(answer.stdout)
    return Path(said["data"]), said["fingerprints"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel, built from the checkout and unpacked."""
    return build_and_unpack(ROOT, tmp_path_factory.mktemp("wheel"))


def test_a_wheel_carries_the_schemas_of_the_checkout(wheel: Path) -> None:
    """Every event type has the same fingerprint in an unpacked wheel, read from the wheel's own files."""
    data, carried = ask(wheel)
    assert data == wheel / "casefeed" / "_schemas"
    assert carried
    assert carried == ask(ROOT / "sdk")[1]


@pytest.mark.parametrize(("source", "carried"), [("schemas", "_schemas"), ("seeds", "_seeds")])
def test_a_wheel_carries_every_file_of_data(wheel: Path, source: str, carried: str) -> None:
    """The data folders are in the wheel byte for byte."""

    def content(folder: Path) -> dict[str, bytes]:
        paths = (each for each in folder.rglob("*") if each.is_file())
        return {str(each.relative_to(folder)): each.read_bytes() for each in paths}

    expected = content(ROOT / source)
    assert expected
    assert content(wheel / "casefeed" / carried) == expected


def test_a_checkout_sees_an_edited_schema_at_once(tmp_path: Path) -> None:
    """In a checkout an edited .avsc changes its event type's fingerprint with nothing installed again."""
    shutil.copytree(ROOT / "sdk", tmp_path / "sdk", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    data, before = ask(tmp_path / "sdk")
    assert data == tmp_path / "schemas"

    edited = tmp_path / "schemas" / "avro" / "casefeed.AgedOut.avsc"
    schema = json.loads(edited.read_text(encoding="utf-8"))
    schema["doc"] += " Edited."
    edited.write_text(json.dumps(schema), encoding="utf-8")

    _, after = ask(tmp_path / "sdk")
    assert {name for name in before if before[name] != after[name]} == {"casefeed.AgedOut"}


def test_this_installation_is_the_checkout() -> None:
    """The tests run on an editable install that copied no data: it reads the checkout's schemas."""
    assert resources.data_dir() == ROOT / "schemas"
