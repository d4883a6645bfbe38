"""What `casefeed stack` shows is there to be copied."""

from __future__ import annotations

import sys

import pytest

from casefeed_stack.cli import _print_stack
from casefeed_stack.health import NodeState
from casefeed_stack.home import NodeInfo, StackInfo


def test_nothing_is_cut_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folder and addresses stand whole in one line at 80 columns, beside a long process number and state."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    registry, logs = ("http://127.0.0.1:25877/apis/ccompat/v7", "/home/somebody/.local/share/casefeed/stack/logs")
    node = NodeInfo(number=1, address="127.0.0.1:25365", pid=20893, ended=None)
    running = StackInfo(
        "127.0.0.1:25365", registry, 20698, 20893, 194304, "4.4.0", "3.3.3", logs, "2026-11-27T23:28:27+00:00", [node]
    )
    _print_stack(running, [NodeState(**node, state="silent"), NodeState(**node, state="up")])
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert any(registry in line and "pid 194304" in line for line in shown.splitlines())
    assert f"logs {logs}" in shown.splitlines()
