"""One JVM of ours as a child process: it never outlives its owner, and its log says why when it fails.

On Linux the kernel kills the child when the thread that started it ends (PR_SET_PDEATHSIG), however that came
about; so one thread that lasts as long as the process starts them all, and any thread may ask. Elsewhere
(macOS) a small watcher holds the reading end of a pipe whose other end only the owner has, and kills the
child when the pipe closes: that holds for every end of the owner, as long as the watcher itself lives.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MAX_LOG_BYTES = 4 * 1024 * 1024

# Runs in a fresh interpreter, not in a fork of ours: nothing may run between fork and exec of a process with
# threads. The parent may die before prctl is called; its pid then is no longer our parent's.
_DIES_WITH_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]): sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_WATCHES_PARENT = """
import os, signal, sys
os.read(0, 1)
try: os.kill(int(sys.argv[1]), signal.SIGKILL)
except ProcessLookupError: pass
"""

_starter = ThreadPoolExecutor(1, "casefeed-stack-starter")


class ChildProcess:
    """A running child: `pid`, `alive`, `exit_description`, `signal`, `stop`, `tail`."""

    def __init__(
        self, command: Sequence[str], log: Path, cwd: Path, kernel_kills: bool = sys.platform == "linux"
    ) -> None:
        """Start `command` in `cwd`, output to `log`; in its own session, so Ctrl-C reaches only the owner."""
        self.log = log
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        if kernel_kills:
            command = [sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT, str(os.getpid()), *command]
        with log.open("ab") as out:
            self._began_at_byte = out.tell()
            self._process = _starter.submit(
                subprocess.Popen[bytes],
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=_environment(),
                start_new_session=True,
            ).result()
        self._watcher = None if kernel_kills else _start_watcher(self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def exit_description(self) -> str:
        """How it ended, for a sentence."""
        code = self._process.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; after SIGKILL it is gone when this returns."""
        self._process.send_signal(number)
        if number is signal.SIGKILL:
            self._reap()

    def terminate(self) -> None:
        """SIGTERM, and SIGCONT before it: a process that was stopped takes a SIGTERM only when it goes on."""
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()

    def stop(self, grace_s: float) -> bool:
        """Ask, wait up to `grace_s` seconds, then SIGKILL; it is gone when this returns. True: by itself."""
        self.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return False
        finally:
            self._reap()
        return self._process.returncode != -signal.SIGKILL

    def tail(self, lines: int = 20) -> str:
        """The last lines that this run wrote to its log, without the frames of Java's stack traces."""
        with self.log.open("rb") as log:
            log.seek(self._began_at_byte)
            said = log.read().decode("utf-8", "replace").splitlines()
        return "\n".join([line for line in said if not line.startswith("\tat ")][-lines:])

    def _reap(self) -> None:
        self._process.wait()
        if self._watcher is not None:
            # Ended before its pipe closes: the pid it watches may soon be another's.
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None


def _start_watcher(pid: int) -> subprocess.Popen[bytes]:
    """A watcher whose standard input closes when we end."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCHES_PARENT, str(pid)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    """Ours without what Kafka and the registry would take as settings of theirs."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "QUARKUS_", "APICURIO_", "LOG4J"))}
