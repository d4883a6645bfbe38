"""What is fetched: only the pinned bytes, once, whole or not at all, and in sentences when it cannot be had."""

import errno
import hashlib
import io
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
import requests

from casefeed.runtime.errors import Unavailable
from casefeed_stack import fetch, pins
from casefeed_stack.maven import BytesCallback, Download, download_with_jgo

BYTES = b"not really a jar"
JAR = pins.Pin(PurePosixPath("org/example/thing/1.0/thing-1.0.jar"), hashlib.sha256(BYTES).hexdigest())


class Central:
    """Stands in for Maven Central: serves `content`, counts the calls."""

    def __init__(self, content: bytes = BYTES, fails: BaseException | None = None) -> None:
        self.content, self.fails, self.calls = content, fails, 0

    def __call__(self, pin: pins.Pin, folder: Path, advance: BytesCallback) -> Path:
        self.calls += 1
        if self.fails is not None:
            raise self.fails
        path = folder / pin.path
        path.parent.mkdir(parents=True)
        path.write_bytes(self.content)
        advance(len(self.content))
        return path


def kafka(cache: Path, central: Download, said: list[str] | None = None) -> list[Path]:
    """Fetch the one jar."""
    return fetch.kafka(cache, (said if said is not None else []).append, (JAR,), central)


def test_fetches_once(tmp_path: Path) -> None:
    """The first call fetches, the second finds it."""
    central, said = Central(), list[str]()
    assert [path.read_bytes() for path in kafka(tmp_path / "cache", central, said)] == [BYTES]
    assert kafka(tmp_path / "cache", central) == [
        tmp_path / "cache" / f"kafka-{pins.KAFKA_VERSION}" / "thing-1.0.jar"
    ]
    assert central.calls == 1
    assert len(said) == 2


def test_corrupt_jar_is_fetched_again(tmp_path: Path) -> None:
    """One changed byte in the cache is noticed at the next start and mended."""
    central = Central()
    (jar,) = kafka(tmp_path, central)
    jar.write_bytes(BYTES[:-1] + b"!")
    assert kafka(tmp_path, central)[0].read_bytes() == BYTES
    assert central.calls == 2


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """A jar with another sha256 never gets its name in the cache."""
    with pytest.raises(Unavailable, match=r"thing-1\.0\.jar came with another sha256"):
        kafka(tmp_path, Central(b"something else"))
    assert not list(tmp_path.rglob("*.jar"))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (requests.ConnectionError("no route"), "docker compose up"),
        (requests.ReadTimeout("slow"), "connect to a network"),
        (OSError(errno.ENOSPC, "No space left on device"), "is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "name another folder in CASEFEED_CACHE"),
    ],
)
def test_faults_are_sentences(tmp_path: Path, fault: OSError, says: str) -> None:
    """No network, a full disk, a folder that cannot be written: each says what to do."""
    with pytest.raises(Unavailable, match=says):
        kafka(tmp_path, Central(fails=fault))
    assert not list(tmp_path.glob("part-*"))


def test_cache_that_is_a_file(tmp_path: Path) -> None:
    """A cache folder that cannot be made is a sentence too."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="Cannot write in"):
        kafka(tmp_path / "file" / "cache", Central())


def test_two_fetch_at_once(tmp_path: Path) -> None:
    """The second waits for the first, says so, and fetches nothing."""
    said, entered, go_on = list[str](), threading.Event(), threading.Event()
    central = Central()

    def slow(pin: pins.Pin, folder: Path, advance: BytesCallback) -> Path:
        entered.set()
        assert go_on.wait(10)
        return central(pin, folder, advance)

    def say(line: str) -> None:
        said.append(line)
        go_on.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kafka, tmp_path, slow)
        assert entered.wait(10)
        second = pool.submit(fetch.kafka, tmp_path, say, (JAR,), central)
        assert first.result(60) == second.result(60)
    assert central.calls == 1
    assert said == ["Another casefeed is fetching; waiting for it."]


def test_what_a_killed_fetch_left_is_cleared(tmp_path: Path) -> None:
    """Half a fetch lies under no name that counts, and the next fetch clears it away."""
    (tmp_path / "part-killed").mkdir()
    (tmp_path / "part-killed" / "thing-1.0.jar").write_bytes(BYTES[:3])
    kafka(tmp_path, Central())
    assert not list(tmp_path.glob("part-*"))


def archive_of(content: bytes) -> bytes:
    """A tar.gz with one file `lib/a.jar`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("lib/a.jar")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_registry_is_unpacked_and_checked_whole(tmp_path: Path) -> None:
    """The archive unpacks once; a changed file in the unpacked tree makes it come again."""
    packed = archive_of(b"a jar")
    pin = pins.Pin(PurePosixPath("org/example/app/1.0/app-1.0-all.tar.gz"), hashlib.sha256(packed).hexdigest())
    digest = hashlib.sha256(b"a jar").hexdigest()
    tree = hashlib.sha256(f"{digest}  lib/a.jar\n".encode()).hexdigest()
    central = Central(packed)
    for spoil in (False, False, True):
        folder = fetch.registry(tmp_path, lambda _line: None, pin, tree, central)
        assert (folder / "lib" / "a.jar").read_bytes() == b"a jar"
        if spoil:
            (folder / "lib" / "a.jar").write_bytes(b"a jaR")
    assert central.calls == 1
    folder = fetch.registry(tmp_path, lambda _line: None, pin, tree, central)
    assert (folder / "lib" / "a.jar").read_bytes() == b"a jar"
    assert central.calls == 2


def test_real_jar_comes_from_maven_central(tmp_path: Path) -> None:
    """The smallest pinned jar is fetched for real and is what it should be."""
    (pin,) = (pin for pin in pins.kafka_jars() if pin.path.name == "jspecify-1.0.0.jar")
    arrived = list[int]()
    path = download_with_jgo(pin, tmp_path, arrived.append)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == pin.sha256
    assert sum(arrived) == path.stat().st_size


def test_jar_that_central_does_not_have(tmp_path: Path) -> None:
    """A version that is not there is a sentence that names it."""
    pin = pins.Pin(PurePosixPath("org/jspecify/jspecify/0.0.0/jspecify-0.0.0.jar"), "0" * 64)
    with pytest.raises(Unavailable, match=r"did not give jspecify-0\.0\.0\.jar"):
        download_with_jgo(pin, tmp_path, lambda _bytes: None)


def test_pins_are_whole() -> None:
    """Every jar has a sha256 and coordinates, no name comes twice, and all of Kafka is of one version."""
    jars = pins.kafka_jars()
    assert len({pin.path.name for pin in jars}) == len(jars) == 45
    assert all(len(pin.sha256) == 64 for pin in jars)
    assert {pin.coordinates[2] for pin in jars if pin.coordinates[0] == "org.apache.kafka"} == {pins.KAFKA_VERSION}
