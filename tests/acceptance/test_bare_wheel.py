"""What a downstream team installs: our wheel and what requirements-sdk.lock pins, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from tests.example_reader import Reader, placed
from tests.seed_records import SeedTopic, seeds
from tests.stack_services import StackServices
from tests.wheels import build_wheel

ROOT = Path(__file__).parents[2]
# Every module of the SDK is imported; those that an extra brings are not there, and what needs one says so.
IMPORT_ALL = """
import importlib, importlib.util, pkgutil, sys
import casefeed
from casefeed.runtime.errors import Unavailable
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.metrics import metrics_registry

def sdk(package):
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if found.name not in ("casefeed.cli", "casefeed.__main__"):
            module = importlib.import_module(found.name)
            print(found.name)
            if found.ispkg:
                sdk(module)

sdk(casefeed)
extras = ("click", "rich", "plotille", "prometheus_client")
assert not [each for each in extras if importlib.util.find_spec(each) is not None]
try:
    metrics_registry(ProcessHealth("the reader", "has not read"))
except Unavailable as error:
    print(error.message, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds our wheel and what the SDK's lock pins, and no pip."""
    folder = tmp_path_factory.mktemp("bare")
    wheel = build_wheel(ROOT, folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        str(python),
        "install",
        "--quiet",
    ]
    subprocess.run([*install, "--require-hashes", "-r", str(ROOT / "requirements-sdk.lock")], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return python


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A process that sees nothing of this checkout."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_every_module_of_the_sdk_loads(bare: Path, tmp_path: Path) -> None:
    """Without click, rich, plotille and prometheus-client; who wants metrics is told what to install."""
    done = run(str(bare), "-c", IMPORT_ALL, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert {"casefeed.read.service", "casefeed.publish.relay", "casefeed.ledger.scorecard"} <= set(loaded)
    assert "casefeed.kafka.consumer" in loaded
    assert "pip install 'casefeed[cli]'" in done.stderr


@pytest.mark.parametrize("args", [(), ("--version",), ("ice", "status")])
def test_the_command_says_what_to_install(bare: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    """Exit code 3 and one sentence."""
    for command in ([str(bare.with_name("casefeed"))], [str(bare), "-m", "casefeed"]):
        done = run(*command, *args, folder=tmp_path)
        assert (done.returncode, done.stdout) == (3, "")
        (sentence,) = done.stderr.splitlines()
        assert "pip install 'casefeed[cli]'" in sentence


def test_the_example_reader_counts_the_seeds(bare: Path, stack: StackServices, tmp_path: Path) -> None:
    """The reader that an integrator copies runs on the SDK alone, and counts what the archive holds."""
    envelopes = seeds(ORR_TOPIC)
    SeedTopic(stack, ORR_TOPIC, 3).publish(envelopes)
    assert Reader(stack, tmp_path, str(bare)).counts() == placed(envelopes)
