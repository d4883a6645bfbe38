"""Runs the command lines of the scenario, each in a shell, and returns what they printed and their exit codes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from tests.acceptance.transcript.filter import Run, filtered

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCENARIO = HERE / "scenario.txt"
FORKS, CLIENT = HERE / "forks.py", HERE / "client.py"
SECONDS_A_LINE = 120
AT_ONCE = 2
# The variables of the caller's environment that a command line gets; the others are the same on every machine.
INHERITED = (
    "HOME", "JAVA_HOME", "KAFKA_JAVA", "CASEFEED_CACHE", "XDG_CACHE_HOME", "HTTPS_PROXY", "https_proxy",
)  # fmt: skip
FIXED = {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "TZ": "UTC", "CASEFEED_TOPIC_PARTITIONS": "1"}
# Links in the directory of each track.
LINKS = {
    "seeds": ROOT / "seeds",
    "input": HERE / "input",
    "evolution": ROOT / "tests" / "fixtures" / "schemas" / "evolution",
    "committed-asyncapi.json": ROOT / "docs" / "asyncapi.json",
}
HEADING = re.compile(r"\[(?P<track>[a-z-]+)/(?P<name>[a-z-]+)\](?P<at_once> at once)?")
SUBCOMMANDS = re.compile(r"\nCommands:\n(?P<listed>(?:  .*\n)+)")


@dataclass(frozen=True)
class Group:
    """The command lines of one golden file; scenario.txt describes tracks and groups."""

    track: str
    name: str
    at_once: bool
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What a command line printed, and its exit code."""

    line: str
    output: str
    errors: str
    code: int

    def __str__(self) -> str:
        """The text in a golden file; a carriage return and a missing last newline are visible in it."""
        errors = f"--- standard error\n{_visible(self.errors)}" if self.errors else ""
        return f"$ {self.line}\n{_visible(self.output)}{errors}--- exit code {self.code}\n\n"


def _visible(text: str) -> str:
    shown = text.replace("\r", "␍")
    return shown if shown.endswith("\n") or not shown else f"{shown}␄\n"


def scenario() -> list[Group]:
    """The groups of scenario.txt, in order."""
    groups: list[Group] = []
    for line in SCENARIO.read_text(encoding="utf-8").splitlines():
        if found := HEADING.fullmatch(line):
            groups.append(Group(found["track"], found["name"], found["at_once"] is not None, ()))
        elif line and not line.startswith("#"):
            last = groups.pop()
            groups.append(Group(last.track, last.name, last.at_once, (*last.lines, line)))
    return groups


class Shell:
    """Runs command lines, in a directory and with a CASEFEED_HOME of each track's own."""

    def __init__(self, executables: Path, folder: Path) -> None:
        self._folder = folder
        path = os.pathsep.join([str(executables), os.environ.get("PATH", os.defpath)])
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environment = {**inherited, **FIXED, "PATH": path}

    def run(self, track: str, line: str) -> Result:
        """Run one command line."""
        folder = self._folder / track
        if not folder.exists():
            folder.mkdir()
            for name, target in LINKS.items():
                (folder / name).symlink_to(target)
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=folder,
            env={**self._environment, "CASEFEED_HOME": str(folder / "home")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_A_LINE,
            check=False,
        )
        return Result(line, done.stdout.decode(), done.stderr.decode(), done.returncode)

    def run_group(self, group: Group) -> list[Result]:
        """Run the lines of a group; the --help of a command with subcommands is followed by theirs."""
        with ThreadPoolExecutor(AT_ONCE if group.at_once else 1) as pool:
            results = list(pool.map(lambda line: self.run(group.track, line), group.lines))
        for each in list(results):
            if each.line.endswith(" --help") and (found := SUBCOMMANDS.search(each.output)):
                names = re.findall(r"(?m)^  (\S+)", found["listed"])
                lines = tuple(f"{each.line.removesuffix('--help')}{name} --help" for name in names)
                results += self.run_group(Group(group.track, group.name, group.at_once, lines))
        return results


@contextmanager
def _executables(casefeed: Path, folder: Path, *, forks: bool) -> Iterator[Path]:
    """A directory with the executables `casefeed` and `broker`, for the PATH of the command lines."""
    directory = folder / "bin"
    directory.mkdir()
    socket = folder / "forks"
    python = casefeed.absolute().with_name("python")
    client = f'"{python}" -I -S "{CLIENT}" "{socket}"' if forks else f'"{casefeed.absolute()}"'
    broker = f'env PYTHONPATH="{ROOT}" "{sys.executable}" -m tests.acceptance.transcript.broker'
    for name, command in {"casefeed": client, "broker": broker}.items():
        (directory / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (directory / name).chmod(0o755)
    if not forks:
        yield directory
        return
    with subprocess.Popen([python, "-P", FORKS, socket], env={**os.environ, **FIXED}) as server:
        try:
            while not socket.exists():
                if server.poll() is not None:
                    raise RuntimeError("casefeed could not be loaded")
                time.sleep(0.05)
            yield directory
        finally:
            server.terminate()


def transcript(casefeed: Path, groups: Sequence[Group], *, forks: bool) -> dict[str, str]:
    """Run the groups with an executable `casefeed`, and return the filtered text of each by its name.

    Each command is a process of its own, or with `forks` a fork of one process of the same environment.
    """
    folder = Path(tempfile.mkdtemp(prefix="casefeed-", dir="/tmp")).resolve()
    run = Run(folder, datetime.now(UTC))
    results: dict[str, list[Result]] = {}

    def run_track(shell: Shell, track: str, groups: Sequence[Group]) -> None:
        try:
            for group in groups:
                results[group.name] = shell.run_group(group)
        finally:
            shell.run(track, "casefeed stack down")

    try:
        with _executables(casefeed, folder, forks=forks) as executables:
            shell = Shell(executables, folder)
            tracks = [(track, list(found)) for track, found in groupby(groups, lambda each: each.track)]
            with ThreadPoolExecutor(len(tracks)) as pool:
                for running in [pool.submit(run_track, shell, *each) for each in tracks]:
                    running.result()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for each in (one for found in results.values() for one in found):
        run.note_new_child(each.line, each.errors)
    return {group.name: "".join(filtered(str(each), run) for each in results[group.name]) for group in groups}
