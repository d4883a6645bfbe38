"""Our wheel, built and unpacked: of the checkout, or of a release before from its commit."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.released import COMMITS

ROOT = Path(__file__).resolve().parents[1]


def build_wheel(source: Path, folder: Path) -> Path:
    """The wheel of the project in `source`, built in `folder`."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def build_and_unpack(source: Path, folder: Path) -> Path:
    """The wheel of the project in `source`, built and unpacked in `folder`."""
    with zipfile.ZipFile(build_wheel(source, folder)) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


def build_and_unpack_release(release: str, folder: Path) -> Path:
    """The wheel of a release, built from the commit that was released and unpacked in `folder`."""
    tag, commit = COMMITS[release]
    return build_and_unpack_commit(commit, folder, f"Release {release} ({tag})")


def build_and_unpack_commit(commit: str, folder: Path, name: str) -> Path:
    """The wheel of an earlier commit, built and unpacked in `folder`; `name` is what it is called in an error."""
    packed = subprocess.run(["git", "archive", "--format=zip", commit], cwd=ROOT, capture_output=True, check=False)
    assert packed.returncode == 0, (
        f"{name} cannot be built: its commit {commit} is not in this checkout. "
        "Fetch the whole history with `git fetch --tags --unshallow`."
    )
    with zipfile.ZipFile(io.BytesIO(packed.stdout)) as files:
        files.extractall(folder / "source")
    return build_and_unpack(folder / "source", folder)


def with_wheel(env: Mapping[str, str], wheel: Path) -> dict[str, str]:
    """The environment in which an unpacked wheel is what is installed, on the same dependencies."""
    return {**env, "PYTHONPATH": os.fspath(wheel)}
