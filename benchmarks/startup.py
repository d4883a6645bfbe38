"""What a command costs before it does anything: CPU of whole processes, beside `import click`, in rounds by turns."""

from __future__ import annotations

import os
import resource
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.feed import COMMAND, FilledStack

RUNS = 20
CLICK = "python -c 'import click'"
# Nothing listens there: a question that finds no broker loads no client.
NO_BROKER = {"CASEFEED_KAFKA_BOOTSTRAP": "127.0.0.1:1", "CASEFEED_REGISTRY_URL": "http://127.0.0.1:1"}


def startup(filled: FilledStack, ledger: Path, runs: int = RUNS) -> dict[str, float]:
    """CPU in ms (user and system) of each command on a small ledger, the median of its runs."""
    with closing(sqlite3.connect(ledger)) as db:
        (key,) = db.execute("SELECT child_key FROM child ORDER BY id LIMIT 1").fetchone()
    home = {"CASEFEED_HOME": str(ledger.parent)}
    alone, with_broker = {**home, **NO_BROKER}, {**filled.env(ledger.parent.name), **home}
    commands: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
        CLICK: ((sys.executable, "-c", "import click"), {}),
        "casefeed --version": ((*COMMAND, "--version"), alone),
        "casefeed ice list absences": ((*COMMAND, "ice", "list", "absences"), alone),
        "casefeed ice case KEY": ((*COMMAND, "ice", "case", key), alone),
        "casefeed ice scorecard, no broker": ((*COMMAND, "ice", "scorecard"), alone),
        "casefeed ice scorecard, a broker answers": ((*COMMAND, "ice", "scorecard"), with_broker),
    }
    used: dict[str, list[float]] = {name: [] for name in commands}
    # The first round only writes the bytecode, which an installed wheel has.
    for number in range(runs + 1):
        for name, (command, env) in commands.items():
            cpu_ms = _cpu_ms(command, env)
            if number:
                used[name].append(cpu_ms)
    return {name: statistics.median(each) for name, each in used.items()}


def _cpu_ms(command: tuple[str, ...], env: Mapping[str, str]) -> float:
    """CPU of a process in ms; ends the benchmark when it fails."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env={**inherited, **env}, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command[-3:])} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
