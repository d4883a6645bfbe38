"""The class data archive: used when it is whole, made anew for other jars, and never a reason not to start."""

from pathlib import Path

import pytest

from casefeed_stack import java
from casefeed_stack.archive import ClassDataArchive
from casefeed_stack.jvm import FLAGS


def archive(cache: Path, jars: list[Path]) -> ClassDataArchive:
    """Of a program called thing, on whatever Java is here."""
    return ClassDataArchive(cache, "thing", java.find(java.KAFKA_MIN_VERSION), FLAGS, jars)


def part_of(flags: list[str]) -> Path:
    """Where the JVM is told to write its archive."""
    return Path(flags[-1].removeprefix("-XX:ArchiveClassesAtExit="))


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    """One file to stand for a class path."""
    path = tmp_path / "a.jar"
    path.write_bytes(b"a jar")
    return path


def test_two_make_it_at_once(tmp_path: Path, jar: Path) -> None:
    """Each writes a file of its own; whichever is whole is used from then on."""
    first, second = archive(tmp_path, [jar]), archive(tmp_path, [jar])
    parts = [part_of(each.flags_to_create()) for each in (first, second)]
    assert parts[0] != parts[1]
    for part, each in zip(parts, (first, second), strict=True):
        assert each.is_being_created
        part.write_bytes(b"classes")
        each.save(exited_normally=True)
    third = archive(tmp_path, [jar])
    (flag,) = third.flags_to_create()
    assert Path(flag.removeprefix("-XX:SharedArchiveFile=")).read_bytes() == b"classes"
    assert not third.is_being_created
    assert not list((tmp_path / "classes").glob("*.part-*"))


def test_killed_while_writing(tmp_path: Path, jar: Path) -> None:
    """What a killed JVM wrote is thrown away."""
    cut_short = archive(tmp_path, [jar])
    part_of(cut_short.flags_to_create()).write_bytes(b"cla")
    cut_short.save(exited_normally=False)
    assert archive(tmp_path, [jar]).flags_to_create()[-1].startswith("-XX:ArchiveClassesAtExit=")
    assert not list((tmp_path / "classes").glob("thing-*"))


def test_other_jars_get_another(tmp_path: Path, jar: Path) -> None:
    """A jar that was fetched again makes the old archive useless; a new one is made."""
    made = archive(tmp_path, [jar])
    part_of(made.flags_to_create()).write_bytes(b"classes")
    made.save(exited_normally=True)
    jar.write_bytes(b"another jar")
    assert archive(tmp_path, [jar]).flags_to_create()[-1].startswith("-XX:ArchiveClassesAtExit=")


def test_cache_that_cannot_be_written(tmp_path: Path, jar: Path) -> None:
    """No archive can be kept: the JVM starts without one."""
    (tmp_path / "file").write_text("")
    assert archive(tmp_path / "file", [jar]).flags_to_create() == []
