"""A question loads what it needs and no more: no Kafka client, no HTTP client, no metrics library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from casefeed.contract.resources import seeds_dir
from tests.archive_ledger import ArchiveLedger

NEVER = ("aiokafka", "httpx", "prometheus_client")
NO_QUESTION = (*NEVER, "fastavro", "pydantic", "structlog")
# Runs the command, then says on standard error's last line what of the modules was loaded.
RUN = """
import json, sys
from casefeed.cli import main
watched, sys.argv = json.loads(sys.argv[1]), ["casefeed", *sys.argv[2:]]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write("\\n" + json.dumps([code, [each for each in watched if each in sys.modules]]))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger holds the seeds."""
    folder = tmp_path_factory.mktemp("home")
    ArchiveLedger(folder / "ice.db").read_archives(seeds_dir())
    return folder


def loaded(home: Path, watched: tuple[str, ...], args: str) -> tuple[int, list[str]]:
    """The exit code of a command with no broker and no registry to be found, and which of the modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(watched), *args.split()],
        env={
            **os.environ,
            "CASEFEED_HOME": str(home),
            "CASEFEED_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "CASEFEED_REGISTRY_URL": "http://127.0.0.1:1",
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    code, found = json.loads(done.stderr.splitlines()[-1])
    return code, found


@pytest.mark.parametrize("args", ["--help", "schema list", "schema --help", "topics --help", "tail --help"])
def test_what_needs_no_client_loads_none(home: Path, args: str) -> None:
    """Help and what is read from the package alone."""
    assert loaded(home, NEVER, args) == (0, [])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("--version", 0),
        ("settings", 0),
        ("ice scorecard", 0),
        ("ice scorecard --as-of 2024-05-31 --format json", 0),
        ("ice series transfers", 0),
        ("ice list absences", 0),
        ("ice list addresses --format csv", 0),
        ("ice case {key}", 0),
        ("ice status", 1),
        ("ice parked list", 0),
        ("ice gaps list", 0),
        ("ice refused", 0),
        ("ice sources list", 0),
        ("ice decisions", 0),
        ("ice outbox", 3),
        ("orr status", 3),
    ],
)
def test_a_question_loads_no_client(home: Path, args: str, code: int) -> None:
    """Nor a schema library, nor the log's: nothing is logged, and what generated code decodes needs no other."""
    with ArchiveLedger(home / "ice.db").connection() as db:
        (key,) = db.execute("SELECT child_key FROM child ORDER BY id LIMIT 1").fetchone()
    assert loaded(home, NO_QUESTION, args.format(key=key)) == (code, [])
