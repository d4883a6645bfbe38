"""How every JVM of ours is started and stopped.

Flags (measured on two cores): C1 and the serial collector start fastest and also carry the most messages up
to 1.5 million; 256 MiB of heap is enough for both programs.
"""

import subprocess
from pathlib import Path

from casefeed_stack.archive import Archive
from casefeed_stack.java import Java
from casefeed_stack.process import Child

FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Djava.awt.headless=true")
GRACE_S = 5.0
RUN_WITHIN_S = 120.0
ARCHIVE_GRACE_S = 30.0
"""Grace for the one stop that writes the class data archive."""


class Jvm:
    """One program that runs in `folder`, started and stopped any number of times; `child` while it runs."""

    def __init__(
        self,
        program: str,
        java: Java,
        jars: list[Path],
        cache: Path,
        folder: Path,
        log: Path,
        *,
        makes_archive: bool = True,
    ) -> None:
        """`program` names its archive, made of the `jars`; `folder` is made at the first start."""
        self._java = java
        self._archive = Archive(cache, program, java, FLAGS, jars)
        self._folder = folder
        self._log = log
        self._makes_archive = makes_archive
        self.child: Child | None = None

    def launch(self, *arguments: str) -> None:
        """Start the program with `arguments` (what follows the JVM's own flags)."""
        archive = self._archive.flags_to_make() if self._makes_archive else self._archive.flags()
        command = [str(self._java.path), *FLAGS, *archive, *arguments]
        self.child = Child(command, self._log, self._folder)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a short program of the same jars to its end; raises subprocess.TimeoutExpired."""
        command = [str(self._java.path), *FLAGS, *self._archive.flags(), *arguments]
        return subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=RUN_WITHIN_S, check=False
        )

    def stop(self) -> None:
        """Stop the program; it is gone when this returns."""
        if self.child is not None:
            self._archive.keep(self.child.stop(ARCHIVE_GRACE_S if self._archive.is_being_made else GRACE_S))
            self.child = None
