"""A child never outlives its owner, stops when told, and its log says how it went."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casefeed_stack.process import ChildProcess

SLEEPS = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun', flush=True); time.sleep(60)",
]
OWNER = """
import sys, time
from pathlib import Path
from casefeed_stack.process import ChildProcess
command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
child = ChildProcess(command, Path(sys.argv[1]) / "log", Path(sys.argv[1]), kernel_kills=sys.argv[2] == "kernel")
while not child.tail():
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(60)
"""


def is_gone(pid: int, within_s: float = 5.0) -> bool:
    """Whether the process ends within the time; one that is dead and not yet reaped counts as gone."""
    deadline = time.monotonic() + within_s
    stat = Path(f"/proc/{pid}/stat")
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def begun(child: ChildProcess) -> ChildProcess:
    """The child once it has printed its first line."""
    while not child.tail():
        time.sleep(0.01)
    return child


@pytest.mark.parametrize("who", ["kernel", "watcher"])
def test_dies_with_a_killed_owner(tmp_path: Path, who: str) -> None:
    """SIGKILL of the owner kills the child, by the kernel (Linux) and by the watcher (elsewhere)."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), who], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner, owner.stdout:
        pid = int(owner.stdout.readline())
        os.kill(pid, 0)
        owner.kill()
        assert is_gone(pid)


@pytest.mark.parametrize("kernel_kills", [True, False])
def test_stops_when_told(tmp_path: Path, kernel_kills: bool) -> None:
    """SIGTERM is enough for one that listens."""
    child = begun(ChildProcess(SLEEPS, tmp_path / "log", tmp_path, kernel_kills))
    assert child.stop(grace_s=5)
    assert not child.alive
    assert child.exit_description == "killed by SIGTERM"


def test_deaf_child_is_killed(tmp_path: Path) -> None:
    """After the grace comes SIGKILL, and `stop` says that it was needed."""
    child = begun(ChildProcess(DEAF, tmp_path / "log", tmp_path))
    assert not child.stop(grace_s=0.2)
    assert child.exit_description == "killed by SIGKILL"


def test_frozen_child_stops(tmp_path: Path) -> None:
    """A child under SIGSTOP takes its SIGTERM, because it is let go on first."""
    child = begun(ChildProcess(SLEEPS, tmp_path / "log", tmp_path))
    child.signal(signal.SIGSTOP)
    assert child.stop(grace_s=5)


def test_own_session(tmp_path: Path) -> None:
    """Ctrl-C on the terminal reaches the owner only."""
    child = begun(ChildProcess(SLEEPS, tmp_path / "log", tmp_path))
    assert os.getsid(child.pid) != os.getsid(0)
    child.stop(grace_s=5)


def test_tail_is_of_this_run(tmp_path: Path) -> None:
    """The log is kept over starts; the tail shows the last lines of the last start only."""
    for word in ("first", "second"):
        child = ChildProcess([sys.executable, "-c", f"print('{word}\\n' * 3)"], tmp_path / "log", tmp_path)
        assert child.exit_description == "exit code 0"
    assert child.tail(2) == "second\n"
    assert (tmp_path / "log").read_text().count("first") == 3


def test_settings_of_others_do_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A QUARKUS_ or APICURIO_ variable of the shell does not change our registry."""
    monkeypatch.setenv("APICURIO_STORAGE_KIND", "kafkasql")
    child = ChildProcess([sys.executable, "-c", "import os; print(sorted(os.environ))"], tmp_path / "log", tmp_path)
    assert child.exit_description == "exit code 0"
    assert "APICURIO" not in child.tail()
