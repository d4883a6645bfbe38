"""Brings the programs into the cache, once: Kafka's jars and the registry, each byte checked against its pin.

What is in the cache is checked at every start (0.2 s), so a corrupt file is fetched again and never run. One
process fetches at a time (a lock that its death releases); a file appears under its name only when it is
whole.
"""

import errno
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from casefeed.runtime.errors import Unavailable
from casefeed_stack import pins
from casefeed_stack.locks import locked
from casefeed_stack.maven import BytesCallback, Download, download_with_jgo
from casefeed_stack.progress import progress

LineCallback = Callable[[str], None]


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where fetched programs are kept for all installations of this user; `CASEFEED_CACHE` overrides it."""
    named = environ.get("CASEFEED_CACHE")
    return Path(named).absolute() if named else platformdirs.user_cache_path("casefeed")


def kafka(
    cache: Path,
    report: LineCallback,
    jars: tuple[pins.Pin, ...] | None = None,
    download: Download = download_with_jgo,
) -> list[Path]:
    """Kafka's class path, every jar checked; what is missing or corrupt is fetched first.

    Raises Unavailable: no network, a file other than the pinned one, a full or read-only disk.
    """
    wanted = pins.kafka_jars() if jars is None else jars
    folder = cache / f"kafka-{pins.KAFKA_VERSION}"
    if _missing_jars(folder, wanted):
        with _fetch_folder(cache, report) as part:
            # Looked at again: whoever had the lock before us may have fetched it.
            if lacking := _missing_jars(folder, wanted):
                size_bytes = pins.KAFKA_BYTES * len(lacking) // len(wanted)
                with progress(f"Kafka {pins.KAFKA_VERSION}", size_bytes, cache, report) as advance:
                    _fetch_jars(lacking, part, folder, download, advance)
    return [folder / pin.path.name for pin in wanted]


def registry(
    cache: Path,
    report: LineCallback,
    pin: pins.Pin = pins.REGISTRY,
    tree: str = pins.REGISTRY_TREE_SHA256,
    download: Download = download_with_jgo,
) -> Path:
    """The folder of the registry's program, checked whole; fetched and unpacked first when it is not there.

    Raises Unavailable as `kafka` does.
    """
    folder = cache / f"apicurio-{pins.REGISTRY_VERSION}"
    if tree_sha256(folder) != tree:
        with _fetch_folder(cache, report) as part:
            if tree_sha256(folder) == tree:
                return folder
            with progress(
                f"Apicurio Registry {pins.REGISTRY_VERSION}", pins.REGISTRY_BYTES, cache, report
            ) as advance:
                archive = _verified(pin, download(pin, part / "maven", advance))
            unpacked = part / "unpacked"
            with tarfile.open(archive) as tar:
                # Python 3.11.0 to 3.11.3 has no filters; the archive is pinned byte for byte either way.
                if hasattr(tarfile, "data_filter"):
                    tar.extractall(unpacked, filter="data")
                else:
                    tar.extractall(unpacked)
            if tree_sha256(unpacked) != tree:
                raise Unavailable(f"{pin.path.name} did not unpack to what it should: is the disk of {cache} sound?")
            if folder.exists():
                folder.rename(part / "corrupt")
            unpacked.rename(folder)
    return folder


def tree_sha256(folder: Path) -> str:
    """One sha256 (hex) over the names and contents of all files under `folder`, in the order of names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with ThreadPoolExecutor(4) as pool:
        lines = [
            f"{digest}  {file.relative_to(folder).as_posix()}\n"
            for file, digest in zip(files, pool.map(_sha256, files), strict=True)
        ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing_jars(folder: Path, jars: tuple[pins.Pin, ...]) -> list[pins.Pin]:
    def sound(pin: pins.Pin) -> bool:
        path = folder / pin.path.name
        return path.is_file() and _sha256(path) == pin.sha256

    with ThreadPoolExecutor(4) as pool:
        return [pin for pin, good in zip(jars, pool.map(sound, jars), strict=True) if not good]


def _verified(pin: pins.Pin, path: Path) -> Path:
    if _sha256(path) != pin.sha256:
        raise Unavailable(
            f"{pin.path.name} came with another sha256 than the pinned one and was thrown away, not run: "
            "try again, and if it stays so, ask whoever runs the network between here and Maven Central."
        )
    return path


def _fetch_jars(jars: list[pins.Pin], part: Path, folder: Path, download: Download, advance: BytesCallback) -> None:
    folder.mkdir(exist_ok=True)

    def fetch(pin: pins.Pin) -> None:
        # The same file system, so the rename is atomic: the name never shows half a jar.
        _verified(pin, download(pin, part, advance)).replace(folder / pin.path.name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fetch, jars))


@contextmanager
def _fetch_folder(cache: Path, report: LineCallback) -> Iterator[Path]:
    """The right to fetch, and a folder for what is not whole yet; says in a sentence why a fetch failed."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / "fetch.lock", lambda: report("Another casefeed is fetching; waiting for it.")):
            for left_by_the_killed in cache.glob("part-*"):
                shutil.rmtree(left_by_the_killed, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="part-", dir=cache) as part:
                yield Path(part)
    except OSError as error:
        raise Unavailable(_error_sentence(error, cache)) from error


def _error_sentence(error: OSError, cache: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {cache} is full: Kafka and the registry need 0.5 GB there while they are fetched. "
            "Make room, or name another folder in CASEFEED_CACHE."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return f"Cannot write in {cache} ({error.strerror}): name another folder in CASEFEED_CACHE."
    return (
        f"Could not fetch Kafka and the registry from Maven Central ({type(error).__name__}). They are "
        "fetched once and then kept: connect to a network (or set HTTPS_PROXY) and try again, "
        "or use docker instead: docker compose up."
    )
