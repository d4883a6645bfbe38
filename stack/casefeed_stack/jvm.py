"""How every JVM of ours is started and stopped.

Flags (measured on two cores): C1 and the serial collector start fastest and also carry the most messages up
to 1.5 million; 256 MiB of heap is enough for both programs.
"""

import subprocess
from pathlib import Path

from casefeed_stack.archive import ClassDataArchive
from casefeed_stack.java import Java
from casefeed_stack.process import ChildProcess

FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Djava.awt.headless=true")
STOP_GRACE_S = 5.0
RUN_TIMEOUT_S = 120.0
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
        creates_archive: bool = True,
    ) -> None:
        """`program` names its archive, made of the `jars`; `folder` is made at the first start."""
        self._java = java
        self._archive = ClassDataArchive(cache, program, java, FLAGS, jars)
        self._folder = folder
        self._log = log
        self._creates_archive = creates_archive
        self.child: ChildProcess | None = None

    def launch(self, *arguments: str) -> None:
        """Start the program with `arguments` (what follows the JVM's own flags)."""
        archive = self._archive.flags_to_create() if self._creates_archive else self._archive.flags()
        command = [str(self._java.path), *FLAGS, *archive, *arguments]
        self.child = ChildProcess(command, self._log, self._folder)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a short program of the same jars to its end; raises subprocess.TimeoutExpired."""
        command = [str(self._java.path), *FLAGS, *self._archive.flags(), *arguments]
        return subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False
        )

    def stop(self) -> None:
        """Stop the program; it is gone when this returns."""
        if self.child is not None:
            self._archive.save(self.child.stop(ARCHIVE_GRACE_S if self._archive.is_being_created else STOP_GRACE_S))
            self.child = None
