"""Ports and locks keep stacks apart, and are free again when their holder ends."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from casefeed.runtime.errors import Unavailable
from casefeed_stack import Stack, ports
from casefeed_stack.cluster import Layout
from casefeed_stack.locks import holder, try_lock
from casefeed_stack.ports import FIRST, LAST, Ports


def test_reserved_ports_are_nobody_elses() -> None:
    """Two reservations at once never share a port, though nothing listens yet; a released port comes again."""
    first = Ports(4)
    second = Ports(4, preferred=first.numbers)
    assert not set(first.numbers) & set(second.numbers)
    assert all(FIRST <= port < LAST for port in first.numbers + second.numbers)
    first.release()
    third = Ports(4, preferred=first.numbers)
    assert third.numbers == first.numbers
    second.release()
    third.release()


def test_port_in_use_is_passed_over() -> None:
    """A port that somebody else listens on is not kept."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        found = Ports(1, preferred=[taken])
        assert found.numbers != [taken]
        found.release()


def test_no_port_left_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing is free the sentence says where it looked."""
    monkeypatch.setattr(ports, "is_free", lambda _port: False)
    with pytest.raises(Unavailable, match="No free port between 20000 and 32000"):
        Ports(1)


@pytest.mark.parametrize("left", ["", "[20001, ", "7", '["x"]'])
def test_ports_file_cut_short_is_no_reason_not_to_start(tmp_path: Path, left: str) -> None:
    """A crash or a full disk may leave half of it: other ports do as well."""
    (tmp_path / "ports.json").write_text(left)
    stack = Stack(tmp_path)
    places, _ = stack._take_ports(Layout(1, "c"))
    assert list(places) == [1]
    stack.stop()


def test_lock_says_who_holds_it(tmp_path: Path) -> None:
    """The holder's pid is known while it lives, whether or not the file stays behind."""
    path = tmp_path / "pid"
    assert holder(path) is None
    lock = try_lock(path)
    assert lock is not None
    assert holder(path) == os.getpid()
    assert try_lock(path) is None
    lock.close()
    assert path.exists()
    assert holder(path) is None


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """SIGKILL frees the lock; the pid that stays in the file counts for nothing."""
    path = tmp_path / "pid"
    holds = (
        "import sys, time; from pathlib import Path; from casefeed_stack.locks import try_lock;"
        "lock = try_lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holds, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == "held\n"
        assert holder(path) == process.pid
        process.kill()
        process.wait()
        assert path.read_text().strip() == str(process.pid)
        assert holder(path) is None
