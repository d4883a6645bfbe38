"""A process that has loaded the command and forks a child for each life: a life begins in a blink, and dies alone.

It has no thread, no connection and no open store when it forks. It is told of each life in a line of JSON and answers
in one, once the child has ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.crash.steps import Step, StepRecorder, Target

ROOT = Path(__file__).resolve().parents[2]
RUN_TIMEOUT_SECONDS = 60
# What the commands load on demand, loaded once; and less at a time, so that a small world is many batches.
PRELOADED_MODULES = (
    "casefeed.cli.app", "casefeed_stack.cli", "synthetic_world.cli", "orr_desk.cli", "ice_caseload.cli",
    "ice_caseload.agency", "casefeed.cli.agency.intake",
)  # fmt: skip
OVERRIDES = (
    ("casefeed.publish.jsonl", "MAX_BATCH_LINES", 20),
    ("casefeed.publish.relay", "CLAIM_EVENTS", 20),
    ("casefeed.read.intake", "BATCH_RECORDS", 25),
)


@dataclass(frozen=True)
class RunOutcome:
    """How a life ended: `steps` are known of one that came to its end, not of one that was killed."""

    killed: bool
    steps: tuple[Step, ...]


class ForkServer:
    """The process, as tests see it; use it as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # What a life had to load, those after it find loaded.
        self._loaded: list[str] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.fork_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=RUN_TIMEOUT_SECONDS + 10)

    def run(
        self,
        args: Sequence[str],
        env: Mapping[str, str],
        target: Target | None = None,
        stdin_file: Path | None = None,
    ) -> RunOutcome:
        """Run `casefeed WORDS`, with `stdin_file` as its input, killed at `target` where it comes to it.

        It must not end in any other way but well.
        """
        said, steps = self._folder / "said.txt", self._folder / "steps.json"
        steps.unlink(missing_ok=True)
        life = {
            "words": args, "env": dict(env), "target": target, "said": str(said), "steps": str(steps),
            "given": str(stdin_file or os.devnull), "loaded": self._loaded,
        }  # fmt: skip
        self._loaded = []
        self._requests.write(json.dumps(life) + "\n")
        self._requests.flush()
        code = os.waitstatus_to_exitcode(int(self._replies.readline()))
        if code == -signal.SIGKILL and target is not None:
            return RunOutcome(killed=True, steps=())
        assert code == 0, f"it ended with {code} on the way to {target}: {said.read_text(encoding='utf-8')}"
        told = json.loads(steps.read_text(encoding="utf-8"))
        self._loaded = told["loaded"]
        return RunOutcome(killed=False, steps=tuple(Step(*each) for each in told["steps"]))


def _run(life: dict[str, Any]) -> int:
    """One life in the child; the exit code of the command."""
    from casefeed.cli import main

    said = os.open(life["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.dup2(os.open(life["given"], os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(life["env"])
    signal.alarm(RUN_TIMEOUT_SECONDS)
    sys.argv = ["casefeed", *life["words"]]
    target = life["target"] and Target(Step(*life["target"][0]), life["target"][1])
    walk = StepRecorder(target)
    walk.install()
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        told = {"steps": walk.steps, "loaded": sorted(sys.modules)}
        Path(life["steps"]).write_text(json.dumps(told), encoding="utf-8")
        return end.code if isinstance(end.code, int) else 0
    return 1


def serve() -> None:
    """Fork a life for each line on standard input until it ends."""
    for name in PRELOADED_MODULES:
        importlib.import_module(name)
    for module, name, value in OVERRIDES:
        setattr(importlib.import_module(module), name, value)
    for line in sys.stdin:
        life = json.loads(line)
        for name in life["loaded"]:
            if name not in sys.modules:
                importlib.import_module(name)
        gc.collect()
        gc.freeze()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = _run(life)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
